#include "autograd/ops/pointwise.h"

#include "autograd/pointwise.h"
#include "tensor/kernels.h"

namespace eps {
namespace {

template <class F>
PointwiseOp describe_op(const char* name, PointwiseKernel cpu_kernel, PointwiseKernel cuda_kernel, const PointwiseOp* slope) {
    static_assert(sizeof(F) <= kMaxAttributeBytes && std::is_trivially_copyable_v<F>);
    static const F defaults{};
    return {name, family::arity_of<F>(), family::kind_of<F>(), family::max_order_of<F>(), family::Rows<F>::table,
            std::is_empty_v<F> ? 0 : sizeof(F), &defaults, cpu_kernel, cuda_kernel, slope};
}

template <class F>
PointwiseOp make_op(const char* name) {
    const PointwiseKernels on_cpu = kernels::cpu::pointwise_kernels<F>(), on_cuda = kernels::cuda::pointwise_kernels<F>();
    if constexpr (family::has_slope<F>) {
        static const std::string slope_name = std::string(name) + "_backward";
        static const PointwiseOp slope = describe_op<family::SlopeOfOutput<F>>(slope_name.c_str(), on_cpu.slope, on_cuda.slope, nullptr);
        return describe_op<F>(name, on_cpu.family, on_cuda.family, &slope);
    } else {
        return describe_op<F>(name, on_cpu.family, on_cuda.family, nullptr);
    }
}

}  // namespace

#define EPS_DEFINE_OP(arity, S, name)                                    \
    template <> const PointwiseOp& pointwise_op<math::S>() {             \
        static const PointwiseOp op = make_op<math::S>(#name);           \
        return op;                                                       \
    }
EPS_POINTWISE_OPS(EPS_DEFINE_OP)

std::span<const PointwiseOp* const> all_pointwise_ops() {
#define EPS_ADDRESS(arity, S, name) &pointwise_op<math::S>(),
    static const PointwiseOp* const ops[] = {EPS_POINTWISE_OPS(EPS_ADDRESS)};
    return ops;
}

#define EPS_DEFINE_1(S, name)                                            \
    Tensor name(const Tensor& x, const math::S& attributes) {            \
        return pointwise(pointwise_op<math::S>(), &attributes, {&x, 1}); \
    }
#define EPS_DEFINE_2(S, name)                                            \
    Tensor name(const Tensor& a, const Tensor& b, const math::S& attributes) { \
        const Tensor inputs[] = {a, b};                                  \
        return pointwise(pointwise_op<math::S>(), &attributes, inputs);  \
    }
#define EPS_DEFINE_3(S, name)                                            \
    Tensor name(const Tensor& a, const Tensor& b, const Tensor& c, const math::S& attributes) { \
        const Tensor inputs[] = {a, b, c};                               \
        return pointwise(pointwise_op<math::S>(), &attributes, inputs);  \
    }
#define EPS_DEFINE(arity, S, name) EPS_DEFINE_##arity(S, name)
EPS_POINTWISE_OPS(EPS_DEFINE)

}  // namespace eps
