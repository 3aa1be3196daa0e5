// Fused ops against their compositions: values and gradients, f64 and f32, every layout. The cases
// are the gradient cases, and structured_test.cpp checks that each op has one.
#include <cmath>

#include "autograd/catalog.h"
#include "autograd/compose.h"
#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/image/conv.h"
#include "autograd/ops/norm/norm.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/runtime/parallel.h"
#include "tests/autograd/op_case_inputs.h"
#include "tests/autograd/op_cases.h"
#include "tests/autograd/support.h"
#include "tests/tensor/layouts.h"

using namespace eps;
using namespace eps::test;

namespace {

bool is_fused(const std::string& name) {
    for (const OpInfo& op : op_catalog())
        if (name == op.name) return std::string(op.kind) == "fused";
    return false;
}

// The output, then the gradient of a fixed weighting of it in each input.
std::vector<Tensor> run(const OpCase& c, const std::vector<Tensor>& values, Layout layout,
                        DType dtype) {
    std::vector<Tensor> inputs;
    for (const Tensor& x : values)
        inputs.push_back(detach(to(laid_out(x, layout), dtype)).requires_grad_());
    const Tensor y = c.f(inputs);
    std::vector<Tensor> results{detach(y)};
    const Tensor g = to(uniform(y.shape(), -1, 1, 99), y.dtype());
    for (const Tensor& d : grad(y, inputs, {.gradient = g, .allow_unused = true}))
        results.push_back(d);
    return results;
}

void check_same(const std::vector<Tensor>& fused, const std::vector<Tensor>& composed,
                double tolerance) {
    REQUIRE(fused.size() == composed.size());
    for (std::size_t i = 0; i < fused.size(); ++i) {
        if (!fused[i].defined() && !composed[i].defined()) continue;
        // An undefined gradient means zero.
        const Tensor zero = zeros_like(fused[i].defined() ? fused[i] : composed[i]);
        const auto got = (fused[i].defined() ? fused[i] : zero).to_vector(),
                   wanted = (composed[i].defined() ? composed[i] : zero).to_vector();
        REQUIRE(got.size() == wanted.size());
        std::size_t wrong = 0;
        for (std::size_t j = 0; j < got.size(); ++j)
            wrong += !(std::abs(got[j] - wanted[j]) <= tolerance * (1 + std::abs(wanted[j])));
        CHECK_MESSAGE(wrong == 0, "of output or gradient ", i);
    }
}

}  // namespace

TEST_CASE("fused: forward and backward are those of the composition") {
    int tried = 0;
    for (const OpCase& c : op_cases()) {
        if (!is_fused(c.op)) continue;
        ++tried;
        for (Layout layout : all_layouts)
            for (DType dtype : {f64, f32}) {
                INFO(std::string(c.op), ", ", std::string(c.what), ", ",
                     std::string(name_of(layout)), ", ", std::string(name_of(dtype)));
                const auto fused = run(c, c.inputs, layout, dtype);
                std::vector<Tensor> composed;
                {
                    const ComposeMode plain;
                    composed = run(c, c.inputs, layout, dtype);
                }
                const bool exact = dtype == f64 && fused[0].dtype() == f64;
                check_same(fused, composed, exact ? 1e-11 : 3e-5);
            }
    }
    CHECK(tried >= 20);
}

TEST_CASE(
    "fused: norms of images are the same in both orders of memory, and for any number of threads") {
    const Tensor x = to(uniform({3, 8, 20, 21}, -2, 2, 1), f32),
                 g = to(uniform(x.shape(), -1, 1, 2), f32);
    const auto results = [&](bool last, bool batch) {
        return same_on_any_threads([&] {
            const Tensor leaf = detach(last ? channels_last(x) : x).requires_grad_();
            const Tensor y = batch ? batch_norm(leaf, {}, {}) : group_norm_silu(leaf, 4);
            CHECK(y.strides() == leaf.strides());
            return clone(grad(y, {leaf}, {.gradient = g})[0]);
        });
    };
    for (bool batch : {false, true}) {
        const auto first = results(false, batch).to_vector(),
                   last = results(true, batch).to_vector();
        for (std::size_t i = 0; i < first.size(); ++i) REQUIRE(std::abs(first[i] - last[i]) < 1e-5);
    }
}

TEST_CASE(
    "fused: sums over many elements, which are made in pieces, are those of the composition") {
    const auto values = [](const Shape& shape, unsigned seed) {
        return uniform(shape, -1, 1, seed);
    };
    const std::vector<OpCase> cases{
        EPS_CASE("layer_norm", "many rows", layer_norm(x, {3}, y, z), values({150'000, 3}, 1),
                 values({3}, 2), values({3}, 3)),
        EPS_CASE("rms_norm", "many rows", rms_norm(x, {3}, y), values({150'000, 3}, 4),
                 values({3}, 5)),
        EPS_CASE("group_norm", "many pixels", group_norm(x, 2, y, z), values({2, 4, 150, 170}, 6),
                 values({4}, 7), values({4}, 8)),
        EPS_CASE("batch_norm", "many images", batch_norm(x, {}, {}, y, z),
                 values({90, 3, 40, 30}, 9), values({3}, 10), values({3}, 11)),
    };
    for (const OpCase& c : cases) {
        INFO(std::string(c.op));
        const auto fused = run(c, c.inputs, Layout::contiguous, f64);
        const ComposeMode plain;
        check_same(fused, run(c, c.inputs, Layout::contiguous, f64), 1e-9);
    }
}

TEST_CASE("fused: a mean of 1e4 beside a deviation of 1 costs no digits") {
    const Tensor z = uniform({4, 6, 30, 30}, -1.7, 1.7, 3), far = to(z + 1e4, f32);
    const Tensor exact = group_norm(to(far, f64), 2), got = group_norm(far, 2);
    CHECK(max(abs(to(got, f64) - exact)).item() < 1e-5);
    const Tensor rows = layer_norm(far, {30, 30}), exact_rows = layer_norm(to(far, f64), {30, 30});
    CHECK(max(abs(to(rows, f64) - exact_rows)).item() < 1e-5);
}

TEST_CASE("batch_norm: running statistics") {
    // [B, C] of B = 2: channel 0 is 1 and 10
    const Tensor x = tensor({1, 2, 3, 6, 10, 20, 30, 40}, {2, 4}, {.dtype = f64});
    const Tensor running_mean = zeros({4}, {.dtype = f64}), running_var = ones({4}, {.dtype = f64});
    batch_norm(x, running_mean, running_var, {}, {}, {.momentum = 0.5});
    CHECK(running_mean.to_vector()[0] == doctest::Approx(0.5 * 5.5));
    // the unbiased variance of 1 and 10
    CHECK(running_var.to_vector()[0] == doctest::Approx(0.5 + 0.5 * 40.5));
    const Tensor y =
        batch_norm(x, running_mean, running_var, {}, {}, {.training = false, .epsilon = 0});
    CHECK(y.to_vector()[0] == doctest::Approx((1 - 2.75) / std::sqrt(20.75)));
}
