// Device discovery, the stream, cuBLAS, device memory, and copies between host and device.
#include "cuda/context.h"

#include "tensor/kernels.h"

namespace eps::kernels::cuda {
namespace {

constexpr std::size_t kWorkspace = std::size_t{32} << 20;  // bytes: what cuBLAS recommends for Hopper

cudaStream_t make_stream() {
    cudaStream_t made = nullptr;
    // Non-blocking: the legacy default stream would order itself against ours, and cannot be captured.
    cuda_check(cudaStreamCreateWithFlags(&made, cudaStreamNonBlocking), "cuda");
    return made;
}

cublasHandle_t make_cublas() {
    cublasHandle_t made = nullptr;
    cublas_check(cublasCreate(&made), "cublas");
    cublas_check(cublasSetStream(made, stream()), "cublas");
    // After the stream, because cublasSetStream goes back to the workspace of cuBLAS's own pool; and ours, because a captured graph
    // must find the same address at every replay.
    void* workspace = nullptr;
    cuda_check(cudaMalloc(&workspace, kWorkspace), "cublas");
    cublas_check(cublasSetWorkspace(made, workspace, kWorkspace), "cublas");
    // The defaults, said aloud: f32 products are f32 (no TF32), and the same call gives the same bits.
    cublas_check(cublasSetMathMode(made, CUBLAS_DEFAULT_MATH), "cublas");
    cublas_check(cublasSetAtomicsMode(made, CUBLAS_ATOMICS_NOT_ALLOWED), "cublas");
    return made;
}

void* device_allocate(std::size_t bytes) {
    void* block = nullptr;
    const cudaError_t status = cudaMalloc(&block, bytes);
    if (status == cudaErrorMemoryAllocation) {
        (void)cudaGetLastError();  // forget it: the caching allocator empties its cache and tries again
        return nullptr;
    }
    cuda_check(status, "cuda allocator");
    return block;
}

void device_free(void* block, std::size_t) { (void)cudaFree(block); }

// On machines where the GPU reads the host's page tables a copy from ordinary memory may start after the call has returned.
bool copies_in_place() {
    static const bool answer = [] {
        int value = 0;
        cuda_check(cudaDeviceGetAttribute(&value, cudaDevAttrPageableMemoryAccessUsesHostPageTables, 0), "copy_to");
        return value != 0;
    }();
    return answer;
}

}  // namespace

void cuda_check(cudaError_t status, const char* op) {
    if (status != cudaSuccess) [[unlikely]]
        fail(op, cudaGetErrorString(status), " (", cudaGetErrorName(status), ")");
}

void cublas_check(cublasStatus_t status, const char* op) {
    if (status != CUBLAS_STATUS_SUCCESS) [[unlikely]]
        fail(op, cublasGetStatusString(status), " (", cublasGetStatusName(status), ")");
}

// Neither is ever destroyed: the driver may be gone before the statics of the program are.
cudaStream_t stream() {
    static const cudaStream_t only = make_stream();
    return only;
}

cublasHandle_t cublas() {
    static const cublasHandle_t only = make_cublas();
    return only;
}

CachingAllocator& allocator(Device device) {
    check(device.index == 0, "cuda", "only the first GPU is used; got ", device, "; hint: choose it with CUDA_VISIBLE_DEVICES");
    static auto* only = [] {
        int count = 0;
        cuda_check(cudaGetDeviceCount(&count), "cuda");
        return new CachingAllocator("cuda allocator", device_allocate, device_free);
    }();
    return *only;
}

void copy_bytes(void* to, Device to_device, const void* from, Device, std::size_t bytes) {
    if (bytes == 0) return;
    cuda_check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream()), "copy_to");
    // From the host no wait is needed: ordinary memory has been staged when the call returns.
    if (!to_device.is_cuda() || copies_in_place()) cuda_check(cudaStreamSynchronize(stream()), "copy_to");
}

int device_count() {
    int count = 0;
    if (cudaGetDeviceCount(&count) == cudaSuccess) return count;
    (void)cudaGetLastError();
    return 0;
}

std::string device_summary() {
    int count = 0;
    cudaError_t status = cudaGetDeviceCount(&count);
    cudaDeviceProp device{};
    if (status == cudaSuccess && count > 0) status = cudaGetDeviceProperties(&device, 0);
    (void)cudaGetLastError();
    if (status != cudaSuccess) return str("none: ", cudaGetErrorString(status));
    if (count == 0) return "none: the driver sees no GPU";
    return str(device.name, ", compute ", device.major, ".", device.minor, ", ", device.totalGlobalMem >> 30, " GiB");
}

}  // namespace eps::kernels::cuda
