// The convolution triple, batch 32, against the machine's matrix products. GFLOP/s counts the
// arithmetic of the definition, and x_gemm is its ratio to the fastest product of the same run.
// Winograd needs less arithmetic than the definition, so its x_gemm exceeds 1.
#include <benchmark/benchmark.h>

#include "peak.h"
#include "tensor/contract/kernels.h"
#include "varepsilon.h"

using namespace eps;
using eps::bench::gemm_peak;

namespace {

struct Layer {
    const char* name;
    std::int64_t in, out;       // channels
    std::int64_t size, filter;  // height and width of the image and of the filter
    kernels::ConvGeometry g;
};

const Layer layers[] = {
    {"3x3_32_at_28", 32, 32, 28, 3, {.padding = {1, 1}}},
    {"3x3_64_at_28", 64, 64, 28, 3, {.padding = {1, 1}}},
    {"3x3_64_at_14", 64, 64, 14, 3, {.padding = {1, 1}}},
    {"3x3_128_at_14", 128, 128, 14, 3, {.padding = {1, 1}}},
    {"3x3_128_at_7", 128, 128, 7, 3, {.padding = {1, 1}}},
    {"4x4_stride2_64_at_14", 64, 128, 14, 4, {.stride = {2, 2}, .padding = {1, 1}}},
    {"4x4_stride2_64_at_28", 64, 64, 28, 4, {.stride = {2, 2}, .padding = {1, 1}}},
    {"3x3_stride2_64_at_28", 64, 64, 28, 3, {.stride = {2, 2}, .padding = {1, 1}}},
    {"1x1_128_at_14", 128, 128, 14, 1, {}},
    {"5x5_32_at_28", 32, 32, 28, 5, {.padding = {2, 2}}},
    {"7x7_64_at_14", 64, 64, 14, 7, {.padding = {3, 3}}},
    {"3x3_1_to_32_at_28", 1, 32, 28, 3, {.padding = {1, 1}}},
};

enum class Part { forward, input, weight };

void run(benchmark::State& state, const Layer& l, Part part, int threads) {
    constexpr std::int64_t batch = 32;
    set_num_threads(threads);
    const double peak = gemm_peak(threads);
    const std::int64_t size = (l.size + 2 * l.g.padding[0] - l.filter) / l.g.stride[0] + 1;
    const auto image = [](std::int64_t channels, std::int64_t extent) {
        return permute(rand({batch, extent, extent, channels}) - 0.5, {0, 3, 1, 2});
    };
    Tensor x = image(l.in, l.size), y = image(l.out, size);
    Tensor w = rand({l.out, l.in, l.filter, l.filter}) - 0.5;
    for (auto _ : state) {
        if (part == Part::forward) kernels::conv2d(y, x, w, Tensor(), l.g);
        if (part == Part::input) kernels::conv2d_input(x, y, w, Tensor(), l.g);
        if (part == Part::weight) kernels::conv2d_weight(w, x, y, l.g);
    }
    const std::int64_t products = batch * l.out * size * size * l.in * l.filter * l.filter;
    const double flops =
        2 * static_cast<double>(products) * static_cast<double>(state.iterations());
    state.counters["GFLOP/s"] = benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsRate);
    state.counters["x_gemm"] = benchmark::Counter(flops / peak, benchmark::Counter::kIsRate);
    set_num_threads(1);
}

const int registered = [] {
    for (const Layer& layer : layers)
        for (const auto& [name, part] :
             {std::pair("forward", Part::forward), std::pair("input", Part::input),
              std::pair("weight", Part::weight)})
            for (int threads : {1, 2})
                benchmark::RegisterBenchmark(
                    (std::string("BM_conv/") + layer.name + "/" + name +
                     "/threads:" + std::to_string(threads))
                        .c_str(),
                    [&layer, part = part, threads](benchmark::State& state) {
                        run(state, layer, part, threads);
                    })
                    ->MinTime(0.2)
                    ->UseRealTime()
                    ->Unit(benchmark::kMillisecond);
    return 0;
}();

}  // namespace
