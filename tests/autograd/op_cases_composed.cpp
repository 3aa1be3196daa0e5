// Gradient cases of elementwise functions made of others, of attention's parts, windows along a
// dimension, Fourier transforms and scattering.
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/composed_functions.h"
#include "autograd/ops/indexing/index_nd.h"
#include "autograd/ops/linalg/fourier.h"
#include "autograd/ops/norm/attention.h"
#include "autograd/ops/norm/rotary.h"
#include "autograd/ops/shape/windows.h"
#include "tests/autograd/op_case_inputs.h"

namespace eps::test {
namespace {

void add_elementwise(std::vector<OpCase>& cases) {
    const Tensor block = any({2, 3});
    const Tensor probabilities = fixed({0.05, 0.2, 0.45, 0.51, 0.7, 0.9}, {2, 3});
    const std::vector<OpCase> elementwise = {
        EPS_CASE("logit", "both forms", logit(x), probabilities),
        EPS_CASE("logit", "clamped", logit(x, 0.12), probabilities),
        EPS_CASE("softplus", "beta 3", softplus(x, 3), block),
        EPS_CASE("nan_to_num", "numbers", square(nan_to_num(x)), block),
        EPS_CASE("div", "rounded", div(x, y, RoundingMode::floor) * x, fixed({7.3, -7.2}, {2}),
                 fixed({2.1, 2.2}, {2})),
        EPS_CASE("clamp", "tensors", clamp(x, y, z) * x, fixed({-1.5, 0.2, 1.7, 0.4}, {4}),
                 fixed({-1, -0.5, -0.7, 1.2}, {4}), fixed({1, 0.9, 1.1, 0.8}, {4})),
    };
    cases.insert(cases.end(), elementwise.begin(), elementwise.end());
}

void add_sequences(std::vector<OpCase>& cases) {
    const Tensor q = any({1, 2, 3, 2}), k = any({1, 2, 4, 2}, 2), v = any({1, 2, 4, 3}, 3);
    const auto rotated = [](const Tensor& x, bool interleaved) {
        const Tensor positions = constant({0, 1, 2}, {3}, x.dtype());
        const RotaryTable table = rotary_table(positions, 4, 10);
        return square(rotary_embedding(x, table.cos, table.sin, interleaved));
    };
    const std::vector<OpCase> sequences = {
        EPS_CASE("attention_weights", "plain", attention_weights(x, y), q, k),
        EPS_CASE("attention_weights", "causal, no heads, softcap",
                 attention_weights(x, y, {.causal = true, .softcap = 2}), any({2, 3, 2}),
                 any({2, 3, 2}, 2)),
        EPS_CASE("scaled_dot_product_attention", "softcap",
                 scaled_dot_product_attention(x, y, z, {.softcap = 1.5}), q, k, v),
        {"rotary_table",
         "rotated",
         [](Inputs in) {
             const RotaryTable t = rotary_table(in[0], 4, 10);
             return t.cos * t.sin;
         },
         {any({3})}},
        {"rotary_embedding",
         "halves",
         [=](Inputs in) { return rotated(in[0], false); },
         {any({2, 3, 4})}},
        {"rotary_embedding",
         "interleaved, with a rest",
         [=](Inputs in) { return rotated(in[0], true); },
         {any({1, 2, 3, 5})}},
        EPS_CASE("rotary_embedding", "all inputs", rotary_embedding(x, y, z), any({2, 2, 3}),
                 any({2, 1}, 2), any({2, 1}, 3)),
        EPS_CASE("unfold", "along the first dim", square(unfold(x, 0, 2, 1)), any({4, 2})),
        EPS_CASE("unfold", "along the last, with gaps", square(unfold(x, -1, 2, 3)), any({2, 9})),
        EPS_CASE("dft", "real, one side", square(dft(x, {.dim = 1, .onesided = true})),
                 any({2, 5, 1})),
        EPS_CASE("dft", "inverse, along the first dim, longer",
                 square(dft(x, {.dim = 0, .length = 6, .inverse = true})), any({4, 2, 2})),
        EPS_CASE("dft", "inverse, from one side",
                 square(dft(x, {.length = 5, .inverse = true, .onesided = true})), any({3, 2})),
        EPS_CASE("dft", "by factors", dft(x, {.dim = 0}) * (0.1 * x), any({66, 2})),
        EPS_CASE("stft", "centred", square(stft(x, 4, {.hop_length = 3})), any({2, 7})),
        EPS_CASE("stft", "a window, both sides",
                 square(stft(
                     x, 3, {.window = y, .center = false, .normalized = true, .onesided = false})),
                 any({7}), any({3}, 2)),
    };
    cases.insert(cases.end(), sequences.begin(), sequences.end());
}

void add_scattering(std::vector<OpCase>& cases) {
    const auto reduced = [](Combine how, bool include_self) {
        return [=](Inputs in) {
            const Tensor at = index({0, 2, 2, 0, 3}, {5});
            return square(scatter_reduce(in[0], 0, at, in[1], how, include_self));
        };
    };
    const std::vector<Tensor> inputs{any({4}), any({5}, 2)};
    const std::vector<OpCase> scattering = {
        {"scatter_reduce", "mean", reduced(Combine::mean, true), inputs},
        {"scatter_reduce", "mean of the others", reduced(Combine::mean, false), inputs},
        {"scatter_reduce", "sum of the others", reduced(Combine::sum, false), inputs},
        {"scatter_reduce", "product of the others", reduced(Combine::prod, false), inputs},
        {"scatter_reduce", "largest of the others", reduced(Combine::amax, false), inputs},
        {"scatter_reduce", "smallest of the others", reduced(Combine::amin, false), inputs},
    };
    cases.insert(cases.end(), scattering.begin(), scattering.end());
}

}  // namespace

void add_composed(std::vector<OpCase>& cases) {
    add_elementwise(cases);
    add_sequences(cases);
    add_scattering(cases);
}

}  // namespace eps::test
