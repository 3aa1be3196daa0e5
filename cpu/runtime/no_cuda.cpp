// The functions of tensor/contract/cuda_device.h in a build without CUDA.
#include "tensor/contract/cuda_device.h"

#include "tensor/contract/kernel.h"

#if !EPS_WITH_CUDA
namespace eps::kernels::cuda {

void use(Device) { without_cuda("use"); }
CachingAllocator& allocator(Device) { without_cuda("allocate"); }
void copy_bytes(void*, Device, const void*, Device, std::size_t) { without_cuda("to"); }
void begin_capture(Device) { without_cuda("Step"); }
void* end_capture(Device) { without_cuda("Step"); }
void abandon_capture(Device) {}
void launch_graph(Device, void*) { without_cuda("Step"); }
void release_graph(Device, void*) {}
int device_count() { return 0; }
std::string device_summary(int) { return "none: built without CUDA"; }

}  // namespace eps::kernels::cuda
#endif
