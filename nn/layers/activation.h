#pragma once
// Activation functions as modules. One template serves all that act element by element: formulas,
// sources and attributes are those of the structs in tensor/formulas/, and a new pointwise op
// becomes a module with one `using`. Below are those that look at a whole dimension or learn.
#include <concepts>

#include "autograd/record_pointwise.h"
#include "nn/module.h"
#include "tensor/formulas/attributes.h"

namespace eps::nn {

/// y = Op::f(x), element by element: [..] -> [..]. Attributes as a struct or in order:
/// LeakyReLU({.slope = 0.2}), LeakyReLU(0.2).
template <class Op> class Activation final : public Module {
public:
    using Attributes = typename math::AttributesOf<Op>::type;

    explicit Activation(Attributes attributes = {}) : attributes_(attributes) {}
    template <std::convertible_to<double>... Numbers>
    requires(sizeof...(Numbers) > 0) explicit Activation(Numbers... numbers)
        : attributes_{static_cast<double>(numbers)...} {}

    Tensor forward(const Tensor& x) override {
        return pointwise(pointwise_op<Op>(), &attributes_, {&x, 1});
    }
    const Attributes& attributes() const { return attributes_; }

private:
    Attributes attributes_;
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

/// softmax along dim: [..] -> [..], as in autograd/ops/norm/softmax.h.
class Softmax final : public Module {
public:
    explicit Softmax(std::int64_t dim = -1) : dim_(dim) {}
    Tensor forward(const Tensor& x) override;

private:
    std::int64_t dim_;
};

/// log_softmax along dim: [..] -> [..].
class LogSoftmax final : public Module {
public:
    explicit LogSoftmax(std::int64_t dim = -1) : dim_(dim) {}
    Tensor forward(const Tensor& x) override;

private:
    std::int64_t dim_;
};

/// max(0, x) + a min(0, x) with a learned slope a for all of x [..], or one a channel of x [B, C,
/// ..]   (He et al. 2015, section 2.1). The gradient at 0 is 0. Throws where x has other than
/// `count` channels.
class PReLU final : public Module {
public:
    explicit PReLU(std::int64_t count = 1, double start = 0.25, DType dtype = f32);
    Tensor forward(const Tensor& x) override;

    Tensor weight;  // [count]
};

/// a sigmoid(b), a and b the halves of x along dim: [.., 2 n, ..] -> [.., n, ..]   (Dauphin et al.
/// 2017). Throws on an odd extent.
class GLU final : public Module {
public:
    explicit GLU(std::int64_t dim = -1) : dim_(dim) {}
    Tensor forward(const Tensor& x) override;

private:
    std::int64_t dim_;
};

}  // namespace eps::nn
