// Every flow of the catalogue: its determinant is that of its Jacobian, it is undone by its
// inverse, and both are differentiated as they should be.
#include <doctest/doctest.h>

#include <cmath>

#include "autograd/gradcheck.h"
#include "autograd/ops/elementwise/cast.h"
#include "tests/files.h"
#include "tests/models/flow_case.h"

using namespace eps;
using namespace eps::models;
using namespace eps::models::flow;
using namespace eps::test;

namespace {

// f(kind, dim) for every flow at D = 1, 2, 5 and 40, where it can be.
template <class F> void for_every_flow(const F& f) {
    for (const FlowKind& kind : flow_kinds())
        for (const std::int64_t dim : {1, 2, 5, 40}) {
            if (dim < kind.least_dim) continue;
            CAPTURE(kind.name);
            CAPTURE(dim);
            f(kind, dim);
        }
}
FlowOptions small(std::int64_t dim, std::int64_t k) {
    return {.dim = dim, .k = k, .width = 16, .hidden = 1, .bins = 4};
}

void check_context(const FlowKind& kind, std::int64_t width, Generator& generator) {
    CAPTURE(kind.name);
    CAPTURE(width);
    const auto flow =
        disturbed(kind.name, {.dim = 3, .k = 3, .width = 8, .context = width}, generator);
    const Tensor z = randn({6, 3}, doubles, generator);
    const Tensor context = randn({6, width}, doubles, generator);
    const Transformed batch = flow->transform(z, context), back = flow->inverse(batch.z, context);
    CHECK(largest(back.z - z) < 1e-10);
    CHECK(largest(batch.z - flow->map(z, flip(context, {0}))) > 1e-3);  // it does depend on it
    for (std::int64_t i = 0; i < 6; ++i) {
        const Transformed one = flow->transform(narrow(z, 0, i, 1), narrow(context, 0, i, 1));
        CHECK(largest(one.z - narrow(batch.z, 0, i, 1)) < 1e-12);
        CHECK(largest(one.log_det - narrow(batch.log_det, 0, i, 1)) < 1e-12);
    }
    CHECK(message_of([&] { flow->transform(z); }).find("context") != std::string::npos);
    CHECK(message_of([&] { flow->transform(z, narrow(context, 0, 0, 5)); }).find("bad context") !=
          std::string::npos);
}

}  // namespace

TEST_CASE(
    "flows: log |det| is slogdet of the Jacobian, and where z goes is the same with and without "
    "it") {
    Generator generator(1);
    for_every_flow([&](const FlowKind& kind, std::int64_t dim) {
        const auto flow = disturbed(kind.name, small(dim, 2), generator);
        const Tensor z = randn({3, dim}, doubles, generator);
        const Transformed there = flow->transform(z);
        const Tensor J = jacobian([&](const Tensor& x) { return flow->transform(x).z; }, z);
        CHECK(largest(there.log_det - slogdet(J).logabsdet) < 1e-10);
        CHECK(largest(flow->map(z) - there.z) == 0);
        CHECK(there.z.shape() == z.shape());  // N16: latent dimension = data dimension
        // the test tests something
        if (kind.name != "nice" && kind.name != "actnorm" && kind.name != "linear")
            CHECK(largest(there.log_det) > 1e-3);
    });
}

TEST_CASE("N3: det J_f det J_f^-1 = 1, and the inverse leads back") {
    Generator generator(2);
    for_every_flow([&](const FlowKind& kind, std::int64_t dim) {
        const auto flow = disturbed(kind.name, small(dim, 2), generator);
        const Tensor z = randn({4, dim}, doubles, generator) * 1.5;
        const Transformed there = flow->transform(z), back = flow->inverse(there.z);
        CHECK(largest(back.z - z) < 1e-10);
        CHECK(largest(back.log_det + there.log_det) < 1e-10);
        const Tensor J = jacobian([&](const Tensor& x) { return flow->inverse(x).z; }, there.z);
        CHECK(largest(slogdet(J).logabsdet - back.log_det) < 1e-9);
    });
}

