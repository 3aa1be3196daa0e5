#include "models/gan/theory/rbm.h"

#include <cmath>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/linalg/linalg.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "autograd/ops/norm/softmax.h"
#include "tensor/create.h"

namespace eps::models::gan {
namespace {

constexpr std::int64_t kMostUnits = 16;

// {0, 1}^n, counting up in binary -> [2^n, n]
Tensor binary(std::int64_t n) {
    check(n >= 1 && n <= kMostUnits, "rbm", "got ", n, " units to enumerate; expected 1 to ",
          kMostUnits);
    Tensor out = empty({std::int64_t{1} << n, n}, {.dtype = f64});
    double* bit = out.data<double>();
    for (std::int64_t state = 0; state < out.size(0); ++state)
        for (std::int64_t i = n - 1; i >= 0; --i) *bit++ = static_cast<double>(state >> i & 1);
    return out;
}

// p(y | logits a) for every y of `states` [S, k], a [N, k] -> [N, S]
Tensor probability_of(const Tensor& a, const Tensor& states) {
    return exp(matmul(log_sigmoid(a), transpose(states)) +
               matmul(log_sigmoid(-a), transpose(1.0 - states)));
}

}  // namespace

Tensor Rbm::states() const { return binary(W.size(0)); }
Tensor Rbm::log_unnormalised(const Tensor& v) const {
    return matmul(v, b) + sum(softplus(matmul(v, W) + c), {1});
}
double Rbm::log_partition() const { return logsumexp(log_unnormalised(states()), {0}).item(); }
Tensor Rbm::probabilities() const { return softmax(log_unnormalised(states()), 0); }

Tensor Rbm::gibbs(const Tensor& v, std::int64_t sweeps, Generator& generator) const {
    Tensor now = v;
    for (std::int64_t i = 0; i < sweeps; ++i) {
        const Tensor h = bernoulli(sigmoid(matmul(now, W) + c), generator);
        now = bernoulli(sigmoid(matmul(h, transpose(W)) + b), generator);
    }
    return now;
}

Tensor Rbm::transition() const {
    check(W.size(0) + W.size(1) <= kMostUnits, "rbm", "got ", W.size(0), " + ", W.size(1),
          " units to enumerate; expected ", kMostUnits, " at most");
    const Tensor v = states(), h = binary(W.size(1));
    return matmul(probability_of(matmul(v, W) + c, h),
                  probability_of(matmul(h, transpose(W)) + b, v));
}

// The chain is reversible, so sqrt(p(v)) T(v, v') / sqrt(p(v')) is symmetric and has T's
// eigenvalues.
double Rbm::relaxation_time() const {
    const Tensor root = sqrt(probabilities());
    const Tensor symmetric = reshape(root, {-1, 1}) * transition() / root;
    // ascending
    const std::vector<double> eigenvalues =
        eigh(0.5 * (symmetric + transpose(symmetric))).eigenvalues.to_vector();
    return -1 / std::log(eigenvalues[eigenvalues.size() - 2]);
}

}  // namespace eps::models::gan
