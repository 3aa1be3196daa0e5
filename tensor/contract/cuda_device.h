#pragma once
// What a GPU provides besides kernels: memory, copies, graphs and a description of itself. The
// bodies are in cuda/runtime/; those of a build without CUDA, in cpu/runtime/no_cuda.cpp.
#include <cstddef>
#include <string>

#include "tensor/device.h"
#include "tensor/runtime/allocator.h"

namespace eps::kernels::cuda {

/// The caching allocator of the device. Throws: there is no such device.
CachingAllocator& allocator(Device device);

/// Copies between host and device, or between two devices, in stream order; waits for the copy
/// when the host is the target.
void copy_bytes(void* to, Device to_device, const void* from, Device from_device,
                std::size_t bytes);

/// Between begin_capture and end_capture, what is launched on the device does not run but becomes
/// a graph, which end_capture returns.
void begin_capture(Device device);
void* end_capture(Device device);
/// Ends a capture that went wrong. Does nothing if the capture is over.
void abandon_capture(Device device);
void launch_graph(Device device, void* graph);
/// Waits until the graph no longer runs, and frees it.
void release_graph(Device device, void* graph);

/// The number of devices: 0 without a driver or in a build without CUDA.
int device_count();
/// "NVIDIA H200, compute 9.0, 139 GiB", or why there is no device of that index.
std::string device_summary(int index = 0);

}  // namespace eps::kernels::cuda
