// Reversible training: gradients of the composition, memory of a layer.
#include "models/flow/reversible.h"

#include <doctest/doctest.h>

#include "models/flow/planar.h"
#include "tests/files.h"
#include "tests/models/flow_case.h"

using namespace eps;
using namespace eps::models;
using namespace eps::models::flow;
using namespace eps::test;

namespace {

// A loss of both results that treats no element like another.
Tensor loss_of(const Transformed& to) { return sum(sin(to.z * 1.3)) + sum(square(to.log_det)); }

struct Pair {
    std::unique_ptr<Composition> plain;
    std::unique_ptr<Reversible> reversible;
};
Pair twins(const std::string& name, const FlowOptions& options, std::uint64_t seed) {
    Generator a(seed), b(seed);
    return {disturbed(name, options, a, 0.2),
            std::make_unique<Reversible>(disturbed(name, options, b, 0.2))};
}

}  // namespace

TEST_CASE(
    "reversible flows: values and gradients are the composition's, in both directions, with and "
    "without a context") {
    for (const FlowKind& kind : flow_kinds())
        for (const std::int64_t width : {0, 3}) {
            if (width > 0 && !kind.takes_context) continue;
            CAPTURE(kind.name);
            CAPTURE(width);
            const auto [plain, reversible] =
                twins(kind.name, {.dim = 3, .k = 4, .width = 8, .bins = 4, .context = width}, 1);
            for (const bool forwards : {true, false}) {
                Generator generator(2);
                const auto run = [&](Bijector& flow) {
                    Generator same(3);
                    flow.zero_grad();
                    const Tensor z = randn({5, 3}, doubles, same).requires_grad_();
                    const Tensor context =
                        width ? randn({5, width}, doubles, same).requires_grad_() : Tensor();
                    const Transformed to =
                        forwards ? flow.transform(z, context) : flow.inverse(z, context);
                    backward(loss_of(to));
                    std::vector<Tensor> all{to.z, to.log_det, z.grad()};
                    if (width) all.push_back(context.grad());
                    for (const Tensor& p : flow.parameters())
                        all.push_back(p.grad().defined() ? p.grad() : zeros_like(p));
                    return all;
                };
                const std::vector<Tensor> a = run(*plain), b = run(*reversible);
                REQUIRE(a.size() == b.size());
                for (std::size_t i = 0; i < a.size(); ++i)
                    CHECK(largest(a[i] - b[i]) < 1e-9 * (1 + largest(a[i])));
            }
        }
}

TEST_CASE("reversible flows: the peak of 64 layers is at most 1.2 of that of 8") {
    const auto peak_of = [](std::int64_t K, bool reversible) {
        Generator generator(4);
        auto made = make_flow("realnvp", {.dim = 8, .k = K, .width = 16, .hidden = 1}, generator);
        std::unique_ptr<Bijector> flow = std::move(made);
        if (reversible)
            flow = std::make_unique<Reversible>(
                std::unique_ptr<Composition>(dynamic_cast<Composition*>(flow.release())));
        const Tensor z = randn({4096, 8}, generator);
        CachingAllocator& allocator = allocator_of(cpu);
        const std::size_t before = allocator.stats().live_bytes;
        allocator.reset_peak();
        backward(loss_of(flow->transform(z)));
        return static_cast<double>(allocator.stats().peak_bytes - before);
    };
    CHECK(peak_of(64, true) <= 1.2 * peak_of(8, true));
    CHECK(peak_of(64, false) > 5 * peak_of(8, false));  // what it is measured against
}

TEST_CASE("reversible flows: second derivatives throw, frozen parameters cost nothing") {
    const auto [plain, reversible] = twins("planar", {.dim = 2, .k = 2}, 5);
    Tensor z = ones({1, 2}, doubles).requires_grad_();
    CHECK(message_of([&, &reversible = reversible] {
              grad(sum(reversible->transform(z).z), {z}, {.create_graph = true});
          }).find("no second derivatives") != std::string::npos);
    reversible->requires_grad_(false);
    backward(loss_of(reversible->transform(z)));
    CHECK(z.grad().defined());
    for (const Tensor& p : reversible->parameters()) CHECK(!p.grad().defined());
    CHECK(message_of([] { Reversible(nullptr); }).find("inverses") != std::string::npos);
}
