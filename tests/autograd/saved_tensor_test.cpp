// Tensors saved for backward: how long they live, and what happens to one that is overwritten.
#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/runtime/allocator.h"
#include "tests/autograd/support.h"

using namespace eps;
using namespace eps::test;

namespace {

Tensor parameter(double value) { return full({3}, value, {.dtype = f64}).requires_grad_(); }

}  // namespace

TEST_CASE("saved tensors: a second backward needs retain_graph") {
    const Tensor x = parameter(2), y = sum(x * x);
    backward(y, {.retain_graph = true});
    backward(y);
    CHECK(x.grad().to_vector() == std::vector<double>{8, 8, 8});
    const Thrown error = error_of([&] { backward(y); });
    CHECK(error.op == "mul");
    CHECK(contains(error.sentence, "already released"));
    CHECK(contains(error.sentence, "retain_graph"));
}

TEST_CASE("saved tensors: overwriting one is an error in backward") {
    struct Case {
        const char* op;
        std::function<Tensor(const Tensor&, const Tensor&)> f;
        bool overwrite_output;
    };
    const Case cases[] = {
        {"mul", [](const Tensor& x, const Tensor& w) { return x * w; }, false},
        {"matmul", [](const Tensor& x, const Tensor& w) { return matmul(x, w); }, false},
        {"exp", [](const Tensor& x, const Tensor&) { return exp(x); }, true},
        {"max", [](const Tensor& x, const Tensor&) { return max(x, {0}, true); }, true},
    };
    for (const Case& c : cases) {
        const Tensor x = uniform({4, 4}).requires_grad_(), w = uniform({4, 4}, -1, 1, 2);
        const Tensor y = c.f(x, w);
        Tensor victim = c.overwrite_output ? detach(y) : w;
        select(victim, -1, 1).fill_(1);  // through a view, too
        const Thrown error = error_of([&] { backward(sum(y)); });
        CHECK(error.op == c.op);
        const std::string shape =
            c.overwrite_output ? to_string(y.dtype()) + " " + y.shape().to_string() : "f64 [4, 4]";
        CHECK(contains(error.sentence, shape + " was saved at version 0 and is now at version 1"));
        CHECK(contains(error.sentence, "overwritten"));
    }
    const Tensor x = parameter(2);
    Tensor w = full({3}, 2, {.dtype = f64});
    const Tensor y = x + w;  // saves nothing: writing is harmless
    w.fill_(9);
    CHECK_NOTHROW(backward(sum(y)));
}

TEST_CASE("saved tensors: a tensor that takes part in a graph is not written into") {
    Tensor x = parameter(2), y = x * 2.0;
    for (Tensor* t : {&x, &y})
        for (const auto& write : std::vector<std::function<void()>>{
                 [t] { t->fill_(0); }, [t] { t->copy_(zeros({3})); }}) {
            CHECK(contains(error_of(write).sentence, "NoGrad"));
            NoGrad guard;
            CHECK_NOTHROW(write());
        }
}

TEST_CASE("saved tensors: they are freed as backward passes them") {
    CachingAllocator& allocator = allocator_of(cpu);
    const Tensor x = ones({1 << 14}, {.dtype = f64}).requires_grad_();
    constexpr std::size_t one = (1 << 14) * sizeof(double);
    const std::size_t before = allocator.stats().live_bytes;
    Tensor y = x;
    for (int i = 0; i < 50; ++i) y = sin(y);
    y = sum(y);
    const std::size_t full_graph = allocator.stats().live_bytes;
    CHECK(full_graph - before >= 49 * one);
    allocator.reset_peak();
    backward(y);
    // three gradients at a time, not fifty
    CHECK(allocator.stats().peak_bytes <= full_graph + 4 * one);
    // the gradient of x; y's graph is still there, and empty
    CHECK(allocator.stats().live_bytes <= before + 2 * one);
    y = Tensor();
    x.set_grad({});
    CHECK(allocator.stats().live_bytes == before);
}

TEST_CASE("saved tensors: dropping the loss frees the graph") {
    CachingAllocator& allocator = allocator_of(cpu);
    const Tensor x = uniform({64, 64}).requires_grad_();
    const std::size_t before = allocator.stats().live_bytes;
    { const Tensor loss = sum(matmul(tanh(matmul(x, x)), exp(x))); }
    CHECK(allocator.stats().live_bytes == before);
    grad(grad(sum(tanh(x)), {x}, {.create_graph = true})[0], {x}, {.gradient = ones_like(x)});
    CHECK(allocator.stats().live_bytes == before);
}
