#pragma once
// Activation functions as modules, one template for all: formulas, sources and attributes are those of the structs in
// tensor/pointwise/. A new pointwise op becomes a module with one `using`.
#include <concepts>

#include "autograd/pointwise.h"
#include "nn/module.h"
#include "tensor/pointwise/list.h"

namespace eps::nn {

/// y = Op::f(x), element by element: [..] -> [..]. Attributes as a struct or in order: LeakyReLU({.slope = 0.2}), LeakyReLU(0.2).
template <class Op>
class Activation final : public Module {
public:
    explicit Activation(Op op = {}) : op_(op) {}
    template <std::convertible_to<double>... Attributes>
        requires(sizeof...(Attributes) > 0)
    explicit Activation(Attributes... attributes) : op_{static_cast<double>(attributes)...} {}

    Tensor forward(const Tensor& x) override { return pointwise(pointwise_op<Op>(), &op_, {&x, 1}); }
    const Op& attributes() const { return op_; }

private:
    Op op_;
};

using ReLU = Activation<math::Relu>;
using ReLU6 = Activation<math::Relu6>;
using LeakyReLU = Activation<math::LeakyRelu>;  // slope
using ELU = Activation<math::Elu>;              // alpha
using CELU = Activation<math::Celu>;            // alpha
using SELU = Activation<math::Selu>;
using SiLU = Activation<math::Silu>;
using GELU = Activation<math::Gelu>;
using GELUTanh = Activation<math::GeluTanh>;
using Mish = Activation<math::Mish>;
using Tanh = Activation<math::Tanh>;
using Sigmoid = Activation<math::Sigmoid>;
using LogSigmoid = Activation<math::LogSigmoid>;
using Softplus = Activation<math::Softplus>;
using Softsign = Activation<math::Softsign>;
using Hardsigmoid = Activation<math::Hardsigmoid>;
using Hardswish = Activation<math::Hardswish>;
using Hardtanh = Activation<math::Hardtanh>;      // lo, hi
using Softshrink = Activation<math::Softshrink>;  // lambda

}  // namespace eps::nn
