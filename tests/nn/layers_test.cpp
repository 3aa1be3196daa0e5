// Layers that are compositions: each against its formula or PyTorch, and on which inputs it throws.
#include "autograd/engine.h"
#include "autograd/gradcheck.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/norm/norm.h"
#include "autograd/ops/norm/softmax.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "nn/layers/activation.h"
#include "nn/layers/dropout.h"
#include "nn/layers/embedding.h"
#include "nn/layers/maxout.h"
#include "nn/layers/minibatch_stddev.h"
#include "nn/layers/norm.h"
#include "nn/layers/unet_blocks.h"
#include "nn/sequential.h"
#include "tensor/random.h"
#include "tests/golden/nn_golden.h"
#include "tests/nn/support.h"

using namespace eps;
using namespace nn_test;

namespace {

void check_gradients(const TensorFunction& f, std::vector<Tensor> inputs,
                     const nn::Module& module) {
    for (const Tensor& p : module.parameters()) inputs.push_back(p);
    CHECK_NOTHROW(gradcheck(f, inputs));
    CHECK_NOTHROW(gradgradcheck(f, inputs));
}

}  // namespace

TEST_CASE("Maxout is the largest of its pieces, and |x| is one of two pieces") {
    nn::Maxout absolute(1, 1, 2, {.bias = false, .dtype = f64});
    absolute.load_state_dict({{"linear.weight", f64s({1, -1}, {2, 1})}});
    CHECK(absolute(f64s({-2, 0.5, 3}, {3, 1})).to_vector() == std::vector<double>{2, 0.5, 3});

    nn::Maxout layer(3, 2, 4, {.dtype = f64});
    const Tensor x = f64s(golden::x, {2, 2, 3}).requires_grad_();
    const auto y = layer(x).to_vector(),
               all = linear(x, layer.linear.weight, layer.linear.bias).to_vector();
    CHECK(layer(x).shape() == Shape{2, 2, 2});
    for (std::size_t i = 0; i < y.size(); ++i)
        CHECK(y[i] == *std::max_element(&all[4 * i], &all[4 * i] + 4));
    check_gradients([&](const std::vector<Tensor>& in) { return layer(in[0]); }, {x}, layer);
    CHECK(contains(error_of([] { nn::Maxout bad(3, 2, 0); }), "Maxout: needs at least one output"));
    CHECK(contains(error_of([&] { layer(zeros({2, 2}, {.dtype = f64})); }), "features differ"));
}

TEST_CASE("MinibatchStdDev computes the formula of its paper") {
    nn::MinibatchStdDev groups(3, 2), whole;
    CHECK(distance(groups(spread({6, 4, 2, 1}, 0.3)), golden::minibatch_groups) < 1e-15);
    CHECK(groups(spread({6, 4, 2, 1}, 0.3)).shape() == Shape{6, 6, 2, 1});
    // fewer than four samples: one group
    CHECK(distance(whole(spread({3, 2}, 0.3)), golden::minibatch_whole) < 1e-15);
    const Tensor equal = whole(ones({4, 2}));
    CHECK(select(equal, 1, 2).to_vector()[0] == doctest::Approx(1e-4));
    check_gradients([&](const std::vector<Tensor>& in) { return groups(in[0]); },
                    {spread({6, 4, 2}, 0.3).requires_grad_()}, groups);
    CHECK(contains(error_of([&] {
                       groups(zeros({4, 4}));
                   }),
                   "groups of 3 do not divide the batch; got f32 [4, 4]"));
    CHECK(contains(error_of([&] {
                       groups(zeros({3, 3}));
                   }),
                   "2 features do not divide the channels"));
    CHECK(contains(error_of([&] { whole(zeros({0, 3})); }), "at least one element"));
    CHECK(contains(error_of([] { nn::MinibatchStdDev bad(0); }), "MinibatchStdDev"));
}

TEST_CASE("Embedding's padding vector starts at 0 and gets no gradient") {
    nn::Embedding embedding(4, 2, {.padding_idx = -2, .dtype = f64});
    CHECK(select(embedding.weight, 0, 2).to_vector() == std::vector<double>{0, 0});
    const std::vector<std::int64_t> index{2, 1, 2, 3};
    backward(sum(embedding(from_span(std::span(index), {4}))));
    CHECK(embedding.weight.grad().to_vector() == std::vector<double>{0, 0, 1, 1, 0, 0, 1, 1});
    CHECK(contains(error_of([] { nn::Embedding e(4, 2, {.padding_idx = 4}); }),
                   "padding_idx is out of range; got 4"));
}

