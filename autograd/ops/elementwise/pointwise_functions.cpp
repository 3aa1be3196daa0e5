#include "autograd/ops/elementwise/pointwise_functions.h"

#include "autograd/pointwise_op.h"
#include "tensor/formulas/activations.h"
#include "tensor/formulas/arithmetic.h"
#include "tensor/formulas/elementary.h"
#include "tensor/formulas/fused.h"
#include "tensor/formulas/predicate.h"

namespace eps {
namespace {

// The struct F of a formula with these attributes.
template <class F> F with_attributes() {
    static_assert(std::is_empty_v<F>,
                  "this op has attributes: name their struct in tensor/formulas/list.h");
    return {};
}
template <class F, class Attributes> F with_attributes(const Attributes& attributes) {
    static_assert(sizeof(F) == sizeof(Attributes),
                  "all data members of this op belong into its struct of attributes");
    F f;
    static_cast<Attributes&>(f) = attributes;
    return f;
}

}  // namespace

// The name of each op, and its descriptor.
#define EPS_NAME(arity, S, name, ...) \
    template <> inline constexpr const char* op_name<math::S> = #name;
EPS_POINTWISE_OPS(EPS_NAME)

#define EPS_INSTANTIATE(arity, S, ...) template const PointwiseOp& pointwise_op<math::S>();
EPS_POINTWISE_OPS(EPS_INSTANTIATE)

// Its function. The last argument of a macro is the struct of the op's attributes, or missing.
#define EPS_ATTRIBUTES(...) __VA_OPT__(, const math::__VA_ARGS__& attributes)
#define EPS_FORMULA(S, ...) with_attributes<math::S>(__VA_OPT__(attributes))
#define EPS_DEFINE_1(S, name, ...)                             \
    Tensor name(const Tensor& x EPS_ATTRIBUTES(__VA_ARGS__)) { \
        return pointwise(EPS_FORMULA(S, __VA_ARGS__), x);      \
    }
#define EPS_DEFINE_2(S, name, ...)                                              \
    Tensor name(const Tensor& a, const Tensor& b EPS_ATTRIBUTES(__VA_ARGS__)) { \
        return pointwise(EPS_FORMULA(S, __VA_ARGS__), a, b);                    \
    }
#define EPS_DEFINE_3(S, name, ...)                                                               \
    Tensor name(const Tensor& a, const Tensor& b, const Tensor& c EPS_ATTRIBUTES(__VA_ARGS__)) { \
        return pointwise(EPS_FORMULA(S, __VA_ARGS__), a, b, c);                                  \
    }
#define EPS_DEFINE(arity, ...) EPS_DEFINE_##arity(__VA_ARGS__)
EPS_POINTWISE_OPS(EPS_DEFINE)

std::span<const PointwiseOp* const> all_pointwise_ops() {
#define EPS_ADDRESS(arity, S, ...) &pointwise_op<math::S>(),
    static const PointwiseOp* const ops[] = {EPS_POINTWISE_OPS(EPS_ADDRESS)};
    return ops;
}

}  // namespace eps
