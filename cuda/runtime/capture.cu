// Stream capture: what is launched in between becomes a CUDA graph.
#include "cuda/runtime/context.h"
#include "tensor/contract/kernels.h"

namespace eps::kernels::cuda {
namespace {

constexpr const char* kOp = "Step";

}  // namespace

void begin_capture(Device device) {
    use(device);
    // Relaxed: the allocator may ask CUDA for memory meanwhile, which takes no part in the graph.
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
    (void)cudaGetLastError();  // that the capture was invalid is no fault of what comes next
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