TEST_CASE("Dropout2d drops whole channels") {
    Generator generator(6);
    nn::Dropout2d dropout(0.4, generator);
    const Tensor x = ones({50, 40, 3, 2}).requires_grad_(), y = dropout(x);
    const auto values = y.to_vector();
    std::int64_t kept = 0;
    for (std::size_t c = 0; c < 2000; ++c) {
        kept += values[6 * c] != 0;
        for (std::size_t i = 0; i < 6; ++i)
            CHECK((values[6 * c + i] == values[6 * c] &&
                   (values[6 * c] == 0 || values[6 * c] == 1 / 0.6f)));
    }
    CHECK(std::abs(static_cast<double>(kept) / 2000 - 0.6) < 5 * std::sqrt(0.24 / 2000));
    backward(sum(y));
    CHECK(same_bits(x.grad(), y));
    dropout.eval();
    CHECK(dropout(x).same_as(x));
    CHECK(
        contains(error_of([&] { dropout(zeros({3})); }), "Dropout2d: needs f32 or f64 [B, C, ..]"));
    CHECK_THROWS_AS(nn::Dropout2d(-1, generator), Error);
}

TEST_CASE(
    "PReLU and GLU equal PyTorch's, and Softmax, LogSoftmax and Identity equal their functions") {
    const Tensor x = f64s(golden::x, {4, 3}).requires_grad_();
    nn::PReLU prelu(3, 0.25, f64), one(1, 0.25, f64);
    CHECK(prelu.weight.to_vector() == std::vector<double>{0.25, 0.25, 0.25});
    prelu.load_state_dict({{"weight", f64s({0.3, -0.2, 0.1}, {3})}});
    nn::GLU glu(0);
    CHECK(distance(prelu(x), golden::prelu) < 1e-15);
    CHECK(distance(glu(x), golden::glu) < 1e-15);
    backward(sum(prelu(x) * spread({4, 3}, 0.9)));
    CHECK(distance(x.grad(), golden::prelu_grad) < 1e-15);
    CHECK(same_bits(one(x), leaky_relu(x, {.slope = 0.25})));
    CHECK_NOTHROW(
        gradcheck([&](const std::vector<Tensor>& in) { return prelu(in[0]); }, {x, prelu.weight}));
    nn::Softmax soft(0);
    nn::LogSoftmax log_soft;
    nn::Identity identity;
    CHECK(same_bits(soft(x), softmax(x, 0)));
    CHECK(same_bits(log_soft(x), log_softmax(x, -1)));
    CHECK(identity(x).same_as(x));
    CHECK(contains(error_of([&] { prelu(zeros({2, 4})); }), "PReLU: needs x [B, 3, ..]"));
    CHECK(contains(error_of([&] { nn::GLU(1)(x); }), "GLU: the extent is odd"));
    CHECK(contains(error_of([&] { nn::GLU(2)(x); }), "GLU: no such dimension"));
    CHECK(contains(error_of([] { nn::PReLU none(0); }), "PReLU"));
}

TEST_CASE("InstanceNorm is instance_norm, with a weight and a bias if affine") {
    nn::InstanceNorm plain(2), affine(2, 1e-5, true);
    CHECK(plain.state_dict().empty());
    CHECK(names_of(affine.state_dict()) == std::vector<std::string>{"weight", "bias"});
    const Tensor x = randn({3, 2, 4, 5});
    CHECK(same_bits(plain(x), instance_norm(x)));
    affine.load_state_dict({{"weight", tensor({2, -1})}, {"bias", tensor({0.5, 0})}});
    CHECK(same_bits(affine(x), instance_norm(x, affine.weight, affine.bias)));
    CHECK(contains(error_of([&] {
                       plain(zeros({3, 3, 4}));
                   }),
                   "InstanceNorm: needs x [B, 2, pixels ..]"));
    CHECK(contains(error_of([&] { plain(zeros({3, 2})); }), "InstanceNorm"));
    CHECK(contains(error_of([] { nn::InstanceNorm bad(0); }), "InstanceNorm"));
}

