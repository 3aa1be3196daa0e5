#pragma once
// Activation functions as modules. One template serves all that act element by element: formulas,
// sources and attributes are those of the structs in tensor/formulas/, and a new pointwise op
// becomes a module with one line. Below it are those that read a whole dimension or learn.
#include <array>
#include <bit>
#include <concepts>
#include <type_traits>

#include "autograd/record_pointwise.h"
#include "nn/module.h"
#include "tensor/formulas/attributes.h"

namespace eps::nn {

/// y = Op::f(x), element by element: [..] -> [..]. Attributes are given as a struct or in order:
/// LeakyReLU({.slope = 0.2}), LeakyReLU(0.2).
template <class Op> class Activation : public Module {
public:
    using Attributes = typename math::AttributesOf<Op>::type;

    explicit Activation(Attributes attributes = {}) : attributes_(attributes) {}
    template <std::convertible_to<double>... Numbers>
    requires(sizeof...(Numbers) > 0) explicit Activation(Numbers... numbers)
        : attributes_{static_cast<double>(numbers)...} {}

    Tensor forward(const Tensor& x) final {
        return pointwise(pointwise_op<Op>(), &attributes_, {&x, 1});
    }
    const Attributes& attributes() const { return attributes_; }

    std::string extra_repr() const final {
        std::string text;
        if constexpr (!std::is_empty_v<Attributes>) {  // they are doubles
            using Numbers = std::array<double, sizeof(Attributes) / sizeof(double)>;
            for (const double a : std::bit_cast<Numbers>(attributes_))
                text += str(text.empty() ? "" : ", ", a);
        }
        return text;
    }

private:
    Attributes attributes_;
};

// clang-format off
struct ReLU        : Activation<math::Relu>        { using Activation::Activation; };
struct ReLU6       : Activation<math::Relu6>       { using Activation::Activation; };
struct LeakyReLU   : Activation<math::LeakyRelu>   { using Activation::Activation; };  // slope
struct ELU         : Activation<math::Elu>         { using Activation::Activation; };  // alpha
struct CELU        : Activation<math::Celu>        { using Activation::Activation; };  // alpha
struct SELU        : Activation<math::Selu>        { using Activation::Activation; };
struct SiLU        : Activation<math::Silu>        { using Activation::Activation; };
struct GELU        : Activation<math::Gelu>        { using Activation::Activation; };
struct GELUTanh    : Activation<math::GeluTanh>    { using Activation::Activation; };
struct Mish        : Activation<math::Mish>        { using Activation::Activation; };
struct Tanh        : Activation<math::Tanh>        { using Activation::Activation; };
struct Sigmoid     : Activation<math::Sigmoid>     { using Activation::Activation; };
struct LogSigmoid  : Activation<math::LogSigmoid>  { using Activation::Activation; };
struct Softplus    : Activation<math::Softplus>    { using Activation::Activation; };
struct Softsign    : Activation<math::Softsign>    { using Activation::Activation; };
struct Hardsigmoid : Activation<math::Hardsigmoid> { using Activation::Activation; };
struct Hardswish   : Activation<math::Hardswish>   { using Activation::Activation; };
struct Hardtanh    : Activation<math::Hardtanh>    { using Activation::Activation; };  // lo, hi
struct Softshrink  : Activation<math::Softshrink>  { using Activation::Activation; };  // lambda
// clang-format on

/// softmax along dim: [..] -> [..] (autograd/ops/norm/softmax.h).
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

/// max(0, x) + a min(0, x) with a learned slope a: one for all of x, or one for each channel. The
/// gradient at 0 is 0.
/// Shapes: x [..], or x [B, C, ..] with `count` = C -> the same.
/// Throws: where x has other than `count` channels.
/// Source: He et al. 2015, section 2.1.
class PReLU final : public Module {
public:
    explicit PReLU(std::int64_t count = 1, double start = 0.25, DType dtype = f32);
    Tensor forward(const Tensor& x) override;

    Tensor weight;  // [count]
};

/// a sigmoid(b), where a and b are the halves of x along dim: [.., 2 n, ..] -> [.., n, ..].
/// Throws: on an odd extent.
/// Source: Dauphin et al. 2017.
class GLU final : public Module {
public:
    explicit GLU(std::int64_t dim = -1) : dim_(dim) {}
    Tensor forward(const Tensor& x) override;

private:
    std::int64_t dim_;
};

}  // namespace eps::nn
