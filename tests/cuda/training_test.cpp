// What training needs besides: optimiser steps, running statistics, memory.
#include "tests/cuda/twins.h"

using namespace eps;
using namespace eps::test;
using kernels::Update;

TEST_CASE("cuda: every optimiser step, over more tensors than one launch takes") {
    if (no_gpu()) return;
    const kernels::UpdateCoefficients c{.lr = 0.1,
                                        .weight_decay = 0.01,
                                        .decoupled_decay = 0.02,
                                        .epsilon = 1e-8,
                                        .beta1 = 0.9,
                                        .beta2 = 0.99,
                                        .bias1 = 0.5,
                                        .bias2 = 0.25,
                                        .momentum = 0.8,
                                        .dampening = 0.1,
                                        .nesterov = 1,
                                        .first_step = 0};
    for (Update update : {Update::sgd, Update::adam, Update::rmsprop, Update::adagrad,
                          Update::adamax, Update::lion, Update::ema}) {
        std::vector<Twin> twins;
        std::vector<kernels::UpdateTensors> host, device;
        for (std::int64_t t = 0; t < 300; ++t) {
            const Shape shape{t % 50 == 7 ? 9001 : t % 13};
            const DType dtype = t % 5 == 0 ? f64 : f32;
            for (int i = 0; i < 4; ++i)
                twins.push_back(random_twin(shape, Memory::row_major, dtype, 0.1, 1));
            const Twin* last = &twins[twins.size() - 4];
            const bool states = update != Update::ema;
            host.push_back({last[0].host, last[1].host, states ? last[2].host : Tensor(),
                            states ? last[3].host : Tensor()});
            device.push_back({last[0].device, last[1].device, states ? last[2].device : Tensor(),
                              states ? last[3].device : Tensor()});
        }
        cpu_kernels::multi_tensor_update(update, kernels::as_tensor(c), host);
        cuda_kernels::multi_tensor_update(update, raw::to(kernels::as_tensor(c), cuda), device);
        for (const Twin& t : twins) CHECK(difference(t) <= 1e-6);
    }
}

TEST_CASE("cuda: running statistics") {
    if (no_gpu()) return;
    for (DType dtype : {f32, f64})
        for (Memory layout : kWritable) {
            Twin running = random_twin({300}, layout, dtype);
            const Twin values = random_twin({300}, Memory::sliced, f64);
            cpu_kernels::moving_average(running.host, values.host, 0.1, 1.5);
            cuda_kernels::moving_average(running.device, values.device, 0.1, 1.5);
            CHECK(difference(running) <= tolerance(dtype));
        }
}

TEST_CASE("cuda: memory returns to the cache, and a wrong device is an error") {
    if (no_gpu()) return;
    MESSAGE("GPU: " << cuda_kernels::device_summary());
    const auto step = [] { return raw::to(raw::to(tensor({1, 2, 3}), cuda), cpu); };
    CHECK(step().to_vector() == std::vector<double>{1, 2, 3});
    const std::size_t before = allocator_of(cuda).stats().system_bytes;
    for (int i = 0; i < 10; ++i) step();
    CHECK(allocator_of(cuda).stats().system_bytes == before);
    CHECK_THROWS_AS((void)allocator_of({DeviceType::cuda, 127}), Error);
}
