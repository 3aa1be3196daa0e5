#include "autograd/ops/elementwise/pointwise_functions.h"

#include "autograd/pointwise_op.h"

namespace eps {

#define EPS_NAME(arity, S, name) template <> inline constexpr const char* op_name<math::S> = #name;
EPS_POINTWISE_OPS(EPS_NAME)

#define EPS_INSTANTIATE(arity, S, name) template const PointwiseOp& pointwise_op<math::S>();
EPS_POINTWISE_OPS(EPS_INSTANTIATE)

#define EPS_DEFINE_1(S, name) \
    Tensor name(const Tensor& x, const math::S& attributes) { return pointwise(attributes, x); }
#define EPS_DEFINE_2(S, name)                                                  \
    Tensor name(const Tensor& a, const Tensor& b, const math::S& attributes) { \
        return pointwise(attributes, a, b);                                    \
    }
#define EPS_DEFINE_3(S, name)                                                                   \
    Tensor name(const Tensor& a, const Tensor& b, const Tensor& c, const math::S& attributes) { \
        return pointwise(attributes, a, b, c);                                                  \
    }
#define EPS_DEFINE(arity, S, name) EPS_DEFINE_##arity(S, name)
EPS_POINTWISE_OPS(EPS_DEFINE)

std::span<const PointwiseOp* const> all_pointwise_ops() {
#define EPS_ADDRESS(arity, S, name) &pointwise_op<math::S>(),
    static const PointwiseOp* const ops[] = {EPS_POINTWISE_OPS(EPS_ADDRESS)};
    return ops;
}

}  // namespace eps
