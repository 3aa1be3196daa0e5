// Every entry of every derivative table, straight from the CPU kernels: derivatives, precision,
// layouts, threads, extreme inputs.
#include <algorithm>
#include <limits>
#include <tuple>

#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/runtime/parallel.h"
#include "tests/autograd/pointwise_table.h"

using namespace eps;
using namespace eps::test;

namespace {

double largest(const std::vector<double>& values) {
    double most = 0;
    for (double v : values) most = std::max(most, std::abs(v));
    return most;
}

std::vector<Tensor> cast_all(std::vector<Tensor> tensors, DType dtype) {
    for (Tensor& x : tensors) x = to(x, dtype);
    return tensors;
}

Tensor value_of(const PointwiseOp& op, std::size_t number, const Tensor& g,
                const std::vector<Tensor>& inputs) {
    Tensor out =
        empty(inputs[0].shape(),
              {.dtype = op.kind == PointwiseKind::predicate ? boolean : inputs[0].dtype()});
    run_entry(op, attributes_of(op), number, out, g, inputs);
    return out;
}

// The entry one order lower, and the input by which entry `number` differentiates it.
std::pair<std::size_t, int> lower_entry(const PointwiseOp& op, std::size_t number) {
    MultiIndex index = op.entries[number].index;
    const int by = index.inputs[static_cast<std::size_t>(--index.order)];
    index.inputs[static_cast<std::size_t>(index.order)] = 0;
    const int lower = op.entry_of(index);
    REQUIRE(lower >= 0);
    return {static_cast<std::size_t>(lower), by};
}

}  // namespace

TEST_CASE("pointwise: each entry is the derivative of the entry one order lower") {
    constexpr std::int64_t n = 40;
    constexpr double h = 1e-4;
    std::size_t checked = 0;
    for (const PointwiseOp* op : ops_and_derivatives_from_output())
        for (std::size_t number = 1; number < op->entries.size(); ++number, ++checked) {
            std::size_t lower = 0;
            int by = 0;
            std::tie(lower, by) = lower_entry(*op, number);
            const std::vector<Tensor> inputs = samples(*op, {n});
            const Tensor g = ones({n}, {.dtype = f64});
            const auto shifted = [&](double by_how_much) {
                std::vector<Tensor> moved = inputs;
                Tensor& x = moved[static_cast<std::size_t>(by)];
                x = clone(x);
                for (std::int64_t i = 0; i < n; ++i) x.data<double>()[i] += by_how_much;
                return value_of(*op, lower, g, moved).to_vector();
            };
            const auto a = shifted(-2 * h), b = shifted(-h), c = shifted(h), d = shifted(2 * h),
                       derivative = value_of(*op, number, g, inputs).to_vector();
            const double tolerance = 1e-9 * (1 + largest(b) + largest(derivative));
            for (std::size_t i = 0; i < n; ++i) {
                const double numeric = (8 * (c[i] - b[i]) - (d[i] - a[i])) / (12 * h);
                CHECK_MESSAGE(std::abs(derivative[i] - numeric) <= tolerance,
                              entry_name(*op, number), " at sample ", i, ": ", derivative[i],
                              " against ", numeric);
            }
        }
    CHECK(checked > 300);
}

TEST_CASE("pointwise: derivative_from_output agrees with the first derivative") {
    int checked = 0;
    for (const PointwiseOp* op : all_pointwise_ops()) {
        if (!op->derivative_from_output) continue;
        ++checked;
        const std::vector<Tensor> x = samples(*op, {50});
        const Tensor g = uniform({50}, -2, 2, 99), y = value_of(*op, 0, {}, x);
        const auto from_input = value_of(*op, 1, g, x).to_vector(),
                   from_output = value_of(*op->derivative_from_output, 0, {}, {g, y}).to_vector();
        for (std::size_t i = 0; i < 50; ++i)
            CHECK_MESSAGE(from_output[i] == doctest::Approx(from_input[i]).epsilon(1e-12),
                          std::string(op->name));
    }
    CHECK(checked >= 5);
}

TEST_CASE("pointwise: f32 entries agree with f64") {
    constexpr double tolerance = 64 * 0x1p-24;
    for (const PointwiseOp* op : ops_and_derivatives_from_output())
        for (std::size_t number = 0; number < op->entries.size(); ++number) {
            const std::vector<Tensor> inputs = samples(*op, {200}, 3);
            const Tensor g = to(to(uniform({200}, -2, 2, 98), f32), f64);
            const auto exact = value_of(*op, number, g, inputs).to_vector();
            const auto got = value_of(*op, number, to(g, f32), cast_all(inputs, f32)).to_vector();
            const double magnitude = largest(exact);
            for (std::size_t i = 0; i < exact.size(); ++i)
                CHECK_MESSAGE(std::abs(got[i] - exact[i]) <= tolerance * magnitude,
                              entry_name(*op, number), " at sample ", i, ": f32 ", got[i], ", f64 ",
                              exact[i]);
        }
}

