// Device discovery, and what each GPU has: a stream, a cuBLAS handle, an allocator. copy_bytes is
// in staging.cu.
#include "cuda/runtime/context.h"

#include <algorithm>
#include <array>
#include <mutex>

#include "tensor/contract/kernels.h"

namespace eps::kernels::cuda {
namespace {

// bytes: what cuBLAS recommends for Hopper
constexpr std::size_t kWorkspace = std::size_t{32} << 20;
constexpr std::size_t kMostDevices = 16;

thread_local int current = 0;  // CUDA, too, starts every thread on device 0

cudaStream_t make_stream() {
    cudaStream_t made = nullptr;
    // Non-blocking: the legacy default stream would order itself against ours, and cannot be
    // captured.
    cuda_check(cudaStreamCreateWithFlags(&made, cudaStreamNonBlocking), "cuda");
    return made;
}

cublasHandle_t make_cublas(cudaStream_t stream, void*& workspace) {
    cublasHandle_t made = nullptr;
    cublas_check(cublasCreate(&made), "cublas");
    cublas_check(cublasSetStream(made, stream), "cublas");
    // After the stream, because cublasSetStream goes back to the workspace of cuBLAS's own pool;
    // and ours, because a captured graph must find the same address at every replay.
    cuda_check(cudaMalloc(&workspace, kWorkspace), "cublas");
    cublas_check(cublasSetWorkspace(made, workspace, kWorkspace), "cublas");
    // The same call gives the same bits. Which products round their factors, matmul.cu says call by
    // call.
    cublas_check(cublasSetMathMode(made, CUBLAS_DEFAULT_MATH), "cublas");
    cublas_check(cublasSetAtomicsMode(made, CUBLAS_ATOMICS_NOT_ALLOWED), "cublas");
    return made;
}

// What one GPU has. Never destroyed: the driver may be gone before the statics of the program are.
struct Gpu {
    std::once_flag stream_made, cublas_made, allocator_made;
    cudaStream_t stream = nullptr;
    cublasHandle_t cublas = nullptr;
    void* workspace = nullptr;
    CachingAllocator* allocator = nullptr;
};

Gpu& gpu(int index) {
    static auto* all = new std::array<Gpu, kMostDevices>;
    return (*all)[static_cast<std::size_t>(index)];
}

void* device_allocate(int device, std::size_t bytes) {
    use({DeviceType::cuda, static_cast<std::int8_t>(device)});
    void* block = nullptr;
    const cudaError_t status = cudaMalloc(&block, bytes);
    if (status == cudaErrorMemoryAllocation) {
        // forget it: the caching allocator empties its cache and tries again
        (void)cudaGetLastError();
        return nullptr;
    }
    cuda_check(status, "cuda allocator");
    return block;
}

// of whichever device it is
void device_free(int, void* block, std::size_t) { (void)cudaFree(block); }

}  // namespace

void cuda_check(cudaError_t status, const char* op) {
    if (status != cudaSuccess) [[unlikely]]
        fail(op, cudaGetErrorString(status), " (", cudaGetErrorName(status), ")");
}

void cublas_check(cublasStatus_t status, const char* op) {
    if (status != CUBLAS_STATUS_SUCCESS) [[unlikely]]
        fail(op, cublasGetStatusString(status), " (", cublasGetStatusName(status), ")");
}

void use(Device device) {
    if (device.index == current) return;
    cuda_check(cudaSetDevice(device.index), "cuda");
    current = device.index;
}

cudaStream_t stream() {
    Gpu& here = gpu(current);
    std::call_once(here.stream_made, [&] { here.stream = make_stream(); });
    return here.stream;
}

cublasHandle_t cublas() {
    Gpu& here = gpu(current);
    std::call_once(here.cublas_made, [&] { here.cublas = make_cublas(stream(), here.workspace); });
    return here.cublas;
}

Workspace cublas_workspace() {
    (void)cublas();
    return {gpu(current).workspace, kWorkspace};
}

CachingAllocator& allocator(Device device) {
    check(device.is_cuda() && device.index >= 0 && device.index < static_cast<int>(kMostDevices),
          "device", device, " does not exist");
    Gpu& there = gpu(device.index);
    std::call_once(there.allocator_made, [&] {
        check_device(device);
        there.allocator = new CachingAllocator(str(device, " allocator"), device_allocate,
                                               device_free, device.index);
    });
    return *there.allocator;
}

int device_count() {
    int count = 0;
    if (cudaGetDeviceCount(&count) == cudaSuccess)
        return std::min(count, static_cast<int>(kMostDevices));
    (void)cudaGetLastError();
    return 0;
}

std::string device_summary(int index) {
    int count = 0;
    cudaError_t status = cudaGetDeviceCount(&count);
    cudaDeviceProp device{};
    if (status == cudaSuccess && index < count) status = cudaGetDeviceProperties(&device, index);
    (void)cudaGetLastError();
    if (status != cudaSuccess) return str("none: ", cudaGetErrorString(status));
    if (index >= count)
        return count == 0 ? "none: the driver sees no GPU" : str("none: the driver sees ", count);
    return str(device.name, ", compute ", device.major, ".", device.minor, ", ",
               device.totalGlobalMem >> 30, " GiB");
}

}  // namespace eps::kernels::cuda
