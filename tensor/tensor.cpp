#include "tensor/tensor.h"

#include <cstring>

#include "tensor/capture/recorder.h"
#include "tensor/contract/kernels.h"
#include "tensor/create.h"
#include "tensor/raw_copy.h"

namespace eps {

namespace kernels {
void without_cuda(const char* kernel) {
    fail(kernel,
         "this varepsilon was built without CUDA; got a CUDA tensor; hint: configure with the "
         "preset `cuda`");
}
}  // namespace kernels

Tensor::Tensor(double value, Options options) : Tensor(full({}, value, options)) {}

void Tensor::throw_undefined() {
    fail("Tensor", "undefined, so it has no shape, dtype or data; hint: check defined() first");
}

Tensor Tensor::from_impl(Ref<TensorImpl> impl) {
    Tensor t;
    t.impl_ = std::move(impl);
    return t;
}

bool Tensor::is_contiguous() const {
    std::int64_t expected = 1;
    bool in_order = true;
    for (int d = rank() - 1; d >= 0; --d) {
        const std::int64_t extent = shape()[d];
        if (extent == 0) return true;  // without elements, strides do not matter
        if (extent != 1 && strides()[d] != expected) in_order = false;
        expected *= extent;
    }
    return in_order;
}

void Tensor::check_host_access(DType wanted) const {
    check(defined(), "data", "the tensor is undefined");
    check(dtype() == wanted, "data", "wrong element type; asked for ", name_of(wanted),
          "; the tensor is ", describe(*this));
    check(!device().is_cuda(), "data", "the tensor lives on ", device(),
          "; hint: to(x, cpu) first");
}

double Tensor::item() const {
    check(defined(), "item", "the tensor is undefined");
    check(numel() == 1, "item", "needs a tensor of one element; got ", describe(*this));
    if (const StepRecorder* const recorder = StepRecorder::current())
        recorder->check_read("item", device());
    return to_vector()[0];
}

std::vector<double> Tensor::to_vector() const {
    check(defined(), "to_vector", "the tensor is undefined");
    if (const StepRecorder* const recorder = StepRecorder::current())
        recorder->check_read("to_vector", device());
    const Tensor host = raw::clone(raw::to(raw::to(*this, cpu), f64));
    const auto* values = host.data<double>();
    return {values, values + host.numel()};
}

Tensor Tensor::as_strided(const Shape& shape, const Strides& strides, std::int64_t offset) const {
    auto impl = make_ref<TensorImpl>();
    impl->storage = impl_->storage;
    impl->offset = offset;
    impl->shape = shape;
    impl->strides = strides;
    impl->dtype = impl_->dtype;
    return from_impl(std::move(impl));
}

Tensor& Tensor::copy_(const Tensor& source) {
    check(defined() && source.defined(), "copy_", "an undefined tensor");
    check(broadcastable_to(source.shape(), shape()), "copy_",
          "the source does not broadcast to the target; got ", source.shape(), "; expected ",
          shape());
    check_writable("copy_");
    kernels::copy(*this, raw::to(source, device()));
    storage().bump_version();
    return *this;
}

Tensor& Tensor::fill_(double value) {
    check(defined(), "fill_", "the tensor is undefined");
    check(can_hold(dtype(), value), "fill_", "the value is beyond the range of the dtype; got ",
          value, " for ", dtype());
    check_writable("fill_");
    kernels::fill(*this, value);
    storage().bump_version();
    return *this;
}

Tensor empty_strided(const Shape& shape, const Strides& strides, Options options) {
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

Tensor empty(const Shape& shape, Options options) {
    return empty_strided(shape, contiguous_strides(shape), options);
}

std::string Description::to_string() const {
    if (!x.defined()) return "an undefined tensor";
    return str(x.dtype(), " ", x.shape(),
               x.device().is_cuda() ? " on " + x.device().to_string() : "");
}

// create.h

namespace {
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
        stride *= shape[d];
    }
    return strides;
}
}  // namespace

