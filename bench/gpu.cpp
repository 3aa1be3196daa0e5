// The GPU against its own limits, which are measured in the run: copying 256 MiB, and the product
// of two 8192 x 8192 matrices by cuBLAS. of_peak is the ratio to the one that limits the op.
// Pointwise ops run on tensors too large for the cache, the ops of op_cases.cpp on the sizes of
// networks, and convolutions in each precision. Without a GPU nothing is registered.
#include <algorithm>
#include <chrono>

#include "autograd/record_pointwise.h"
#include "bench/device.h"
#include "op_cases.h"
#include "tensor/raw_copy.h"
#include "tensor/runtime/precision.h"
#include "varepsilon.h"

using namespace eps;
using bench::OpCase;

namespace {

constexpr int kBatch = 20;                    // calls between two waits
constexpr std::int64_t kElements = 16 << 20;  // elements of a pointwise operand: 64 MiB

double bytes_of(const Tensor& x) {
    return static_cast<double>(x.numel()) * static_cast<double>(size_of(x.dtype()));
}

template <class F> double best_seconds(const F& f) {
    double best = 1e9;
    for (int i = 0; i < 6; ++i) {  // the first warms up
        bench::wait_for_gpu();
        const auto start = std::chrono::steady_clock::now();
        for (int k = 0; k < kBatch; ++k) f();
        bench::wait_for_gpu();
        best = std::min(
            best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() /
                      kBatch);
    }
    return best;
}

/// Bytes/s, read and written.
double copy_peak() {
    static const double peak = [] {
        const Tensor from = zeros({64 << 20}, {.device = cuda});
        Tensor to = empty_like(from);
        return 2 * bytes_of(from) / best_seconds([&] { kernels::copy(to, from); });
    }();
    return peak;
}
/// FLOP/s
double product_peak() {
    static const double peak = [] {
        constexpr std::int64_t n = 8192;
        const Tensor a = rand({1, n, n}, {.device = cuda}), b = rand({1, n, n}, {.device = cuda});
        Tensor c = empty({1, n, n}, {.device = cuda});
        return 2.0 * n * n * n / best_seconds([&] { kernels::matmul(c, a, b, false); });
    }();
    return peak;
}

// Reports the rate; `work` is the FLOP or the bytes of one call.
void report(benchmark::State& state, double work, bool flop) {
    const double done = work * static_cast<double>(state.iterations());
    state.counters[flop ? "TFLOP/s" : "GB/s"] =
        benchmark::Counter(done * (flop ? 1e-12 : 1e-9), benchmark::Counter::kIsRate);
    state.counters["of_peak"] = benchmark::Counter(done / (flop ? product_peak() : copy_peak()),
                                                   benchmark::Counter::kIsRate);
}

void run_case(benchmark::State& state, const OpCase& op, bool backward, Precision precision) {
    (op.flop > 0 ? product_peak : copy_peak)();
    set_precision(precision);
    std::vector<Tensor> x, sources;
    double bytes = 0;
    for (const Tensor& input : op.inputs()) {
        x.push_back(raw::to(input, cuda));
        bytes += bytes_of(input);
        if (!backward || !is_floating(input.dtype())) continue;
        bytes += bytes_of(input);
        sources.push_back(x.back().requires_grad_());
    }
    const Tensor y = op.run(x), g = backward ? rand(y.shape(), y.options()) : Tensor();
    bench::time_batches(state, kBatch, [&] {
        const Tensor out = op.run(x);
        if (backward) grad(out, sources, {.gradient = g});
    });
    set_precision(Precision::f32);
    if (op.flop > 0) return report(state, op.flop * (backward ? 3 : 1), true);
    report(state, op.bytes > 0 ? op.bytes : bytes + (backward ? 2 : 1) * bytes_of(y), false);
}

// One entry of an op's derivative table: the forward, or the derivative by its first input.
void run_entry(benchmark::State& state, const PointwiseOp& op, int number) {
    copy_peak();
    const Entry& entry = op.entries[static_cast<std::size_t>(number)];
    Tensor out = empty({kElements}, {op.kind == PointwiseKind::predicate ? boolean : f32, cuda});
    const Tensor g = number > 0 ? rand({kElements}, {.device = cuda}) : Tensor();
    std::vector<Tensor> inputs(4);
    double bytes = bytes_of(out) + (number > 0 ? bytes_of(g) : 0);
    for (int j = 0; j < op.arity; ++j) {
        if (!(entry.reads >> j & 1u)) continue;
        inputs[static_cast<std::size_t>(j)] = rand({kElements}, {.device = cuda}) * 0.5 + 0.25;
        bytes += bytes_of(inputs[static_cast<std::size_t>(j)]);
    }
    bench::time_batches(state, kBatch, [&] {
        op.cuda_kernel(op.default_attributes, number, {out, g, inputs.data()});
    });
    report(state, bytes, false);
}

template <class Run> void add(const std::string& name, const Run& run) {
    benchmark::RegisterBenchmark(("BM_gpu/" + name).c_str(), run)
        ->MinTime(0.02)
        ->UseRealTime()
        ->Unit(benchmark::kMicrosecond);
}

// Convolutions are registered once for each precision, such as conv_tf32.
void add_case(const OpCase& op, bool backward) {
    const std::size_t slash = op.name.find('/');
    const std::string family = op.name.substr(0, slash);
    const std::string rest = op.name.substr(slash) + (backward ? "/backward" : "/forward");
    for (const std::string& name : precision_names()) {
        const Precision precision = precision_named(name);
        if (precision != Precision::f32 && family != "conv") continue;
        add(family + (precision == Precision::f32 ? "" : "_" + name) + rest,
            [&op, backward, precision](benchmark::State& state) {
                run_case(state, op, backward, precision);
            });
    }
}

const int registered = [] {
    if (!bench::has_gpu()) return 0;
    add("yardstick/copy", [](benchmark::State& state) {
        for (auto _ : state) benchmark::DoNotOptimize(copy_peak());
        state.counters["GB/s"] = copy_peak() * 1e-9;
    });
    add("yardstick/product", [](benchmark::State& state) {
        for (auto _ : state) benchmark::DoNotOptimize(product_peak());
        state.counters["TFLOP/s"] = product_peak() * 1e-12;
    });
    for (const PointwiseOp* op : all_pointwise_ops())
        for (int number : {0, op->entry_of(MultiIndex{}.plus(0))})
            if (number == 0 || (number > 0 && op->entries[static_cast<std::size_t>(number)].kind ==
                                                  Entry::Kind::other))
                add(std::string("pointwise/") + op->name + (number ? "/derivative" : "/forward"),
                    [op, number](benchmark::State& state) { run_entry(state, *op, number); });
    static const std::vector<OpCase> cases = bench::op_cases();
    for (const OpCase& op : cases)
        for (bool backward : {false, true})
            if (op.backward || !backward) add_case(op, backward);
    return 0;
}();

}  // namespace