TEST_CASE("pointwise: the same bits for every layout, mix of dtypes and number of threads") {
    const int before = num_threads();
    for (const PointwiseOp* op : ops_and_derivatives_from_output())
        for (std::size_t number = 0; number < op->entries.size(); ++number) {
            // Around a tile for every entry; past two thread grains for the forward and first
            // derivatives.
            const bool low_order = op->entries[number].index.order <= 1;
            const auto sizes = low_order ? std::vector<std::int64_t>{1, 1023, 1025, 32771}
                                         : std::vector<std::int64_t>{1024, 1025};
            for (const std::int64_t n : sizes) {
                const std::vector<Tensor> inputs = cast_all(samples(*op, {n}, 5), f32);
                const Tensor g = to(uniform({n}, -2, 2, 97), f32);
                set_num_threads(1);
                const Tensor expected = value_of(*op, number, g, inputs);
                for (int threads : {2, 3, 1}) {
                    set_num_threads(threads);
                    CHECK_MESSAGE(same_bits(expected, value_of(*op, number, g, inputs)),
                                  entry_name(*op, number), " of ", n, " on ", threads, " threads");
                }
                // through tiles: the first input strided, the last in another dtype
                std::vector<Tensor> strided = inputs;
                strided[0] = laid_out(inputs[0], Layout::sliced);
                Tensor out = laid_out(expected, Layout::sliced).fill_(0);
                run_entry(*op, attributes_of(*op), number, out, g, strided);
                CHECK_MESSAGE(same_bits(expected, out), entry_name(*op, number), " of ", n,
                              ", strided");
                if (op->kind == PointwiseKind::predicate) continue;
                strided = inputs;
                strided.back() = to(inputs.back(), f64);
                out.fill_(0);
                run_entry(*op, attributes_of(*op), number, out, laid_out(g, Layout::sliced),
                          strided);
                CHECK_MESSAGE(same_bits(expected, out), entry_name(*op, number), " of ", n,
                              ", mixed");
            }
        }
    set_num_threads(before);
}

namespace {

// Every combination of `values` as the inputs of an op, in f64.
std::vector<Tensor> combinations(const PointwiseOp& op, const std::vector<double>& values) {
    const auto base = static_cast<std::int64_t>(values.size());
    std::int64_t count = 1;
    for (int j = 0; j < op.arity; ++j) count *= base;
    std::vector<Tensor> inputs;
    for (std::int64_t j = 0, divisor = 1; j < op.arity; ++j, divisor *= base) {
        inputs.push_back(empty({count}, {.dtype = f64}));
        for (std::int64_t i = 0; i < count; ++i)
            inputs.back().data<double>()[i] = values[static_cast<std::size_t>(i / divisor % base)];
    }
    return inputs;
}

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double not_number = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("pointwise: f32 and f64 agree on zeros, infinities, NaN, tiny and large inputs") {
    // The square of the tiny ones is still an f32: where it underflows, 0 inf is NaN in f32 only.
    const std::vector<double> extremes = {1e4,  -1e4, 0x1p-60, -0x1p-60,   0.0,
                                          -0.0, inf,  -inf,    not_number, 1};
    for (const PointwiseOp* op : all_pointwise_ops()) {
        const std::vector<Tensor> inputs = combinations(*op, extremes);
        const auto exact = value_of(*op, 0, {}, inputs).to_vector(),
                   got = value_of(*op, 0, {}, cast_all(inputs, f32)).to_vector();
        for (std::size_t i = 0; i < exact.size(); ++i) {
            double scale = std::abs(exact[i]);
            std::string at;
            for (const Tensor& x : inputs) {
                const double v = x.data<double>()[i];
                if (std::isfinite(v)) scale = std::max(scale, std::abs(v));
                at += " " + std::to_string(v);
            }
            const bool overflows = std::abs(exact[i]) > std::numeric_limits<float>::max() &&
                                   std::abs(got[i]) == inf && (exact[i] > 0) == (got[i] > 0);
            const bool close = got[i] == exact[i] || (got[i] != got[i] && exact[i] != exact[i]) ||
                               overflows || std::abs(got[i] - exact[i]) <= 1e-5 * scale;
            CHECK_MESSAGE(close, std::string(op->name), " of", at, ": f32 ", got[i], ", f64 ",
                          exact[i]);
        }
    }
}

TEST_CASE("pointwise: NaN in, NaN out") {
    // What selects does not read the branch not taken, and x^0 = 1^x = 1 whatever x, as in C.
    const std::vector<std::string> selects = {"where", "pow"};
    for (const PointwiseOp* op : all_pointwise_ops()) {
        if (op->kind == PointwiseKind::predicate ||
            std::count(selects.begin(), selects.end(), op->name))
            continue;
        for (DType dtype : {f32, f64})
            for (int j = 0; j < op->arity; ++j) {
                std::vector<Tensor> inputs = cast_all(samples(*op, {20}), dtype);
                inputs[static_cast<std::size_t>(j)].fill_(not_number);
                for (double y : value_of(*op, 0, {}, inputs).to_vector())
                    CHECK_MESSAGE(y != y, std::string(op->name), " of NaN as input ", j, " in ",
                                  to_string(dtype));
            }
    }
}

TEST_CASE("pointwise: where the value is finite at +-10000, so are the first derivatives") {
    // These have a pole of the derivative among the combinations of 10000, 0 and 1.
    const std::vector<std::string> poles = {"sqrt", "cbrt",  "pow",  "asin",
                                            "acos", "acosh", "atan2"};
    for (const PointwiseOp* op : all_pointwise_ops()) {
        if (std::count(poles.begin(), poles.end(), op->name)) continue;
        const std::vector<Tensor> inputs = cast_all(combinations(*op, {1e4, -1e4, 0, 1}), f32);
        const auto value = value_of(*op, 0, {}, inputs).to_vector();
        for (std::size_t number = 1;
             number < op->entries.size() && op->entries[number].index.order == 1; ++number) {
            const auto derivative =
                value_of(*op, number, ones(inputs[0].shape()), inputs).to_vector();
            for (std::size_t i = 0; i < value.size(); ++i)
                CHECK_MESSAGE((!std::isfinite(value[i]) || std::isfinite(derivative[i])),
                              entry_name(*op, number), " where the value is ", value[i], ": ",
                              derivative[i]);
        }
    }
}
