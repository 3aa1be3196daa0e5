#include "tensor/capture/staging_buffer.h"

#include <cstring>

#include "tensor/contract/kernels.h"
#include "tensor/raw_copy.h"

namespace eps {
namespace {

constexpr std::size_t kAlignment = 256;  // of whatever a kernel may read in wide words

Tensor view_of(const Tensor& block, std::size_t start, const Shape& shape, DType dtype) {
    auto impl = make_ref<TensorImpl>();
    impl->storage = block.impl()->storage;
    impl->offset = static_cast<std::int64_t>(start / size_of(dtype));
    impl->shape = shape;
    impl->strides = contiguous_strides(shape);
    impl->dtype = dtype;
    return Tensor::from_impl(std::move(impl));
}
std::size_t bytes_of(const Tensor& x) {
    return static_cast<std::size_t>(x.numel()) * size_of(x.dtype());
}

}  // namespace

StepMail::StepMail(Device device, const std::vector<std::pair<Shape, DType>>& what)
    : device_(device) {
    std::size_t end = 0;
    for (const auto& [shape, dtype] : what) {
        starts_.push_back(end);
        end += (static_cast<std::size_t>(numel(shape)) * size_of(dtype) + kAlignment - 1) /
               kAlignment * kAlignment;
    }
    bytes_.resize(end);
    block_ = empty({static_cast<std::int64_t>(end)}, {DType::u8, device});
    for (std::size_t i = 0; i < what.size(); ++i)
        places_.push_back(view_of(block_, starts_[i], what[i].first, what[i].second));
}

void StepMail::put(std::size_t i, const Tensor& x) {
    const Tensor source = raw::contiguous(raw::to(x, cpu));
    if (bytes_of(source) > 0)
        std::memcpy(bytes_.data() + starts_[i], source.raw_data(), bytes_of(source));
}

void StepMail::send() {
    if (bytes_.empty()) return;
    if (device_.is_cuda())
        kernels::cuda::copy_bytes(block_.raw_data(), device_, bytes_.data(), cpu, bytes_.size());
    else
        std::memcpy(block_.raw_data(), bytes_.data(), bytes_.size());
}

}  // namespace eps
