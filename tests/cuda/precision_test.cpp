// What a GPU's products round their factors to, and the loss that is scaled for it.
#include <doctest/doctest.h>

#include <cmath>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "nn/layers/linear.h"
#include "nn/optim/grad_scaler.h"
#include "tensor/capture/captured_step.h"
#include "tensor/raw_copy.h"
#include "tensor/runtime/precision.h"
#include "tests/cuda/twins.h"

using namespace eps;
using namespace eps::test;

TEST_CASE("cuda: a captured step scales its loss and skips as the CPU does") {
    if (no_gpu()) return;
    const auto trained = [](Device device) {
        Generator generator(3);
        nn::Linear net(4, 3, {.generator = &generator});
        const Tensor x = raw::to(randn({8, 4}, generator), device);
        net.to(device);
        nn::Adam adam(net.parameters(), {.lr = 0.1});
        nn::GradScaler scaler({.init_scale = 1024, .growth_interval = 3});
        Step step(device, [&](const StepTensors& inputs) {
            adam.zero_grad();
            backward(scaler.scale(mean(square(net(x))) * inputs.at("factor")));
            scaler.step(adam);
            scaler.update();
            return NamedTensors{{"scale", scaler.current_scale()}};
        });
        std::pair<std::vector<double>, std::vector<double>> seen;  // scales; parameters
        for (int i = 0; i < 14; ++i) {
            const Tensor factor(i % 5 == 4 ? double(INFINITY) : 1.0);
            seen.first.push_back(step({{"factor", factor}}).at("scale").item());
        }
        CHECK(step.captured() == device.is_cuda());
        for (const Tensor& p : net.parameters())
            for (const double v : p.to_vector()) seen.second.push_back(v);
        return seen;
    };
    const auto on_cpu = trained(cpu), on_gpu = trained(cuda);
    CHECK(on_cpu.first == std::vector<double>{1024, 1024, 2048, 2048, 1024, 1024, 1024, 2048, 2048,
                                              1024, 1024, 1024, 2048, 2048});
    CHECK(on_gpu.first == on_cpu.first);
    for (std::size_t i = 0; i < on_cpu.second.size(); ++i)
        CHECK(std::abs(on_gpu.second[i] - on_cpu.second[i]) < 1e-3);
}

TEST_CASE("cuda: tf32, bf16 and f16 round the factors of products, and sum in f32") {
    if (no_gpu()) return;
    Generator generator(5);
    const Tensor a = randn({64, 300}, generator), b = randn({300, 40}, generator);
    const auto product = [&](Precision precision, const Tensor& x, const Tensor& y) {
        set_precision(precision);
        const Tensor out = raw::to(matmul(raw::to(x, cuda), raw::to(y, cuda)), cpu);
        set_precision(Precision::f32);
        return out;
    };
    const Tensor exact = matmul(a, b);
    // 300 terms in two orders: sqrt(300) roundings of u 17 or so
    CHECK(difference(exact, product(Precision::f32, a, b)) < 5e-5);
    CHECK(difference(exact, product(Precision::tf32, a, b)) < 2e-2);
    // at, bt: views, [40, 300] and [300, 64]
    const Tensor at = transpose(b), bt = transpose(a), stacked = randn({3, 8, 300}, generator);
    for (const auto& [precision, dtype] :
         {std::pair(Precision::bf16, bf16), std::pair(Precision::f16, f16)}) {
        const auto rounded = [type = dtype](const Tensor& x) {
            return raw::to(raw::to(x, type), f32);
        };
        CHECK(difference(matmul(rounded(a), rounded(b)), product(precision, a, b)) < 1e-4);
        CHECK(difference(exact, product(precision, a, b)) > 1e-4);
        CHECK(difference(matmul(rounded(at), rounded(bt)), product(precision, at, bt)) < 1e-4);
        // one b for all
        CHECK(difference(matmul(rounded(stacked), rounded(b)), product(precision, stacked, b)) <
              1e-4);
    }
    CHECK(product(Precision::f16, full({1, 1}, 65520), ones({1, 1})).item() == INFINITY);
}
