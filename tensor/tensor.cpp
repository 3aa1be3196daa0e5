#include "tensor/tensor.h"

#include <algorithm>
#include <bit>

#include "tensor/capture/recorder.h"
#include "tensor/contract/kernels.h"
#include "tensor/create.h"
#include "tensor/numbers.h"
#include "tensor/overlap.h"
#include "tensor/raw_copy.h"

namespace eps {

namespace kernels {
void without_cuda(const char* kernel) {
    fail(kernel,
         "this varepsilon was built without CUDA; got a CUDA tensor; hint: configure with the "
         "preset `cuda`");
}
}  // namespace kernels

Tensor::Tensor(Number value, Options options) : Tensor(full({}, value, options)) {}

void Tensor::throw_undefined() {
    fail("Tensor", "undefined, so it has no shape, dtype or data; hint: check defined() first");
}

Tensor Tensor::from_impl(Ref<TensorImpl> impl) {
    Tensor t;
    t.impl_ = std::move(impl);
    return t;
}

bool Tensor::is_contiguous() const {
    const Shape& shape = get().shape;
    const Strides& strides = get().strides;
    std::int64_t expected = 1;
    bool in_order = true;
    for (int d = shape.rank() - 1; d >= 0; --d) {
        const std::int64_t extent = shape[d];
        if (extent == 0) return true;  // without elements, strides do not matter
        in_order &= extent == 1 || strides[d] == expected;
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

namespace {

[[noreturn, gnu::cold]] void fail_outside(const TensorImpl& x, const Shape& shape,
                                          const Strides& strides, std::int64_t offset) {
    fail("as_strided", "the view does not lie inside the storage; got shape ", shape, ", strides ",
         strides, ", offset ", offset, "; expected elements from 0 to ",
         x.storage->bytes() / size_of(x.dtype) - 1, ", and strides of 0 or more");
}

/// Where the last element of a view lies. False if that, or the number of elements, overflows.
bool last_element(const Shape& shape, const Strides& strides, std::int64_t offset,
                  std::int64_t& last) {
    std::int64_t count = 1, reach = 0;
    bool overflows = false;
    last = offset;
    for (int d = 0; d < shape.rank(); ++d) {
        overflows |= __builtin_mul_overflow(shape[d] - 1, strides[d], &reach);
        overflows |= __builtin_add_overflow(last, reach, &last);
        overflows |= __builtin_mul_overflow(count, std::max<std::int64_t>(shape[d], 1), &count);
    }
    return !overflows;
}

void check_inside(const TensorImpl& x, const Shape& shape, const Strides& strides,
                  std::int64_t offset) {
    bool sound = shape.rank() == strides.rank() && offset >= 0, empty = false;
    std::int64_t last = offset, extent_bits = 0, stride_bits = offset;  // bits that any of them has
    for (int d = 0; d < shape.rank(); ++d) {
        extent_bits |= shape[d];
        stride_bits |= strides[d];
        empty |= shape[d] == 0;
        last = static_cast<std::int64_t>(static_cast<std::uint64_t>(last) +
                                         static_cast<std::uint64_t>(shape[d] - 1) *
                                             static_cast<std::uint64_t>(strides[d]));
    }
    // Numbers of few bits, as nearly all are, cannot overflow.
    const auto width = [](std::int64_t bits) {
        return static_cast<int>(std::bit_width(static_cast<std::uint64_t>(bits)));
    };
    if (width(extent_bits) + width(stride_bits) > 58 || width(extent_bits) * shape.rank() > 62)
        [[unlikely]]
        sound = sound && extent_bits >= 0 && stride_bits >= 0 &&
                last_element(shape, strides, offset, last);
    const auto bytes = static_cast<std::int64_t>(x.storage->bytes());
    // Every element has a byte at least; with that, the product is far from overflowing.
    const bool inside =
        empty ||
        (last < bytes && (last + 1) * static_cast<std::int64_t>(size_of(x.dtype)) <= bytes);
    if (!sound || !inside) [[unlikely]]
        fail_outside(x, shape, strides, offset);
}

}  // namespace

Tensor Tensor::as_strided(const Shape& shape, const Strides& strides, std::int64_t offset) const {
    check_inside(get(), shape, strides, offset);
    return raw::view(*this, shape, strides, offset);
}

Tensor& Tensor::copy_(const Tensor& source) {
    check(defined() && source.defined(), "copy_", "an undefined tensor");
    check(source.shape() == shape() || broadcastable_to(source.shape(), shape()), "copy_",
          "the source does not broadcast to the target; got ", source.shape(), "; expected ",
          shape());
    check_writable("copy_");
    check_no_overlap("copy_", *this);
    const Overlap overlap = overlap_of(*this, source);
    if (overlap == Overlap::partial)
        kernels::copy(*this, raw::clone(source));
    else if (source.device() != device())
        kernels::copy(*this, raw::to(source, device()));
    else if (overlap == Overlap::none)
        kernels::copy(*this, source);
    storage().bump_version();
    return *this;
}

Tensor& Tensor::fill_(Number value) {
    check(defined(), "fill_", "the tensor is undefined");
    check_holds("fill_", dtype(), value);
    check_writable("fill_");
    check_no_overlap("fill_", *this);
    kernels::fill(*this, value);
    storage().bump_version();
    return *this;
}

std::string Description::to_string() const {
    if (!x.defined()) return "an undefined tensor";
    return str(x.dtype(), " ", x.shape(),
               x.device().is_cuda() ? " on " + x.device().to_string() : "");
}

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

Tensor raw::view(const Tensor& x, const Shape& shape, const Strides& strides, std::int64_t offset) {
    auto impl = make_ref<TensorImpl>();
    impl->storage = x.impl()->storage;
    impl->offset = offset;
    impl->shape = shape;
    impl->strides = strides;
    impl->dtype = x.impl()->dtype;
    return Tensor::from_impl(std::move(impl));
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
