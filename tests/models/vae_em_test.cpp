// V6: from EM to the VAE. EM is coordinate ascent on the same bound; on probabilistic PCA its
// optimum is known in closed form (Tipping & Bishop 1999), and a linear VAE climbs to the same
// subspace.
#include <doctest/doctest.h>

#include <cmath>

#include "models/distributions/normal.h"
#include "models/vae/objective.h"
#include "nn/optim/optimizer.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::models;
using namespace eps::models::vae;

namespace {

constexpr std::int64_t kSamples = 2000;

// 4-D data with two strong directions: axis-aligned variances 9, 4, .25, .25 turned by two plane
// rotations.
struct Data {
    Tensor x;     // [N, 4], centred
    Tensor turn;  // rows: the true axes
    Data() {
        Generator generator(6);
        const Tensor axes = randn({kSamples, 4}, {.dtype = f64}, generator) *
                            tensor({3, 2, .5, .5}, {4}, {.dtype = f64});
        const double c = std::cos(.6), s = std::sin(.6);
        const Tensor a =
            tensor({c, 0, s, 0, 0, 1, 0, 0, -s, 0, c, 0, 0, 0, 0, 1}, {4, 4}, {.dtype = f64});
        const Tensor b =
            tensor({1, 0, 0, 0, 0, c, 0, s, 0, 0, 1, 0, 0, -s, 0, c}, {4, 4}, {.dtype = f64});
        turn = matmul(a, b);
        x = matmul(axes, turn);
        x = x - mean(x, {0}, true);
    }
};

Tensor inverse2(const Tensor& m) {  // of a 2 x 2 matrix
    const auto v = m.to_vector();
    return tensor({v[3], -v[1], -v[2], v[0]}, {2, 2}, {.dtype = f64}) / (v[0] * v[3] - v[1] * v[2]);
}

// Orthonormal basis of the columns of W [4, 2].
Tensor orthonormal(const Tensor& W) {
    Tensor u = select(W, 1, 0), v = select(W, 1, 1);
    u = u / norm(u);
    v = v - sum(u * v) * u;
    return stack({u, v / norm(v)}, 1);
}

// sin of the largest angle between two planes: the norm of what one leaves outside the other.
double angle_between(const Tensor& A, const Tensor& B) {
    const Tensor a = orthonormal(A), b = orthonormal(B);
    return norm(b - matmul(a, matmul(transpose(a), b))).item();
}

// log p of all data under N(0, W W^T + s I), by the 2 x 2 matrix M = W^T W + s I.
double log_likelihood(const Tensor& x, const Tensor& W, double s) {
    const Tensor M = matmul(transpose(W), W) + s * eye(2, {.dtype = f64});
    const auto m = M.to_vector();
    const double log_det = std::log(m[0] * m[3] - m[1] * m[2]) + 2 * std::log(s);
    const Tensor projected = matmul(x, W);
    const double quadratic =
        (sum(square(x)) - sum(matmul(projected, inverse2(M)) * projected)).item() / s;
    return -0.5 * (kSamples * (4 * std::log(2 * M_PI) + log_det) + quadratic);
}

struct Eigen {
    Tensor vectors;              // columns, two of them
    double first, second, rest;  // rest: mean of the others
};
// The two leading eigenvectors of the sample covariance, by orthogonal iteration.
Eigen leading(const Tensor& x) {
    const Tensor S = matmul(transpose(x), x) / static_cast<double>(kSamples);
    Generator generator(9);
    Tensor V = orthonormal(randn({4, 2}, {.dtype = f64}, generator));
    for (int i = 0; i < 500; ++i) V = orthonormal(matmul(S, V));
    const auto d = matmul(transpose(V), matmul(S, V)).to_vector();
    const auto s = S.to_vector();
    const double trace = s[0] + s[5] + s[10] + s[15];
    return {V, d[0], d[3], (trace - d[0] - d[3]) / 2};
}

}  // namespace

TEST_CASE("V6: EM on PPCA never lowers the bound and reaches the closed-form optimum") {
    const Data data;
    Generator generator(8);
    Tensor W = randn({4, 2}, {.dtype = f64}, generator);
    double s = 1, before = -1e300;
    const Tensor S = matmul(transpose(data.x), data.x) / static_cast<double>(kSamples);
    for (int i = 0; i < 400; ++i) {  // Tipping & Bishop 1999, eqs. 29 and 30
        const double now = log_likelihood(data.x, W, s);
        REQUIRE(now >= before - 1e-10 * std::abs(now));
        before = now;
        const Tensor M_inverse = inverse2(matmul(transpose(W), W) + s * eye(2, {.dtype = f64}));
        const Tensor SW = matmul(S, W);
        const Tensor next = matmul(
            SW, inverse2(s * eye(2, {.dtype = f64}) + matmul(matmul(M_inverse, transpose(W)), SW)));
        s = (sum(S * eye(4, {.dtype = f64})) - sum(matmul(SW, M_inverse) * next)).item() / 4;
        W = next;
    }
    const Eigen e = leading(data.x);
    CHECK(s == doctest::Approx(e.rest).epsilon(1e-6));
    CHECK(angle_between(e.vectors, W) < 1e-6);
    // At the optimum log p = -N/2 (4 log 2pi + log l1 + log l2 + 2 log rest + 4).
    const double optimum = -0.5 * kSamples *
                           (4 * std::log(2 * M_PI) + std::log(e.first) + std::log(e.second) +
                            2 * std::log(e.rest) + 4);
    CHECK(before == doctest::Approx(optimum).epsilon(1e-9));
}

TEST_CASE("V6: a linear VAE reaches the principal subspace") {
    const Data data;
    Generator generator(10);
    Tensor encoder = (0.3 * randn({2, 4}, {.dtype = f64}, generator));
    Tensor decoder = (0.3 * randn({4, 2}, {.dtype = f64}, generator));
    Tensor log_var_z = zeros({2}, {.dtype = f64}), log_var_x = zeros({}, {.dtype = f64});
    std::vector<Tensor> parameters{encoder, decoder, log_var_z, log_var_x};
    for (Tensor& p : parameters) p.requires_grad_();
    for (double lr : {2e-2, 5e-3, 1e-3}) {
        nn::Adam adam(parameters, {.lr = lr});
        for (int i = 0; i < 500; ++i) {
            const DiagonalNormal q{linear(data.x, encoder, {}), expand(log_var_z, {kSamples, 2})};
            // E_q log p(x|z) in closed form: the decoder is linear.
            const Tensor spread =
                0.5 * sum(sum(square(decoder), {0}) * exp(log_var_z)) * exp(-log_var_x);
            const Tensor likelihood =
                DiagonalNormal{linear(q.mu, decoder, {}), log_var_x}.log_prob(data.x) - spread;
            adam.zero_grad();
            backward(-mean(elbo(likelihood, kl_to_standard_normal(q)).elbo));
            adam.step();
        }
    }
    CHECK(angle_between(leading(data.x).vectors, detach(decoder)) < 1e-2);
}
