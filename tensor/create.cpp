// How tensors are made.
#include "tensor/create.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "tensor/contract/kernels.h"
#include "tensor/numbers.h"
#include "tensor/raw_copy.h"

namespace eps {
namespace {

// The strides are known to be dense.
Tensor uninitialised(const Shape& shape, const Strides& strides, Options options) {
    for (std::int64_t extent : shape) check(extent >= 0, "empty", "negative extent; got ", shape);
    auto impl = make_ref<TensorImpl>();
    std::size_t bytes = 0;
    const bool overflows = __builtin_mul_overflow(static_cast<std::size_t>(numel(shape)),
                                                  size_of(options.dtype), &bytes);
    check(!overflows, "empty", "size in bytes overflows; got ", shape);
    impl->storage = make_ref<Storage>(bytes, options.device, BlockUse{options.dtype, shape});
    impl->shape = shape;
    impl->strides = strides;
    impl->dtype = options.dtype;
    return Tensor::from_impl(std::move(impl));
}

// The dimensions of x by falling stride; those with one element or broadcast keep their position.
Dims memory_order(const Tensor& x) {
    return dims_by_stride(x.strides(),
                          [&](int d) { return x.size(d) != 1 && x.strides()[d] != 0; });
}

// The strides of a tensor whose elements fill one block of memory in this order of the dimensions.
Strides dense_strides(const Shape& shape, const Dims& order) {
    Strides strides = shape;
    std::int64_t stride = 1;
    for (int i = order.rank() - 1; i >= 0; --i) {
        const int d = static_cast<int>(order[i]);
        strides[d] = stride;
        check(!__builtin_mul_overflow(stride, std::max<std::int64_t>(shape[d], 1), &stride),
              "empty", "the strides overflow; got ", shape);
    }
    return strides;
}

// Whether each stride is the product of the extents inside it, in some order of the dimensions.
bool lays_out_densely(const Shape& shape, const Strides& strides) {
    std::int64_t expected = 1;
    int left = 0;
    for (const std::int64_t extent : shape) {
        if (extent == 0) return true;
        left += extent != 1;
    }
    while (left > 0) {
        int d = 0;
        while (d < shape.rank() && (shape[d] == 1 || strides[d] != expected)) ++d;
        if (d == shape.rank()) return false;
        expected *= shape[d];
        --left;
    }
    return true;
}

}  // namespace

Tensor empty_strided(const Shape& shape, const Strides& strides, Options options) {
    check(shape.rank() == strides.rank(), "empty_strided", "shape and strides differ in rank; got ",
          shape, " and ", strides);
    numel(shape, "empty_strided");
    check(lays_out_densely(shape, strides), "empty_strided",
          "the strides do not lay out the elements densely; got ", strides, " for ", shape);
    return uninitialised(shape, strides, options);
}

Tensor empty(const Shape& shape, Options options) {
    return uninitialised(shape, contiguous_strides(shape), options);
}

Tensor empty_like(const Tensor& x, const Shape& shape) {
    return uninitialised(shape, dense_strides(shape, memory_order(x)), x.options());
}
Tensor empty_like(const Tensor& x) { return empty_like(x, x.shape()); }

bool is_dense(const Tensor& x) {
    if (x.is_contiguous()) return true;
    const Strides strides = dense_strides(x.shape(), memory_order(x));
    for (int d = 0; d < x.rank(); ++d)
        if (x.size(d) != 1 && x.strides()[d] != strides[d]) return false;
    return true;
}

Tensor full(const Shape& shape, Number value, Options options) {
    check_holds("full", options.dtype, value);
    Tensor out = empty(shape, options);
    kernels::fill(out, value);
    return out;
}
Tensor zeros(const Shape& shape, Options options) { return full(shape, 0, options); }
Tensor ones(const Shape& shape, Options options) { return full(shape, 1, options); }
Tensor full_like(const Tensor& x, Number value) {
    check(x.defined(), "full_like", "the tensor is undefined");
    return full(x.shape(), value, x.options());
}
Tensor zeros_like(const Tensor& x) { return full_like(x, 0); }
Tensor ones_like(const Tensor& x) { return full_like(x, 1); }

Tensor arange(double start, double end, double step, Options options) {
    check(step != 0 && (end - start) / step < 1e15, "arange", "bad step; got start ", start,
          ", end ", end, ", step ", step);
    const double count = std::max(0.0, std::ceil((end - start) / step));
    if (!is_floating(options.dtype)) {
        const auto is_whole = [](double x) {
            return x == std::floor(x) && x >= -0x1p63 && x < 0x1p63;
        };
        check(is_whole(start) && is_whole(step), "arange",
              "a fractional start or step for integers; got start ", start, ", step ", step,
              " for ", options.dtype, "; hint: arange in f32, then to()");
        if (count > 0) {
            check_holds("arange", options.dtype, start);
            check_holds("arange", options.dtype, start + (count - 1) * step);
        }
    }
    Tensor out = empty({static_cast<std::int64_t>(count)}, options);
    kernels::arange(out, start, step);
    return out;
}

Tensor linspace(double start, double end, std::int64_t count, Options options) {
    check(count >= 0, "linspace", "negative count; got ", count);
    check(can_hold(options.dtype, start) && can_hold(options.dtype, end), "linspace",
          "the values are beyond the range of the dtype; got ", start, " to ", end, " for ",
          options.dtype);
    Tensor out = empty({count}, options);
    kernels::arange(out, start, count > 1 ? (end - start) / static_cast<double>(count - 1) : 0);
    return out;
}

Tensor eye(std::int64_t n, Options options) { return eye(n, n, options); }
Tensor eye(std::int64_t n, std::int64_t m, Options options) {
    const Tensor out = zeros({n, m}, options);
    out.as_strided({std::min(n, m)}, {m + 1}, 0).fill_(1);
    return out;
}

Tensor tensor(const std::vector<double>& values, const Shape& shape, Options options) {
    const Shape wanted = shape.empty() ? Shape{static_cast<std::int64_t>(values.size())} : shape;
    check(numel(wanted, "tensor") == static_cast<std::int64_t>(values.size()), "tensor",
          "the values do not fill the shape; got ", values.size(), " values; expected ",
          numel(wanted), " for ", wanted);
    for (double value : values)
        check(can_hold(options.dtype, value), "tensor",
              "a value is beyond the range of the dtype; got ", value, " for ", options.dtype);
    return raw::to(raw::to(from_span(std::span(values), wanted), options.dtype), options.device);
}

template <class T> Tensor from_span(std::span<const T> values, const Shape& shape) {
    check(numel(shape, "from_span") == static_cast<std::int64_t>(values.size()), "from_span",
          "the values do not fill the shape; got ", values.size(), " values; expected ",
          numel(shape), " for ", shape);
    Tensor out = empty(shape, {.dtype = dtype_of<T>});
    if (!values.empty()) std::memcpy(out.raw_data(), values.data(), values.size_bytes());
    return out;
}
template Tensor from_span(std::span<const float>, const Shape&);
template Tensor from_span(std::span<const double>, const Shape&);
template Tensor from_span(std::span<const std::int64_t>, const Shape&);
template Tensor from_span(std::span<const std::uint8_t>, const Shape&);

}  // namespace eps
