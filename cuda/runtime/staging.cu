// copy_bytes: copies between host and device, through pinned memory so that the host waits no
// longer than it must, and between two GPUs.
#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>

#include "cuda/runtime/context.h"
#include "tensor/contract/kernels.h"

namespace eps::kernels::cuda {
namespace {

constexpr const char* kOp = "to";
// Bytes of a pinned buffer. There are two: one is filled while the other is copied.
constexpr std::size_t kBuffer = std::size_t{4} << 20;

/// A pinned buffer, and the event that marks the end of its last copy.
struct Buffer {
    std::byte* bytes = nullptr;
    cudaEvent_t done = nullptr;
};

/// The two buffers of one GPU. Several threads copy one after the other.
class Staging {
public:
    Staging() {
        for (Buffer& buffer : buffers_) {
            void* block = nullptr;
            cuda_check(cudaMallocHost(&block, kBuffer), kOp);
            buffer.bytes = static_cast<std::byte*>(block);
            cuda_check(cudaEventCreateWithFlags(&buffer.done, cudaEventDisableTiming), kOp);
        }
    }

    /// Returns when `from` may be overwritten. The copy itself runs later, in stream order.
    void to_device(std::byte* to, const std::byte* from, std::size_t bytes) {
        std::lock_guard lock(mutex_);
        for (std::size_t done = 0; done < bytes; done += kBuffer) {
            const std::size_t count = std::min(kBuffer, bytes - done);
            Buffer& buffer = next();
            // Waits for the buffer's last copy. An event that was never recorded counts as done.
            cuda_check(cudaEventSynchronize(buffer.done), kOp);
            std::memcpy(buffer.bytes, from + done, count);
            cuda_check(
                cudaMemcpyAsync(to + done, buffer.bytes, count, cudaMemcpyHostToDevice, stream()),
                kOp);
            cuda_check(cudaEventRecord(buffer.done, stream()), kOp);
        }
    }

    /// Returns when the bytes have arrived. One buffer is emptied while the next one fills.
    void to_host(std::byte* to, const std::byte* from, std::size_t bytes) {
        std::lock_guard lock(mutex_);
        Buffer* before = nullptr;
        std::size_t before_at = 0;
        const auto empty = [&](std::size_t count) {
            cuda_check(cudaEventSynchronize(before->done), kOp);
            std::memcpy(to + before_at, before->bytes, count);
        };
        for (std::size_t done = 0; done < bytes; done += kBuffer) {
            const std::size_t count = std::min(kBuffer, bytes - done);
            Buffer& buffer = next();
            // An earlier copy out of this buffer has finished, because the stream runs in order.
            cuda_check(
                cudaMemcpyAsync(buffer.bytes, from + done, count, cudaMemcpyDeviceToHost, stream()),
                kOp);
            cuda_check(cudaEventRecord(buffer.done, stream()), kOp);
            if (before) empty(kBuffer);
            before = &buffer;
            before_at = done;
        }
        empty(bytes - before_at);
    }

private:
    Buffer& next() { return buffers_[turn_ = 1 - turn_]; }

    std::mutex mutex_;
    Buffer buffers_[2];
    std::size_t turn_ = 0;
};

// Never destroyed, because the driver may shut down before static objects are destroyed.
Staging& staging(Device device) {
    static auto* mutex = new std::mutex;
    static auto* all = new std::map<int, Staging*>;
    std::lock_guard lock(*mutex);
    Staging*& here = (*all)[device.index];
    if (!here) here = new Staging;
    return *here;
}

// The target's stream waits for the work that is queued on the source's. The source's stream then
// waits for the copy, so that its memory may be reused.
void between_devices(void* to, Device to_device, const void* from, Device from_device,
                     std::size_t bytes) {
    const auto mark = [](Device device) {
        use(device);
        cudaEvent_t event = nullptr;
        cuda_check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), kOp);
        cuda_check(cudaEventRecord(event, stream()), kOp);
        return event;
    };
    const auto wait = [](Device device, cudaEvent_t event) {
        use(device);
        cuda_check(cudaStreamWaitEvent(stream(), event, 0), kOp);
        cuda_check(cudaEventDestroy(event), kOp);
    };
    wait(to_device, mark(from_device));
    cuda_check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream()), kOp);
    wait(from_device, mark(to_device));
}

}  // namespace

void copy_bytes(void* to, Device to_device, const void* from, Device from_device,
                std::size_t bytes) {
    if (bytes == 0) return;
    if (to_device.is_cuda() && from_device.is_cuda())
        return between_devices(to, to_device, from, from_device, bytes);
    const Device device = to_device.is_cuda() ? to_device : from_device;
    use(device);
    if (to_device.is_cuda())
        staging(device).to_device(static_cast<std::byte*>(to), static_cast<const std::byte*>(from),
                                  bytes);
    else
        staging(device).to_host(static_cast<std::byte*>(to), static_cast<const std::byte*>(from),
                                bytes);
}

}  // namespace eps::kernels::cuda
