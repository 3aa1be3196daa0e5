#pragma once
// What every CUDA file needs: the stream, the cuBLAS handle, and the two functions that turn status
// codes into eps::Error.
#include <cublas_v2.h>
#include <cuda_runtime.h>

#include <cstdint>

namespace eps::kernels::cuda {

/// Throws eps::Error "op: <CUDA's sentence>" unless the call succeeded. Kernels run later than they
/// are launched: a fault inside one is reported by whichever call comes next, unless
/// CUDA_LAUNCH_BLOCKING=1 is set.
void cuda_check(cudaError_t status, const char* op);
void cublas_check(cublasStatus_t status, const char* op);
/// After a launch: bad grids, missing code for this GPU, earlier faults.
inline void check_launch(const char* op) { cuda_check(cudaGetLastError(), op); }

/// The stream on which everything of the GPU in use runs, so that order of calls is order of
/// execution, and a freed block may be reused at once.
cudaStream_t stream();
/// The handle bound to that stream, with a workspace of its own.
cublasHandle_t cublas();
/// That workspace.
struct Workspace {
    void* data;
    std::size_t bytes;
};
Workspace cublas_workspace();

inline constexpr int kBlock = 256;  // threads of a block, unless a kernel says otherwise
/// Blocks of `each` indices that cover n.
inline unsigned blocks_for(std::int64_t n, int each = kBlock) {
    return static_cast<unsigned>((n + each - 1) / each);
}

}  // namespace eps::kernels::cuda
