// Stream capture: launches between begin_capture and end_capture are not run but become a CUDA
// graph.
#include "cuda/runtime/context.h"
#include "tensor/contract/kernels.h"

namespace eps::kernels::cuda {
namespace {

constexpr const char* kOp = "Step";

}  // namespace

void begin_capture(Device device) {
    use(device);
    // Relaxed, because the allocator may call cudaMalloc meanwhile, which is no part of the graph.
    cuda_check(cudaStreamBeginCapture(stream(), cudaStreamCaptureModeRelaxed), kOp);
}

void* end_capture(Device device) {
    use(device);
    cudaGraph_t graph = nullptr;
    cuda_check(cudaStreamEndCapture(stream(), &graph), kOp);
    cudaGraphExec_t executable = nullptr;
    const cudaError_t status = cudaGraphInstantiate(&executable, graph, 0);
    (void)cudaGraphDestroy(graph);
    cuda_check(status, kOp);
    return executable;
}

void abandon_capture(Device device) {
    use(device);
    cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
    (void)cudaStreamIsCapturing(stream(), &status);
    cudaGraph_t graph = nullptr;
    if (status != cudaStreamCaptureStatusNone) (void)cudaStreamEndCapture(stream(), &graph);
    if (graph) (void)cudaGraphDestroy(graph);
    (void)cudaGetLastError();  // clears the error of the invalid capture
}

void launch_graph(Device device, void* graph) {
    use(device);
    cuda_check(cudaGraphLaunch(static_cast<cudaGraphExec_t>(graph), stream()), kOp);
}

void release_graph(Device device, void* graph) {
    use(device);
    (void)cudaStreamSynchronize(stream());
    (void)cudaGraphExecDestroy(static_cast<cudaGraphExec_t>(graph));
}

}  // namespace eps::kernels::cuda
