// N4, N6, N7, N10, E2 and E7: planar flows (Rezende & Mohamed 2015, section 4).
#include <doctest/doctest.h>

#include <cmath>

#include "autograd/gradcheck.h"
#include "models/flow/planar.h"
#include "models/flow/radial.h"
#include "nn/optim/optimizer.h"
#include "tests/files.h"
#include "tests/models/flow_case.h"

using namespace eps;
using namespace eps::models;
using namespace eps::models::flow;
using namespace eps::test;

namespace {

// A planar map with the given w and u, and its w^T u_hat computed the long way.
struct Constrained {
    PlanarMap map;
    double product;
    explicit Constrained(const Tensor& w, const Tensor& u)
        : map(constrain_planar(w, u, zeros({}, w.options()))), product(sum(w * map.u_hat).item()) {}
};
// w = (3, 4) / 5 s and u with w^T u = wu, and something across.
Constrained with_product(double wu, double s = 1, DType dtype = f64) {
    const Tensor w = tensor({.6 * s, .8 * s}, {2}, {.dtype = dtype});
    const Tensor u = tensor({.6 * wu / s - .8, .8 * wu / s + .6}, {2}, {.dtype = dtype});
    return Constrained(w, u);
}

}  // namespace

TEST_CASE("N6: planar log |1 + u^T psi| is slogdet of the Jacobian to 1e-12 at D = 1, 2, 5, 40") {
    Generator generator(1);
    for (const std::int64_t dim : {1, 2, 5, 40}) {
        Planar planar(dim, generator);
        disturb(planar, generator, 0.5);
        const Tensor z = randn({8, dim}, doubles, generator);
        const Tensor J = jacobian([&](const Tensor& x) { return planar.map(x); }, z);
        CHECK(largest(planar.transform(z).log_det - slogdet(J).logabsdet) < 1e-12);
        // And the map is the paper's: z + u_hat tanh(w^T z + b)
        const PlanarMap f = planar.parameters_for(z);
        CHECK(largest(planar.map(z) - (z + unsqueeze(tanh(sum(z * planar.w, {1}) + planar.b), 1) *
                                               f.u_hat)) < 1e-15);
    }
}

