// What may run in several threads at once (autograd/README.md): each test would lose updates, or
// crash, if it could not. Run them under ThreadSanitizer: ./run sanitize.
#include <thread>

#include "tests/autograd/support.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::test;

namespace {

/// Calls f(thread) in so many threads at once.
template <class F> void in_threads(int count, const F& f) {
    std::vector<std::thread> threads;
    for (int t = 0; t < count; ++t) threads.emplace_back([&f, t] { f(t); });
    for (std::thread& thread : threads) thread.join();
}

constexpr int kThreads = 4, kPasses = 200;

}  // namespace

TEST_CASE("threads: backward passes that meet at a leaf add up all of their gradients") {
    const Tensor shared = ones({33}).requires_grad_();
    in_threads(kThreads, [&](int thread) {
        const Tensor own = ones({33}).requires_grad_();
        for (int pass = 0; pass < kPasses; ++pass) {
            backward(sum(shared * own * static_cast<double>(thread + 1)));
            (void)shared.grad().to_vector();  // a reader meanwhile sees a whole number of passes
        }
    });
    const double total = kPasses * (1 + 2 + 3 + 4);
    CHECK(shared.grad().to_vector() == std::vector<double>(33, total));
}

TEST_CASE("threads: models that share nothing train as they do alone") {
    const auto trained = [](std::uint64_t seed) {
        Generator generator(seed);
        Tensor w = randn({5, 3}, Options{.dtype = f64}, generator).requires_grad_();
        nn::Adam adam({w}, {.lr = 0.1});
        for (int step = 0; step < 20; ++step) {
            const Tensor x = randn({7, 5}, Options{.dtype = f64}, generator);
            adam.zero_grad();
            backward(mean(square(tanh(matmul(x, w)) - 0.5)));
            adam.step();
        }
        return w.to_vector();
    };
    std::vector<std::vector<double>> results(kThreads);
    in_threads(kThreads, [&](int t) {
        results[static_cast<std::size_t>(t)] = trained(static_cast<std::uint64_t>(t));
    });
    for (std::uint64_t t = 0; t < kThreads; ++t) CHECK(results[t] == trained(t));
}

TEST_CASE("threads: tensors may be read, and dropped, by any of them") {
    const Tensor x = arange(0, 1000);
    const double expected = sum(x * 2.0).item();
    in_threads(kThreads, [&](int) {
        for (int pass = 0; pass < kPasses; ++pass) {
            const Tensor view = x[Slice{.step = 2}];
            if (sum(x * 2.0).item() != expected || view.numel() != 500) std::abort();
        }
    });
}
