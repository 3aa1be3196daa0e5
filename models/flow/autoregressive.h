#pragma once
// Autoregressive flows: element i is transformed by an elementwise bijector g, whose parameters
// depend on the elements before it. One direction takes one pass of the network, the other D
// passes.
//
//     MAF: x_i = g(u_i; theta_i(x_1 .. x_{i-1}))   fast densities of given points
//          (Papamakarios et al. 2017)
//     IAF: x_i = g(u_i; theta_i(u_1 .. u_{i-1}))   fast samples with their densities
//          (Kingma et al. 2016)
#include <vector>

#include "models/bijector.h"
#include "models/flow/elementwise.h"
#include "tensor/random.h"

namespace eps::models::flow {

/// A masked autoencoder: the parameters of element i depend on inputs before i only. Each weight is
/// multiplied by a mask that follows from the degrees of its units, 1 .. D - 1 in turn. A context
/// reaches all outputs.
/// Shapes: [B, D] -> [B, P D], parameter p of element i at p D + i
/// Source: Germain et al. 2015.
class Made final : public nn::Module {
public:
    Made(std::int64_t dim, std::int64_t parameters, std::int64_t width, std::int64_t hidden,
         Generator& generator, std::int64_t context = 0);
    using Module::operator();
    Tensor operator()(const Tensor& x, const Tensor& context);

private:
    struct Masked final : nn::Module {
        Tensor weight, bias, mask;  // [out, in], [out], [out, in]
        Masked(const std::vector<std::int64_t>& in, const std::vector<std::int64_t>& out,
               bool strict, Generator& generator);
        Tensor forward(const Tensor& x) override;
    };
    std::vector<std::unique_ptr<Masked>> layers_;
    std::unique_ptr<nn::Module> context_;
};

/// The direction that takes one pass: `inverse` makes a MAF, `transform` an IAF.
enum class Quick { inverse, transform };

class Autoregressive final : public Bijector {
public:
    struct Options {
        Quick quick = Quick::inverse;
        std::int64_t width = 64, hidden = 2, context = 0;
    };
    /// For points [B, dim].
    Autoregressive(std::int64_t dim, std::unique_ptr<ElementwiseBijector> map,
                   const Options& options, Generator& generator);
    Transformed transform(const Tensor& z, const Tensor& context = {}) override;
    Transformed inverse(const Tensor& z, const Tensor& context = {}) override;
    std::string name() const override { return quick_ == Quick::inverse ? "maf" : "iaf"; }

private:
    using Direction = ElementwiseBijector::Output (ElementwiseBijector::*)(const Tensor&,
                                                                           const Tensor&) const;
    Transformed in_one_pass(const Tensor& z, const Tensor& context, Direction direction);
    Transformed in_dim_passes(const Tensor& z, const Tensor& context, Direction direction);
    void check_input(const Tensor& z, const Tensor& context) const;

    std::int64_t dim_, context_;
    Quick quick_;
    std::unique_ptr<ElementwiseBijector> map_;
    Made made_;
};

}  // namespace eps::models::flow