TEST_CASE("ResidualBlock computes its formula, with and without a time, and adds its input") {
    Generator generator(2);
    nn::ResidualBlock block(4, 6, {.time_width = 3, .groups = 2, .generator = &generator});
    CHECK(names_of(block.state_dict()) ==
          std::vector<std::string>{"norm1.weight", "norm1.bias", "conv1.weight", "conv1.bias",
                                   "time.weight", "time.bias", "norm2.weight", "norm2.bias",
                                   "conv2.weight", "conv2.bias", "skip.weight", "skip.bias"});
    block.to(f64);
    const Tensor x = spread({2, 4, 3, 2}, 0.4).requires_grad_(),
                 time = spread({2, 3}, 0.9).requires_grad_();
    const NamedTensors p = block.state_dict();
    const auto at = [&](std::size_t i) { return p[i].second; };
    const Conv2dOptions same{.padding = {1, 1}};
    const Tensor h = conv2d(silu(group_norm(x, 2, at(0), at(1))), at(2), at(3), same) +
                     reshape(linear(time, at(4), at(5)), {2, 6, 1, 1});
    const Tensor y = conv2d(silu(group_norm(h, 2, at(6), at(7))), at(8), at(9), same) +
                     conv2d(x, at(10), at(11));
    CHECK(distance(block.forward(x, time), y.to_vector()) < 1e-13);
    const TensorFunction f = [&](const std::vector<Tensor>& in) {
        return block.forward(in[0], in[1]);
    };
    CHECK_NOTHROW(gradcheck(f, {x, time, at(2), at(4)}));

    nn::ResidualBlock plain(4, 4, {.groups = 2, .generator = &generator});
    CHECK(plain.state_dict().size() == 8);
    for (auto& [name, value] : plain.state_dict())
        if (name.starts_with("conv2")) {
            NoGrad guard;
            Tensor(value).zero_();
        }
    const Tensor image = randn({2, 4, 5, 5}, generator);
    CHECK(same_bits(plain(image), image));

    CHECK(contains(error_of([&] { block(x); }), "ResidualBlock: needs the time"));
    CHECK(contains(error_of([&] { plain.forward(image, time); }),
                   "was made without time; got f64 [2, 3]"));
    CHECK(contains(error_of([&] {
                       block.forward(x, zeros({3, 3}, {.dtype = f64}));
                   }),
                   "one time for each sample"));
    CHECK(contains(error_of([&] { plain(zeros({4})); }), "needs x [B, C, H, W]"));
    CHECK(contains(error_of([] { nn::ResidualBlock bad(4, 6, {.groups = 4}); }),
                   "groups do not divide"));
}

TEST_CASE("AttentionBlock mixes pixels, and the blocks between resolutions halve and double them") {
    Generator generator(3);
    nn::AttentionBlock attention(4, 2, &generator);
    CHECK(names_of(attention.state_dict()) == std::vector<std::string>{"norm.weight", "norm.bias",
                                                                       "qkv.weight", "qkv.bias",
                                                                       "out.weight", "out.bias"});
    attention.to(f64);
    const Tensor x = spread({2, 4, 2, 3}, 0.4).requires_grad_();
    const NamedTensors p = attention.state_dict();
    // [B, 3 C, H W]
    const Tensor qkv =
        flatten(conv2d(group_norm(x, 2, p[0].second, p[1].second), p[2].second, p[3].second), 2);
    const Tensor q = narrow(qkv, 1, 0, 4), k = narrow(qkv, 1, 4, 4), v = narrow(qkv, 1, 8, 4);
    // / sqrt(C)
    const Tensor scores = exp(matmul(transpose(q), k) / 2.0);
    const Tensor mixed = matmul(v, transpose(scores / sum(scores, {2}, true)));
    CHECK(
        distance(attention(x),
                 (x + conv2d(reshape(mixed, {2, 4, 2, 3}), p[4].second, p[5].second)).to_vector()) <
        1e-13);
    check_gradients([&](const std::vector<Tensor>& in) { return attention(in[0]); }, {x},
                    attention);

    nn::DownsampleBlock down(4, &generator);
    nn::UpsampleBlock up(4, &generator);
    CHECK(down(zeros({2, 4, 7, 6})).shape() == Shape{2, 4, 4, 3});
    CHECK(up(zeros({2, 4, 7, 6})).shape() == Shape{2, 4, 14, 12});
    CHECK(names_of(down.state_dict()) == std::vector<std::string>{"conv.weight", "conv.bias"});
    const Tensor image = randn({1, 4, 2, 2}, generator);
    nn::Conv2d conv(4, 4, 3, {.padding = 1});
    conv.load_state_dict(
        {{"weight", up.state_dict()[0].second}, {"bias", up.state_dict()[1].second}});
    const Tensor doubled =
        reshape(expand(reshape(image, {1, 4, 2, 1, 2, 1}), {1, 4, 2, 2, 2, 2}), {1, 4, 4, 4});
    CHECK(distance(up(image), conv(doubled).to_vector()) < 1e-6);
    CHECK(
        contains(error_of([&] { attention(zeros({4})); }), "AttentionBlock: needs x [B, C, H, W]"));
}
