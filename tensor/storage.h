#pragma once
// Storage: the bytes of a tensor on its device, shared by all of its views.
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "tensor/device.h"
#include "tensor/ref.h"
#include "tensor/runtime/allocator.h"

namespace eps {

class Storage final : public RefCounted {
public:
    /// Uninitialised bytes from the device's caching allocator.
    Storage(std::size_t bytes, Device device)
        : Storage(bytes, device, BlockUse{DType::u8, {static_cast<std::int64_t>(bytes)}}) {}
    Storage(std::size_t bytes, Device device, const BlockUse& use)
        : data_(allocator_of(device).allocate(bytes, use)), bytes_(bytes), device_(device) {}
    ~Storage() override { allocator_of(device_).free(data_, bytes_); }

    void* data() const { return data_; }
    std::size_t bytes() const { return bytes_; }
    Device device() const { return device_; }

    /// Counts writes. A tensor that is saved for backward remembers the version; using it after
    /// another write throws.
    std::uint32_t version() const { return version_.load(std::memory_order_relaxed); }
    void bump_version() { version_.fetch_add(1, std::memory_order_relaxed); }

private:
    void* data_;
    std::size_t bytes_;
    Device device_;
    std::atomic<std::uint32_t> version_{0};
};

}  // namespace eps
