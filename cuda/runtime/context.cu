// Device discovery, and the stream, cuBLAS handle and allocator of each GPU.
#include "cuda/runtime/context.h"

#include <algorithm>
#include <array>
#include <mutex>

#include "tensor/contract/kernels.h"

namespace eps::kernels::cuda {
namespace {

constexpr std::size_t kWorkspaceBytes = std::size_t{32} << 20;  // cuBLAS's advice for Hopper
constexpr std::size_t kMaxDevices = 16;

thread_local int current = 0;  // CUDA starts every thread on device 0, too

cudaStream_t make_stream() {
    cudaStream_t made = nullptr;
    // Non-blocking, because the legacy default stream, which cannot be captured, would otherwise
    // synchronise with ours.
    cuda_check(cudaStreamCreateWithFlags(&made, cudaStreamNonBlocking), "cuda");
    return made;
}

cublasHandle_t make_cublas(cudaStream_t stream, void*& workspace) {
    cublasHandle_t made = nullptr;
    cublas_check(cublasCreate(&made), "cublas");
    cublas_check(cublasSetStream(made, stream), "cublas");
    // A workspace of our own, because a captured graph must find the same address at every replay.
    // It is set after the stream, because cublasSetStream resets the workspace.
    cuda_check(cudaMalloc(&workspace, kWorkspaceBytes), "cublas");
    cublas_check(cublasSetWorkspace(made, workspace, kWorkspaceBytes), "cublas");
    // Without atomics the same call gives the same bits. matmul.cu decides call by call which
    // products round their factors.
    cublas_check(cublasSetMathMode(made, CUBLAS_DEFAULT_MATH), "cublas");
    cublas_check(cublasSetAtomicsMode(made, CUBLAS_ATOMICS_NOT_ALLOWED), "cublas");
    return made;
}

// The resources of one GPU. They are never destroyed, because the driver may shut down before the
// program's static objects are destroyed.
struct Gpu {
    std::once_flag stream_made, cublas_made, allocator_made;
    cudaStream_t stream = nullptr;
    cublasHandle_t cublas = nullptr;
    void* workspace = nullptr;
    CachingAllocator* allocator = nullptr;
};

Gpu& gpu(int index) {
    static auto* all = new std::array<Gpu, kMaxDevices>;
    return (*all)[static_cast<std::size_t>(index)];
}

void* device_allocate(int device, std::size_t bytes) {
    use({DeviceType::cuda, static_cast<std::int8_t>(device)});
    void* block = nullptr;
    const cudaError_t status = cudaMalloc(&block, bytes);
    if (status == cudaErrorMemoryAllocation) {
        (void)cudaGetLastError();  // clears the error
        return nullptr;            // the caching allocator empties its cache and tries again
    }
    cuda_check(status, "cuda allocator");
    return block;
}

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
    return {gpu(current).workspace, kWorkspaceBytes};
}

CachingAllocator& allocator(Device device) {
    check(device.is_cuda() && device.index >= 0 && device.index < static_cast<int>(kMaxDevices),
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
        return std::min(count, static_cast<int>(kMaxDevices));
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
