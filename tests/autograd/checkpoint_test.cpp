// Checkpoints: the same gradients to the last bit, from less memory.
#include "autograd/checkpoint.h"
#include "autograd/gradcheck.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/norm/norm.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/reduction/reduce.h"
#include "tensor/runtime/allocator.h"
#include "tests/autograd/support.h"

using namespace eps;
using namespace eps::test;

namespace {

// A block of two layers with dropout, whose weight is captured.
TensorFunction block(const Tensor& w, Generator& generator) {
    return [&w, &generator](const std::vector<Tensor>& in) {
        Tensor h = gelu(matmul(in[0], w));
        h = h * bernoulli(0.5, h.shape(), h.options(), generator);
        return tanh(matmul(h, w)) + in[0];
    };
}

struct Result {
    std::vector<Tensor> gradients;
    std::uint64_t counter;
};

Result run(bool checkpointed) {
    Generator generator(7);
    const Tensor w = uniform({6, 6}, -1, 1, 1).requires_grad_(),
                 x = uniform({5, 6}, -1, 1, 2).requires_grad_();
    const TensorFunction f = block(w, generator);
    Tensor y = x;
    for (int i = 0; i < 3; ++i) y = checkpointed ? checkpoint(f, {y}) : f({y});
    return {grad(sum(square(y)), {w, x}), generator.counter()};
}

}  // namespace

TEST_CASE("checkpoint: gradients to the last bit, random numbers included") {
    const Result plain = run(false), checkpointed = run(true);
    for (std::size_t i = 0; i < 2; ++i)
        CHECK(same_bits(plain.gradients[i], checkpointed.gradients[i]));
    CHECK(plain.counter == checkpointed.counter);
}

TEST_CASE("checkpoint: derivatives of higher order, and nesting") {
    const TensorFunction inner = [](const std::vector<Tensor>& in) {
        return checkpoint([](const std::vector<Tensor>& x) { return sin(x[0]) * x[0]; },
                          {in[0] * in[1]});
    };
    const TensorFunction f = [&](const std::vector<Tensor>& in) { return checkpoint(inner, in); };
    const std::vector<Tensor> inputs{leaf(uniform({2, 3}, -1, 1, 3)), leaf(uniform({3}, -1, 1, 4))};
    CHECK_NOTHROW(gradcheck(f, inputs));
    CHECK_NOTHROW(gradgradcheck(f, inputs));
}

TEST_CASE("checkpoint: the peak of memory does not grow with what the function saves") {
    const auto peak = [](bool checkpointed) {
        const Tensor x = uniform({64, 1024}, -1, 1, 5).requires_grad_();
        const TensorFunction deep = [](const std::vector<Tensor>& in) {
            Tensor h = in[0];
            for (int i = 0; i < 10; ++i) h = gelu(h);  // each keeps its input
            return h;
        };
        allocator_of(cpu).reset_peak();
        const auto before = allocator_of(cpu).stats().live_bytes;
        Tensor y = x;
        for (int i = 0; i < 10; ++i) y = checkpointed ? checkpoint(deep, {y}) : deep({y});
        backward(sum(y));
        return allocator_of(cpu).stats().peak_bytes - before;
    };
    CHECK(3 * peak(true) < peak(false));
}

TEST_CASE("checkpoint: run_once runs its function once") {
    const Tensor x = uniform({8, 3}, -1, 1, 6).requires_grad_(), mean = zeros({3}, {.dtype = f64}),
                 variance = ones({3}, {.dtype = f64});
    backward(sum(square(checkpoint(
        [&](const std::vector<Tensor>& in) { return sin(batch_norm(in[0], mean, variance)); },
        {x}))));
    const Tensor once_mean = zeros({3}, {.dtype = f64}), once_variance = ones({3}, {.dtype = f64});
    batch_norm(x, once_mean, once_variance);
    CHECK(same_bits(mean, once_mean));
    CHECK(same_bits(variance, once_variance));
}

TEST_CASE("checkpoint: a second run that differs from the first throws") {
    const Tensor x = uniform({3}, -1, 1, 7).requires_grad_();
    int calls = 0;
    const Tensor y = checkpoint(
        [&](const std::vector<Tensor>& in) { return ++calls == 1 ? exp(tanh(in[0])) : exp(in[0]); },
        {x});
    CHECK(contains(error_of([&] { backward(sum(y)); }).sentence, "second run"));
    CHECK(contains(error_of([&] { checkpoint(nullptr, {x}); }).sentence, "empty"));
    CHECK(contains(error_of([&] {
                       checkpoint([](const std::vector<Tensor>& in) { return in[0]; }, {Tensor()});
                   }).sentence,
                   "undefined"));
    Generator generator(1);
    calls = 0;
    const Tensor z = checkpoint(
        [&](const std::vector<Tensor>& in) {
            return sin(in[0] * rand(++calls == 1 ? Shape{3} : Shape{}, {f64}, generator));
        },
        {x});
    CHECK(contains(error_of([&] { backward(sum(z)); }).sentence, "random numbers"));
}