Tensor empty_like(const Tensor& x, const Shape& shape) {
    return empty_strided(shape, dense_strides(shape, memory_order(x)), x.options());
}
Tensor empty_like(const Tensor& x) { return empty_like(x, x.shape()); }

bool is_dense(const Tensor& x) {
    if (x.is_contiguous()) return true;
    const Strides strides = dense_strides(x.shape(), memory_order(x));
    for (int d = 0; d < x.rank(); ++d)
        if (x.size(d) != 1 && x.strides()[d] != strides[d]) return false;
    return true;
}

Tensor full(const Shape& shape, double value, Options options) {
    check(can_hold(options.dtype, value), "full",
          "the value is beyond the range of the dtype; got ", value, " for ", options.dtype);
    Tensor out = empty(shape, options);
    kernels::fill(out, value);
    return out;
}
Tensor zeros(const Shape& shape, Options options) { return full(shape, 0, options); }
Tensor ones(const Shape& shape, Options options) { return full(shape, 1, options); }
Tensor full_like(const Tensor& x, double value) {
    check(x.defined(), "full_like", "the tensor is undefined");
    return full(x.shape(), value, x.options());
}
Tensor zeros_like(const Tensor& x) { return full_like(x, 0); }
Tensor ones_like(const Tensor& x) { return full_like(x, 1); }

Tensor arange(double start, double end, double step, Options options) {
    check(step != 0 && (end - start) / step < 1e15, "arange", "bad step; got start ", start,
          ", end ", end, ", step ", step);
    const double count = std::max(0.0, (end - start) / step);
    const auto whole = static_cast<std::int64_t>(count);
    Tensor out = empty({whole + (count > static_cast<double>(whole))}, options);
    kernels::arange(out, start, step);
    return out;
}

Tensor linspace(double start, double end, std::int64_t count, Options options) {
    check(count >= 0, "linspace", "negative count; got ", count);
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
    check(numel(wanted) == static_cast<std::int64_t>(values.size()), "tensor",
          "the values do not fill the shape; got ", values.size(), " values; expected ",
          numel(wanted), " for ", wanted);
    for (double value : values)
        check(can_hold(options.dtype, value), "tensor",
              "a value is beyond the range of the dtype; got ", value, " for ", options.dtype);
    return raw::to(raw::to(from_span(std::span(values), wanted), options.dtype), options.device);
}

template <class T> Tensor from_span(std::span<const T> values, const Shape& shape) {
    check(numel(shape) == static_cast<std::int64_t>(values.size()), "from_span",
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

// raw_copy.h

Tensor raw::to(const Tensor& x, DType dtype) {
    check(x.defined(), "to", "the tensor is undefined");
    if (x.dtype() == dtype) return x;
    Tensor out = empty(x.shape(), {dtype, x.device()});
    kernels::copy(out, x);
    return out;
}

Tensor raw::to(const Tensor& x, Device device) {
    check(x.defined(), "to", "the tensor is undefined");
    if (x.device() == device) return x;
    if (const StepRecorder* const recorder = StepRecorder::current())
        recorder->check_copy(x.device(), device);
    const Tensor source = raw::contiguous(x);
    Tensor out = empty(x.shape(), {x.dtype(), device});
    kernels::cuda::copy_bytes(out.raw_data(), device, source.raw_data(), x.device(),
                              static_cast<std::size_t>(x.numel()) * size_of(x.dtype()));
    return out;
}

Tensor raw::contiguous(const Tensor& x) { return x.is_contiguous() ? x : raw::clone(x); }
Tensor raw::dense(const Tensor& x) { return is_dense(x) ? x : raw::clone(x); }

Tensor raw::clone(const Tensor& x) {
    check(x.defined(), "clone", "the tensor is undefined");
    Tensor out = empty(x.shape(), x.options());
    kernels::copy(out, x);
    return out;
}

}  // namespace eps
