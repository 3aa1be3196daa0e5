#include "tensor/capture/staging_buffer.h"

#include <cstring>

#include "tensor/contract/kernels.h"
#include "tensor/raw_copy.h"

namespace eps {
namespace {

constexpr std::size_t kAlignment = 256;  // kernels may read wide words

Tensor view_of(const Tensor& block, std::size_t start, const TensorType& type) {
    auto impl = make_ref<TensorImpl>();
    impl->storage = block.impl()->storage;
    impl->offset = static_cast<std::int64_t>(start / size_of(type.dtype));
    impl->shape = type.shape;
    impl->strides = contiguous_strides(type.shape);
    impl->dtype = type.dtype;
    return Tensor::from_impl(std::move(impl));
}

std::size_t bytes_of(const TensorType& type) {
    return static_cast<std::size_t>(numel(type.shape)) * size_of(type.dtype);
}

}  // namespace

StagingBuffer::StagingBuffer(Device device, const std::vector<TensorType>& types)
    : device_(device) {
    std::size_t end = 0;
    for (const TensorType& type : types) {
        starts_.push_back(end);
        end += (bytes_of(type) + kAlignment - 1) / kAlignment * kAlignment;
    }
    bytes_.resize(end);
    block_ = empty({static_cast<std::int64_t>(end)}, {DType::u8, device});
    for (std::size_t i = 0; i < types.size(); ++i)
        slots_.push_back(view_of(block_, starts_[i], types[i]));
}

void StagingBuffer::write(std::size_t i, const Tensor& x) {
    const Tensor source = raw::contiguous(raw::to(x, cpu));
    const std::size_t bytes = bytes_of(type_of(source));
    if (bytes > 0) std::memcpy(bytes_.data() + starts_[i], source.raw_data(), bytes);
}

void StagingBuffer::upload() {
    if (bytes_.empty()) return;
    if (device_.is_cuda())
        kernels::cuda::copy_bytes(block_.raw_data(), device_, bytes_.data(), cpu, bytes_.size());
    else
        std::memcpy(block_.raw_data(), bytes_.data(), bytes_.size());
}

}  // namespace eps
