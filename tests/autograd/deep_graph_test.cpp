// Graphs deeper than any stack, and with more paths than a walk could take. ctest runs this file
// under `ulimit -s 256`.
#include <chrono>
#include <cmath>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/runtime/allocator.h"
#include "tests/autograd/support.h"

using namespace eps;
using namespace eps::test;

namespace {

constexpr int kLength = 1'000'000;

Tensor chain(const Tensor& x) {
    Tensor y = x;
    for (int i = 0; i < kLength; ++i)
        y = i % 3 == 0 ? y + 1e-6 : i % 3 == 1 ? -y : reshape(y, {1, 1});
    return sum(y);
}

#ifdef EPS_SANITIZED
constexpr double kMostSeconds = 300;
#else
constexpr double kMostSeconds = 30;  // it takes one or two
#endif

double seconds_of(const std::function<void()>& f) {
    const auto start = std::chrono::steady_clock::now();
    f();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

TEST_CASE("deep: a chain of a million ops differentiates and is destroyed") {
    const Tensor x = ones({1, 1}, {.dtype = f64}).requires_grad_();
    CachingAllocator& allocator = allocator_of(cpu);
    const std::size_t before = allocator.stats().live_bytes;
    const double seconds = seconds_of([&] {
        const Tensor y = chain(x);
        // nothing here needs its input for backward
        CHECK(allocator.stats().live_bytes - before < 4096);
        backward(y, {.retain_graph = true});
        CHECK(std::abs(x.grad().item()) == 1);
        CHECK(std::abs(grad(y, {x})[0].item()) == 1);
    });
    CHECK(seconds < kMostSeconds);
    x.set_grad({});
    CHECK(allocator.stats().live_bytes == before);
}

TEST_CASE("deep: a chain that only its last tensor keeps is destroyed without a backward") {
    const Tensor x = ones({1, 1}, {.dtype = f64}).requires_grad_();
    const std::size_t before = allocator_of(cpu).stats().live_bytes;
    Tensor y = chain(x);
    y = Tensor();
    CHECK(allocator_of(cpu).stats().live_bytes == before);
    Tensor z = x;  // one that saves every tensor it makes
    for (int i = 0; i < kLength / 4; ++i) z = sin(z);
    CHECK(allocator_of(cpu).stats().live_bytes - before > kLength / 4 * 8);
    z = Tensor();
    CHECK(allocator_of(cpu).stats().live_bytes == before);
}

TEST_CASE("deep: a graph that outlives main") {
    // It is destroyed at exit, after the thread's own variables; a sanitizer reports what it
    // touches.
    static Tensor survivor;
    survivor = chain(ones({1, 1}, {.dtype = f64}).requires_grad_());
    CHECK(std::abs(survivor.item()) > 0);
}

TEST_CASE("deep: 2^60 paths take 60 steps") {
    const Tensor x = ones({2}, {.dtype = f64}).requires_grad_();
    CHECK(
        seconds_of([&] {
            Tensor y = x, z = x;
            for (int i = 0; i < 60; ++i) y = y + y;
            CHECK(grad(sum(y), {x})[0].to_vector() == std::vector<double>(2, std::ldexp(1.0, 60)));
            for (int i = 0; i < 60; ++i) z = z * z;  // x^(2^60): at 1, the derivative is 2^60
            CHECK(grad(sum(z), {x})[0].to_vector() == std::vector<double>(2, std::ldexp(1.0, 60)));
        }) < 1);
}

TEST_CASE("deep: one leaf used ten thousand times, and a node with ten thousand users") {
    const Tensor x = ones({2}, {.dtype = f64}).requires_grad_(), y = x * 2.0;
    Tensor total = y;
    for (int i = 1; i < 10'000; ++i) total = total + (i % 2 ? y : x);
    CHECK(grad(sum(total), {x})[0].to_vector() == std::vector<double>(2, 5001 * 2 + 4999));
}

TEST_CASE("deep: second derivatives through a long chain") {
    const Tensor x = full({}, 0.5, {.dtype = f64}).requires_grad_();
    Tensor y = x;
    for (int i = 0; i < 20'000; ++i) y = i % 2 ? sqrt(y) : square(y);
    const Tensor first = grad(y, {x}, {.create_graph = true})[0];
    CHECK(first.item() == doctest::Approx(1).epsilon(1e-9));
    CHECK(std::abs(grad(first, {x})[0].item()) < 1e-6);
}
