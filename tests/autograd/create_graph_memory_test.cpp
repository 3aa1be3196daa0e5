// Memory that a recorded backward pass keeps: that of the gradient's graph, as long as a leaf holds
// the gradient.
#include "tests/autograd/support.h"
#include "tensor/runtime/allocator.h"
#include "tests/fault_allocation.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::test;

namespace {

struct Held {
    std::int64_t blocks = live_allocations();
    std::size_t bytes = allocator_of(cpu).stats().live_bytes;
};

/// What remains in use after 50 calls of f, when 50 calls before have filled the caches.
template <class F> Held kept_by(const F& f) {
    for (int i = 0; i < 50; ++i) f();
    const Held before;
    for (int i = 0; i < 50; ++i) f();
    const Held after;
    return {after.blocks - before.blocks, after.bytes - before.bytes};
}

Tensor penalty(const Tensor& x) { return sum(x * x * x); }

}  // namespace

TEST_CASE("create_graph: grad() keeps nothing, nor does backward() once gradients are dropped") {
    const Held by_grad = kept_by([] {
        const Tensor x = rand({1000}).requires_grad_();
        const Tensor slope = grad(penalty(x), {x}, {.create_graph = true})[0];
        backward(sum(square(slope)));
    });
    CHECK(by_grad.bytes == 0);
    CHECK(by_grad.blocks <= 0);
    const Held by_backward = kept_by([] {
        const Tensor x = rand({1000}).requires_grad_();
        backward(penalty(x), {.create_graph = true});
        x.set_grad(Tensor());  // the remedy of engine.h
    });
    CHECK(by_backward.bytes == 0);
    CHECK(by_backward.blocks <= 0);
}

TEST_CASE("create_graph: a leaf that keeps its gradient keeps the gradient's graph") {
    // The cycle that engine.h describes. If this fails, it was broken: say so there.
    std::vector<Tensor> leaves;
    const Held kept = kept_by([&] {
        const Tensor x = rand({1000}).requires_grad_();
        leaves.push_back(x);
        backward(penalty(x), {.create_graph = true});
    });
    CHECK(kept.bytes > 0);
    for (const Tensor& x : leaves) x.set_grad(Tensor());
}