TEST_CASE("N16: round trips of 32 layers, 1e-10 in f64 and 1e-4 in f32") {
    Generator generator(3);
    for (const FlowKind& kind : flow_kinds()) {
        CAPTURE(kind.name);
        const std::int64_t dim = kind.name == "iaf" || kind.name.starts_with("maf") ? 3 : 5;
        const auto flow = disturbed(kind.name, small(dim, 32), generator, 0.1);
        const Tensor z = randn({50, dim}, doubles, generator);
        CHECK(largest(flow->inverse(flow->transform(z).z).z - z) < 1e-10);
        flow->to(f32);
        const Tensor x = to(z, f32);
        CHECK(largest(flow->inverse(flow->transform(x).z).z - x) < 1e-4);
    }
}

TEST_CASE("Glow: a round trip of 17 dimensions through 32 layers, 1e-4 in f32") {
    // Rotations whose factors are far from orthogonal; flows that magnify rounding 1000 times.
    for (const std::uint64_t seed : {1, 3}) {
        Generator generator(seed);
        const auto flow = disturbed("glow", small(17, 32), generator, 0.1);
        const Tensor z = randn({200, 17}, doubles, generator);
        flow->to(f32);
        const Tensor x = to(z, f32);
        CHECK(largest(flow->inverse(flow->transform(x).z).z - x) < 1e-4);
    }
}

TEST_CASE("flows: derivatives in the point and in every parameter, in both directions") {
    Generator generator(4);
    for (const FlowKind& kind : flow_kinds()) {
        CAPTURE(kind.name);
        const auto flow =
            disturbed(kind.name, {.dim = 2, .k = 1, .width = 4, .hidden = 1, .bins = 3}, generator);
        std::vector<Tensor> inputs{(randn({2, 2}, doubles, generator)).requires_grad_()};
        for (const Tensor& p : flow->parameters()) inputs.push_back(p);
        const auto joined = [](const Transformed& to) {
            return concat({to.z, unsqueeze(to.log_det, 1)}, 1);
        };
        CHECK_NOTHROW(
            gradcheck([&](const std::vector<Tensor>& in) { return joined(flow->transform(in[0])); },
                      inputs, {.name = kind.name}));
        CHECK_NOTHROW(
            gradcheck([&](const std::vector<Tensor>& in) { return joined(flow->inverse(in[0])); },
                      inputs, {.name = kind.name + " inverse"}));
    }
}

TEST_CASE("N12: with a context, of one number, too, a batch is what its samples are one by one") {
    Generator generator(5);
    for (const FlowKind& kind : flow_kinds())
        if (kind.takes_context)
            for (const std::int64_t width : {4, 1}) check_context(kind, width, generator);
}

TEST_CASE("flows: empty batches, bad shapes, bad options") {
    Generator generator(6);
    for_every_flow([&](const FlowKind& kind, std::int64_t dim) {
        const auto flow = make_flow(kind.name, small(dim, 1), generator);
        CHECK(flow->transform(zeros({0, dim})).z.shape() == Shape{0, dim});
        CHECK(flow->inverse(zeros({0, dim})).log_det.shape() == Shape{0});
        CHECK_THROWS_AS(flow->transform(zeros({3, dim + 1})), Error);
        CHECK_THROWS_AS(flow->inverse(zeros({dim})), Error);
        CHECK_THROWS_AS(flow->transform({}), Error);
        CHECK_THROWS_AS(flow->transform(zeros({3, dim}, {.dtype = i64})), Error);
    });
    CHECK(message_of([&] { make_flow("planar", {.k = 0}, generator); }).find("k = 0") !=
          std::string::npos);
    CHECK(message_of([&] { make_flow("plane", {}, generator); }).find("maf_spline") !=
          std::string::npos);
    CHECK(message_of([&] {
              make_flow("realnvp", {.dim = 1}, generator);
          }).find("at least 2 dimensions") != std::string::npos);
    CHECK(message_of([&] {
              make_flow("linear", {.context = 3}, generator);
          }).find("takes no context") != std::string::npos);
}