TEST_CASE("N6: the work of a planar flow is linear in D") {
    // Memory touched stands for time, which other programs on a machine spoil: bytes held by one
    // transform.
    Generator generator(2);
    std::vector<double> bytes;
    for (const std::int64_t dim : {1000, 100'000, 1'000'000}) {
        Planar planar(dim, generator);
        const Tensor z = randn({4, dim}, generator);
        CachingAllocator& allocator = allocator_of(cpu);
        const std::size_t before = allocator.stats().live_bytes;
        allocator.reset_peak();
        planar.transform(z);
        bytes.push_back(static_cast<double>(allocator.stats().peak_bytes - before));
    }
    for (std::size_t i = 1; i < bytes.size(); ++i) {
        const double slope = std::log(bytes[i] / bytes[i - 1]) / std::log(i == 1 ? 100.0 : 10.0);
        CHECK(slope > 0.85);
        CHECK(slope < 1.15);
    }
}

TEST_CASE("N7: w^T u_hat = m(w^T u), and the determinant is positive") {
    for (const auto& [wu, m] :
         {std::pair{0., -.3068528194}, {1., .3132616875}, {-5., -.9932846515}}) {
        const double exact = std::log1p(std::exp(wu)) - 1;
        CHECK(std::abs(exact - m) < 1e-10);
        for (const double s : {0.01, 1.0, 30.0}) {  // |w| must not matter
            const Constrained c = with_product(wu, s);
            CHECK(std::abs(c.product - exact) < 1e-12);
            CHECK(std::abs(c.map.m.item() - exact) < 1e-12);
        }
    }
    Generator generator(3);
    const std::int64_t n = 1'000'000;
    for (const DType dtype : {f32, f64}) {
        const Options options{.dtype = dtype};
        const PlanarMap f =
            constrain_planar(randn({n, 3}, options, generator) * 5.0,
                             randn({n, 3}, options, generator) * 5.0, zeros({n}, options));
        CHECK(min(f.m).item() > -1);
        const Tensor h = tanh(randn({n}, options, generator) * 0.1);
        CHECK(min(1.0 + (1.0 - square(h)) * f.m).item() > 0);
        CHECK(all(isfinite(planar_log_det(h, f.m))).item() == 1);
    }
    // The map along w is strictly increasing: s -> s + m tanh(s + b), where it is flattest, too.
    const Tensor s = linspace(-6, 6, 20001, doubles);
    for (const double wu : {-12.0, -3.0, 0.0, 5.0}) {
        const Tensor image = s + with_product(wu).map.m * tanh(s + 0.3);
        CHECK(min(narrow(image, 0, 1, 20000) - narrow(image, 0, 0, 20000)).item() > 0);
    }
}

TEST_CASE("N7: margins survive f32, and w = 0") {
    for (const double wu : {-15.0, -18.0, -30.0, -1000.0}) {
        const Constrained c = with_product(wu, 1, f32);
        CHECK(c.map.m.item() > -1);  // softplus(-18) - 1 is -1 in f32
        const Tensor worst = planar_log_det(zeros({1}), c.map.m);
        CHECK(std::isfinite(worst.item()));
    }
    // the plain form
    CHECK(std::log1p(static_cast<float>(std::log1p(std::exp(-18.0)) - 1)) == -INFINITY);
    for (const DType dtype : {f32, f64}) {
        Generator generator(4);
        Planar planar(3, generator);
        planar.to(dtype);
        planar.w.requires_grad_(false);
        planar.w.zero_();
        planar.w.requires_grad_();
        const Tensor z = randn({5, 3}, {.dtype = dtype}, generator);
        const Transformed there = planar.transform(z);
        CHECK(largest(there.log_det) == 0);  // a translation
        backward(sum(there.z) + sum(there.log_det));
        CHECK(all(isfinite(there.z)).item() == 1);
        CHECK(largest(planar.inverse(there.z).z - z) < 1e-6);
    }
}

TEST_CASE(
    "E7: with ||w|| in the place of ||w||^2, or without the constraint, the map can be folded") {
    Generator generator(5);
    int folded_by_norm = 0, folded_without = 0;
    for (int i = 0; i < 1000; ++i) {
        const Tensor w = randn({2}, doubles, generator) * 3.0;
        const Tensor u = randn({2}, doubles, generator) * 2.0;
        const double wu = sum(w * u).item(), m = std::log1p(std::exp(wu)) - 1;
        const Tensor wrong = u + (m - wu) / norm(w) * w;  // two public repositories
        folded_by_norm += sum(w * wrong).item() < -1;
        folded_without += wu < -1;
        CHECK(Constrained(w, u).product > -1 - 1e-13);  // less rounding in this sum
    }
    CHECK(folded_by_norm > 50);
    CHECK(folded_without > 100);
    // A case in which a point that is not folded gets a wrong product.
    const Tensor w = tensor({3, 4}, {2}, doubles), u = tensor({1, 0}, {2}, doubles);
    const double m = std::log1p(std::exp(3)) - 1;
    CHECK(std::abs(sum(w * (u + (m - 3) / norm(w) * w)).item() - m) > 1);
    CHECK(std::abs(Constrained(w, u).product - m) < 1e-12);
}

TEST_CASE("N10: the inverse of a planar flow is exact, also where it is steep, flat or far") {
    Generator generator(6);
    const Tensor m =
        concat({linspace(-1 + 1e-9, 5, 500, doubles), linspace(100, 1e4, 20, doubles)});
    const Tensor b = 3.0 * randn({520}, doubles, generator);
    const Tensor a = concat({5.0 * randn({260}, doubles, generator), narrow(-b, 0, 0, 130) * 1.0,
                             1e3 * randn({130}, doubles, generator)});
    const Tensor c = a + m * tanh(a + b), found = planar_root(c, m, b);
    CHECK(largest((found + m * tanh(found + b) - c) / (1.0 + abs(c) + abs(m))) < 1e-15);
    for (const std::int64_t dim : {1, 2, 40}) {
        Planar planar(dim, generator);
        disturb(planar, generator, 0.5);
        const Tensor z = randn({100, dim}, doubles, generator);
        CHECK(largest(planar.inverse(planar.map(z)).z - z) < 2e-14);
        CHECK(largest(planar.map(planar.inverse(z).z) - z) < 2e-14);
    }
}

TEST_CASE(
    "N10: the root's derivatives, first and second, are those of the implicit function theorem") {
    Generator generator(7);
    const Tensor c = randn({6}, doubles, generator).requires_grad_();
    const Tensor m = (rand({6}, doubles, generator) * 3.0 - 0.9).requires_grad_();
    const Tensor b = randn({6}, doubles, generator).requires_grad_();
    const auto root = [](const std::vector<Tensor>& in) {
        return planar_root(in[0], in[1], in[2]);
    };
    CHECK_NOTHROW(gradcheck(root, {c, m, b}, {.name = "planar_root"}));
    CHECK_NOTHROW(gradgradcheck(root, {c, m, b}, {.name = "planar_root"}));
    // Through the whole density of given points: maximum likelihood.
    Planar planar(3, generator);
    disturb(planar, generator);
    const Tensor x = randn({4, 3}, doubles, generator).requires_grad_();
    const auto log_prob = [&](const std::vector<Tensor>& in) {
        const Transformed back = planar.inverse(in[0]);
        return sum(square(back.z), {1}) * -0.5 + back.log_det;
    };
    CHECK_NOTHROW(
        gradcheck(log_prob, {x, planar.w, planar.u, planar.b}, {.name = "planar likelihood"}));
    CHECK_NOTHROW(
        gradgradcheck(log_prob, {x, planar.w, planar.u, planar.b}, {.name = "planar likelihood"}));
}

TEST_CASE(
    "N4: the log-density of a chain is slogdet of the composite; E2: the Jacobian at the output is "
    "another number") {
    Generator generator(11);
    for (const std::int64_t dim : {1, 2, 3, 5})
        for (const std::int64_t K : {1, 2, 4, 8}) {
            const auto flow = disturbed("planar", {.dim = dim, .k = K}, generator, 0.6);
            const Tensor z = randn({3, dim}, doubles, generator);
            const Transformed there = flow->transform(z);
            const Tensor J = jacobian([&](const Tensor& x) { return flow->map(x); }, z);
            CHECK(largest(there.log_det - slogdet(J).logabsdet) < 1e-8);
            // The chain as it is printed: psi_k at z_k, the layer's output.
            Tensor literal = zeros({3}, doubles);
            const std::vector<Transformed> steps = flow->steps(z);
            REQUIRE(steps.size() == static_cast<std::size_t>(K));
            for (std::int64_t k = 0; k < K; ++k) {
                auto& layer = dynamic_cast<Planar&>(flow->layer(k));
                const Tensor& output = steps[static_cast<std::size_t>(k)].z;
                const PlanarMap f = layer.parameters_for(output);
                literal = literal + log(abs(1.0 + (1.0 - square(planar_activation(f, output))) *
                                                      sum(f.w * f.u_hat)));
            }
            CHECK(largest(literal - slogdet(J).logabsdet) > 1e-4);
        }
}

TEST_CASE("a log-determinant that is not finite names its layer") {
    for (const std::int64_t k : {0, 1, 2}) {
        Generator generator(12);
        const auto flow = make_flow("radial", {.dim = 2, .k = 3}, generator);
        dynamic_cast<Radial&>(flow->layer(k)).beta.requires_grad_(false).fill_(std::nan(""));
        // Its NaN goes on into the layers after it, which are not named.
        const std::string name = str("layer ", k, ", radial");
        CHECK(message_of([&] { flow->transform(zeros({1, 2})); }).find(name) != std::string::npos);
        CHECK(message_of([&] { flow->inverse(ones({1, 2})); }).find(name) != std::string::npos);
    }
}

TEST_CASE("amortised planar flows begin as the identity, and learn from there") {
    Generator generator(13);
    const auto flow = make_flow("planar", {.dim = 40, .k = 20, .context = 6}, generator);
    const Tensor z = randn({7, 40}, generator), context = randn({7, 6}, generator);
    const Transformed there = flow->transform(z, context);
    CHECK(largest(there.z - z) < 1e-4);
    CHECK(largest(there.log_det) < 1e-4);
    backward(sum(square(there.z)) - sum(there.log_det));
    for (const Tensor& p : flow->parameters()) CHECK(largest(p.grad()) > 1e-3);
}

TEST_CASE("a step of Adam on a wide context moves an amortised planar flow gently") {
    Generator generator(14);
    Planar planar(40, generator, 200);
    const Tensor z = randn({7, 40}, generator), context = ones({7, 200});
    const PlanarMap before = planar.parameters_for(z, context);
    CHECK(largest(norm(before.w, 2, {1}) - 1.0) < 1e-5);
    nn::Adam optimizer(planar.parameters(), {.lr = 1e-3});
    backward(sum(square(planar.map(z, context))));
    optimizer.step();
    const double moved = largest(planar.parameters_for(z, context).w - before.w);
    CHECK(moved > 1e-3);
    CHECK(moved < 0.02);  // of 0.2, which 200 weights of one sign make of a rate of 1e-3
}
