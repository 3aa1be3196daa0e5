#pragma once
// The stream and the cuBLAS handle of the GPU in use, and the functions that turn CUDA's status
// codes into eps::Error.
#include <cublas_v2.h>
#include <cuda_runtime.h>

#include <cstdint>

namespace eps::kernels::cuda {

/// Throws eps::Error "op: <CUDA's sentence>" unless the call succeeded. Kernels run later than they
/// are launched, so a fault inside one is reported by a later call, unless CUDA_LAUNCH_BLOCKING=1
/// is set.
void cuda_check(cudaError_t status, const char* op);
void cublas_check(cublasStatus_t status, const char* op);
/// Call after each launch. Reports bad grids, missing code for this GPU, and earlier faults.
inline void check_launch(const char* op) { cuda_check(cudaGetLastError(), op); }

/// The one stream of the GPU in use. Everything runs on it, so the order of calls is the order of
/// execution, and a freed block may be reused at once.
cudaStream_t stream();
/// The cuBLAS handle bound to that stream.
cublasHandle_t cublas();
/// Device memory that cuBLAS may use during a call.
struct Workspace {
    void* data;
    std::size_t bytes;
};
Workspace cublas_workspace();

inline constexpr int kBlock = 256;  // threads of a block, unless a kernel says otherwise
/// The number of blocks that cover n indices, `each` indices a block.
inline unsigned blocks_for(std::int64_t n, int each = kBlock) {
    return static_cast<unsigned>((n + each - 1) / each);
}

}  // namespace eps::kernels::cuda
