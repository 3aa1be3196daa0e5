#pragma once
// EPS_KERNEL declares a kernel once for both devices, and Kernel calls the one or the other.
//
//     EPS_KERNEL(copy, void(Tensor& out, const Tensor& src));
//
// declares the functions kernels::cpu::copy and kernels::cuda::copy, whose bodies are in cpu/ and
// cuda/, and the function object kernels::copy. A call kernels::copy(out, src) runs on the device
// of the first tensor among the arguments. A body that is missing is a link error. In a build
// without CUDA, kernels::cuda::copy is an object that throws an Error which names the kernel.
#include <type_traits>

#include "tensor/config.h"
#include "tensor/tensor.h"

namespace eps::kernels {

[[noreturn]] void without_cuda(const char* kernel);
namespace cuda {
/// Makes `device` the current GPU of this thread: what is launched next runs there.
void use(Device device);
}  // namespace cuda

/// The device of the first tensor among a kernel's arguments.
template <class First, class... Rest>
Device device_of_first(const First& first, const Rest&... rest) {
    if constexpr (std::is_same_v<First, Tensor>)
        return first.device();
    else
        return device_of_first(rest...);
}

/// A kernel of both devices: pointers to what to call for each.
template <auto Cpu, auto Cuda, class Function = decltype(Cpu)> struct Kernel;
template <auto Cpu, auto Cuda, class... Parameters>
struct Kernel<Cpu, Cuda, void (*)(Parameters...)> {
    void operator()(Parameters... arguments) const {
        const Device device = device_of_first(arguments...);
        if (!device.is_cuda()) return Cpu(static_cast<Parameters>(arguments)...);
        if constexpr (EPS_WITH_CUDA) cuda::use(device);
        (*Cuda)(static_cast<Parameters>(arguments)...);
    }
};

/// A kernel's CUDA body in a build without CUDA.
template <class Signature> struct WithoutCuda;
template <class... Parameters> struct WithoutCuda<void(Parameters...)> {
    const char* name;
    [[noreturn]] void operator()(Parameters...) const { without_cuda(name); }
};

}  // namespace eps::kernels

// std::type_identity_t<void(int)> f; declares the function void f(int).
// clang-format off
#if EPS_WITH_CUDA
#define EPS_CUDA_KERNEL(name, signature) std::type_identity_t<signature> name
#else
#define EPS_CUDA_KERNEL(name, signature) inline constexpr WithoutCuda<signature> name{#name}
#endif

#define EPS_KERNEL(name, signature)                         \
    namespace cpu { std::type_identity_t<signature> name; } \
    namespace cuda { EPS_CUDA_KERNEL(name, signature); }    \
    inline constexpr Kernel<&cpu::name, &cuda::name> name
// clang-format on
