// Gradient cases of fused ops. First derivatives run their kernels, second ones their composition;
// fused_test.cpp also compares the two.
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/norm/attention.h"
#include "autograd/ops/norm/norm.h"
#include "autograd/ops/shape/shape.h"
#include "autograd/ops/norm/softmax.h"
#include "tests/autograd/op_case_inputs.h"

namespace eps::test {
namespace {

Tensor undefined_or(Inputs in, std::size_t i) { return i < in.size() ? in[i] : Tensor(); }

void add_norms(std::vector<OpCase>& cases) {
    const auto group = [](std::int64_t groups) {
        return [groups](Inputs in) {
            return group_norm(in[0], groups, undefined_or(in, 1), undefined_or(in, 2));
        };
    };
    cases.push_back(
        {"group_norm", "image", group(2), {any({2, 4, 3, 2}, 1), any({4}, 2), any({4}, 3)}});
    cases.push_back({"group_norm", "no parameters, one group", group(1), {any({2, 3, 4}, 4)}});
    cases.push_back({"group_norm",
                     "a scale for each sample",
                     group(3),
                     {any({2, 3, 2, 2}, 5), any({2, 3}, 6), any({3}, 7)}});
    cases.push_back({"group_norm",
                     "a scale and a shift for each sample",
                     group(1),
                     {any({3, 2, 2}, 5), any({3, 2}, 6), any({3, 2}, 7)}});
    cases.push_back({"group_norm",
                     "an empty batch",
                     group(2),
                     {any({0, 4, 3, 2}, 1), any({4}, 2), any({4}, 3)}});
    cases.push_back(EPS_CASE("group_norm", "and silu", group_norm_silu(x, 2, y, z),
                             any({2, 4, 2, 3}, 8), any({4}, 9), any({4}, 10)));
    cases.push_back(EPS_CASE("instance_norm", "image", instance_norm(x, y, z),
                             any({2, 2, 3, 3}, 11), any({2}, 12), any({2}, 13)));
    const auto batch = [](Inputs in) {
        return batch_norm(in[0], {}, {}, undefined_or(in, 1), undefined_or(in, 2));
    };
    cases.push_back(
        {"batch_norm", "image", batch, {any({3, 2, 2, 2}, 14), any({2}, 15), any({2}, 16)}});
    cases.push_back({"batch_norm", "features, no parameters", batch, {any({5, 3}, 17)}});
    const auto evaluation = [](Inputs in) {
        return batch_norm(in[0], full({2}, 0.3, in[0].options()), full({2}, 1.7, in[0].options()),
                          in[1], in[2], {.training = false});
    };
    cases.push_back(
        {"batch_norm", "evaluation", evaluation, {any({3, 2, 4}, 18), any({2}, 19), any({2}, 20)}});
    cases.push_back(EPS_CASE("layer_norm", "two dimensions", layer_norm(x, {3, 2}, y, z),
                             any({4, 3, 2}, 21), any({3, 2}, 22), any({3, 2}, 23)));
    cases.push_back(
        EPS_CASE("layer_norm", "no parameters", layer_norm(x, {5}), any({2, 2, 5}, 24)));
    cases.push_back(
        EPS_CASE("rms_norm", "features", rms_norm(x, {4}, y), any({3, 4}, 25), any({4}, 26)));
    cases.push_back(EPS_CASE("local_response_norm", "three channels",
                             local_response_norm(x, 3, 0.5, 0.75, 2), any({2, 4, 2}, 60)));
    cases.push_back(EPS_CASE("local_response_norm", "more channels than there are",
                             local_response_norm(x, 8, 2), any({2, 3}, 61)));
}

void add_softmax(std::vector<OpCase>& cases) {
    cases.push_back(EPS_CASE("softmax", "last", softmax(x), any({3, 5}, 27)));
    cases.push_back(
        EPS_CASE("softmax", "in f64", to(softmax(x, 0, f64), x.dtype()), any({4, 2}, 29)));
    cases.push_back(EPS_CASE("softmax", "in the middle", softmax(x, 1), any({2, 4, 3}, 28)));
    cases.push_back(EPS_CASE("softmax", "nothing", softmax(x, 1), any({2, 0, 3}, 28)));
    cases.push_back(EPS_CASE("log_softmax", "last", log_softmax(x), any({3, 5}, 29)));
    cases.push_back(EPS_CASE("log_softmax", "first", log_softmax(x, 0), any({4, 2, 2}, 30)));
}

void add_attention(std::vector<OpCase>& cases) {
    const char* const op = "scaled_dot_product_attention";
    const auto attend = [](AttentionArguments a) {
        return [a](Inputs in) { return scaled_dot_product_attention(in[0], in[1], in[2], a); };
    };
    const std::vector<Tensor> heads{any({2, 2, 3, 4}, 31), any({2, 2, 5, 4}, 32),
                                    any({2, 2, 5, 3}, 33)};
    cases.push_back({op, "heads", attend({}), heads});
    cases.push_back({op,
                     "no heads, own scale",
                     attend({.scale = 0.7}),
                     {any({2, 3, 2}, 34), any({2, 4, 2}, 35), any({2, 4, 2}, 36)}});
    cases.push_back({op,
                     "causal",
                     attend({.causal = true}),
                     {any({1, 2, 4, 2}, 37), any({1, 2, 4, 2}, 38), any({1, 2, 4, 3}, 39)}});
    const auto masked = [](Inputs in) {  // query 1 may read no key
        return scaled_dot_product_attention(
            in[0], in[1], in[2],
            {.mask = bools({1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1}, {3, 5})});
    };
    cases.push_back({op, "a bool mask", masked, heads});
    const auto added = [](Inputs in) {
        return scaled_dot_product_attention(
            in[0], in[1], in[2],
            {.mask = to(to(any({2, 1, 3, 5}, 40), in[0].dtype()), constants_device())});
    };
    cases.push_back({op, "an added mask", added, heads});
    cases.push_back(
        {op,
         "a mask with a gradient",
         [](Inputs in) {
             return scaled_dot_product_attention(in[0], in[1], in[2], {.mask = in[3]});
         },
         {any({1, 1, 3, 2}, 41), any({1, 1, 2, 2}, 42), any({1, 1, 2, 2}, 43), any({3, 2}, 44)}});
    cases.push_back({op,
                     "no keys",
                     attend({}),
                     {any({1, 1, 3, 2}, 45), any({1, 1, 0, 2}, 46), any({1, 1, 0, 2}, 47)}});
}

}  // namespace

void add_fused(std::vector<OpCase>& cases) {
    add_norms(cases);
    add_softmax(cases);
    add_attention(cases);
}

}  // namespace eps::test
