#pragma once
// Autoregressive flows: element i moves as the elements before it say. One direction is one pass of
// the network, the other takes D passes.
//     x_i = g(u_i; theta_i(x_1 .. x_{i-1}))   MAF (Papamakarios et al. 2017): densities of given
//     points are quick x_i = g(u_i; theta_i(u_1 .. u_{i-1}))   IAF (Kingma et al. 2016): samples
//     with their densities are quick
#include <vector>

#include "models/bijector.h"
#include "models/flow/elementwise.h"
#include "tensor/random.h"

namespace eps::models::flow {

/// An autoencoder whose output i has paths from inputs before i only: weights times masks from the
/// degrees of units, here 1 .. D - 1 in turn (Germain et al. 2015). The context, where there is
/// one, is seen by all. [B, D] -> [B, P D], parameter p of element i at p D + i.
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

enum class Quick { inverse, transform };  // MAF, IAF

class Autoregressive final : public Bijector {
public:
    struct Options {
        Quick quick = Quick::inverse;
        std::int64_t width = 64, hidden = 2, context = 0;
    };
    /// Points [B, dim].
    Autoregressive(std::int64_t dim, std::unique_ptr<ElementwiseBijector> map,
                   const Options& options, Generator& generator);
    Transformed transform(const Tensor& z, const Tensor& context = {}) override;
    Transformed inverse(const Tensor& z, const Tensor& context = {}) override;
    std::string name() const override { return quick_ == Quick::inverse ? "maf" : "iaf"; }

private:
    using Direction = ElementwiseBijector::Output (ElementwiseBijector::*)(const Tensor&,
                                                                           const Tensor&) const;
    Transformed at_once(const Tensor& z, const Tensor& context, Direction direction);
    Transformed one_by_one(const Tensor& z, const Tensor& context, Direction direction);
    void check_input(const Tensor& z, const Tensor& context) const;

    std::int64_t dim_, context_;
    Quick quick_;
    std::unique_ptr<ElementwiseBijector> map_;
    Made made_;
};

}  // namespace eps::models::flow
