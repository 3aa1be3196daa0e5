// einsum, reading and writing by index, and some scalar functions, against NumPy, PyTorch and
// mpmath.
#include <cmath>
#include <cstdint>
#include <limits>

#include "tests/autograd/support.h"
#include "tests/golden/index_golden.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::test;

namespace {

using V = std::vector<double>;

Tensor spread(const Shape& shape, double phase) {
    V values(static_cast<std::size_t>(numel(shape)));
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = std::sin(static_cast<double>(i) * 1.7 + phase) * 1.5;
    return tensor(values, {static_cast<std::int64_t>(values.size())}, {.dtype = f64})
        .as_strided(shape, contiguous_strides(shape), 0);
}
Tensor line(const V& values) { return tensor(values, {}, {.dtype = f64}); }
Tensor whole(const V& values, const Shape& shape) { return tensor(values, shape, {.dtype = i64}); }

void check_close(const Tensor& got, const V& expected, double relative = 1e-12) {
    const V values = got.to_vector();
    REQUIRE(values.size() == expected.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        const bool close = values[i] == expected[i] ||
                           (std::isnan(values[i]) && std::isnan(expected[i])) ||
                           std::abs(values[i] - expected[i]) <= relative * std::abs(expected[i]);
        CHECK_MESSAGE(close, "element ", i, ": ", values[i], " against ", expected[i]);
    }
}

}  // namespace

TEST_CASE("einsum: values are NumPy's, in f64, f32 and i64, for every layout") {
    for (const golden::Einsum& c : golden::einsums) {
        const std::string equation = c.equation;
        CAPTURE(equation);
        for (Layout layout : all_layouts)
            for (DType dtype : {f64, f32}) {
                std::vector<Tensor> operands;
                for (std::size_t k = 0; k < c.operands.size(); ++k)
                    operands.push_back(
                        to(laid_out(spread(c.operands[k], static_cast<double>(k) + 0.5), layout),
                           dtype));
                const Tensor y = einsum(c.equation, operands);
                CHECK(y.shape() == c.shape);
                CHECK(y.dtype() == dtype);
                const V got = y.to_vector();
                REQUIRE(got.size() == c.values.size());
                const double tolerance = dtype == f64 ? 1e-13 : 1e-5;
                for (std::size_t i = 0; i < got.size(); ++i)
                    CHECK(std::abs(got[i] - c.values[i]) <=
                          tolerance * (1 + std::abs(c.values[i])));
            }
        // With whole numbers i64, which adds products without matmul, and f64, which uses it,
        // agree.
        std::vector<Tensor> real, integer;
        for (std::size_t k = 0; k < c.operands.size(); ++k) {
            real.push_back(round(spread(c.operands[k], static_cast<double>(k) + 0.5) * 4.0));
            integer.push_back(to(real.back(), i64));
        }
        const Tensor y = einsum(c.equation, integer);
        CHECK(y.dtype() == i64);
        CHECK(y.to_vector() == einsum(c.equation, real).to_vector());
    }
}

TEST_CASE("indexing: values are PyTorch's") {
    const Tensor x = spread({4, 3}, 0), wide = spread({3, 6}, 0), src = spread({3, 5}, 1);
    const Tensor ids = whole({0, 2, 0, 1, 1, 1, 1, 1, 0, 3, 3, 2, 1, 0, 3}, {3, 5});
    check_close(scatter_reduce(wide, 1, ids, src, Combine::sum), golden::scatter_sum);
    check_close(scatter_reduce(wide, 1, ids, src, Combine::prod), golden::scatter_prod);
    check_close(scatter_reduce(wide, 1, ids, src, Combine::amax), golden::scatter_amax);
    check_close(scatter_reduce(wide, 1, ids, src, Combine::amin), golden::scatter_amin);
    check_close(
        index_put(x, {whole({2, 0}, {2, 1}), whole({1, 2, 1}, {3})}, spread({2, 3}, 1), true),
        golden::index_put_accumulate);
    check_close(masked_fill(x, x > 0.4, -7), golden::masked_fill);
    check_close(masked_select(x, x > 0.4), golden::masked_select);
    check_close(nonzero(relu(x)), golden::nonzero);
    check_close(cumprod(x, 0), golden::cumprod);
    check_close(tile(x, {2, 1, 2}), golden::tile);
    check_close(repeat_interleave(x, whole({1, 0, 3, 2}, {4}), 0), golden::repeat_interleave);
    const Unique different = unique(round(x * 2.0));
    check_close(different.values, golden::unique_values);
    check_close(different.inverse, golden::unique_inverse);
    check_close(different.counts, golden::unique_counts);
    const Tensor lines = sort(spread({2, 5}, 0), 1).values;
    const Tensor sought = concat({spread({2, 3}, 2), narrow(lines, 1, 1, 2)}, 1);
    check_close(searchsorted(lines, sought), golden::search_left);
    check_close(searchsorted(lines, sought, true), golden::search_right);
    const auto grid = meshgrid({arange(0, 2), arange(0, 3)});
    check_close(grid[0], golden::grid_0);
    check_close(grid[1], golden::grid_1);
}

TEST_CASE("indexing: scatter_reduce combines numbers of every dtype, with or without those of x") {
    const V x{3, 250, 7, 9}, src{200, 2, 251, 5, 4, 255};
    const std::vector<std::size_t> at{0, 1, 0, 1, 1, 2};
    const Tensor index = whole({0, 1, 0, 1, 1, 2}, {6});
    for (const DType dtype : {f32, f64, i64, u8})
        for (const Combine how : {Combine::prod, Combine::amax, Combine::amin})
            for (const bool include_self : {true, false}) {
                if (how == Combine::prod && dtype == u8) continue;  // it would overflow
                V expected = x;
                std::vector<bool> fresh(x.size(), !include_self);
                for (std::size_t i = 0; i < at.size(); ++i) {
                    double& cell = expected[at[i]];
                    cell = fresh[at[i]]           ? src[i]
                           : how == Combine::prod ? cell * src[i]
                           : how == Combine::amax ? std::max(cell, src[i])
                                                  : std::min(cell, src[i]);
                    fresh[at[i]] = false;
                }
                const Tensor got = scatter_reduce(to(line(x), dtype), 0, index,
                                                  to(line(src), dtype), how, include_self);
                CHECK(got.dtype() == dtype);
                CHECK(got.to_vector() == expected);
            }
}

TEST_CASE("indexing: scatter_reduce is exact among the limits of i64, without those of x, too") {
    constexpr std::int64_t least = INT64_MIN, largest = INT64_MAX;
    const auto exact = [](const std::vector<std::int64_t>& values) {
        return from_span(std::span(values), {static_cast<std::int64_t>(values.size())});
    };
    const Tensor x = exact({5, 6, 7});
    const Tensor src = exact({largest, largest - 1, least, least + 1});
    const Tensor index = whole({0, 1, 2, 2}, {4});
    const auto reduced = [&](Combine how, bool include_self) {
        const Tensor y = scatter_reduce(x, 0, index, src, how, include_self);
        return std::vector<std::int64_t>(y.data<std::int64_t>(), y.data<std::int64_t>() + 3);
    };
    using Whole = std::vector<std::int64_t>;
    CHECK(reduced(Combine::amin, false) == Whole{largest, largest - 1, least});
    CHECK(reduced(Combine::amax, false) == Whole{largest, largest - 1, least + 1});
    CHECK(reduced(Combine::amin, true) == Whole{5, 6, least});
    CHECK(reduced(Combine::amax, true) == Whole{largest, largest - 1, 7});
}

TEST_CASE("indexing: of equal positions the last wins, and only it has a gradient") {
    const Tensor x = zeros({3}, {.dtype = f64}).requires_grad_();
    const Tensor y = line({1, 2, 3, 4}).requires_grad_();
    const Tensor at = whole({2, 0, 2, 0}, {4});
    for (const auto& put : std::vector<std::function<Tensor()>>{
             [&] { return scatter(x, 0, at, y); }, [&] { return index_copy(x, 0, at, y); },
             [&] { return index_put(x, {at}, y); },
             [&] {
                 return scatter_nd(x, reshape(at, {4, 1}), y);
             }}) {
        const Tensor out = put();
        CHECK(out.to_vector() == V{4, 0, 3});
        const auto g = grad(out, {x, y}, {.gradient = line({10, 20, 30})});
        CHECK(g[0].to_vector() == V{0, 20, 0});
        CHECK(g[1].to_vector() == V{0, 0, 30, 10});
    }
}

TEST_CASE("indexing: small and empty tensors and other dtypes have the expected results") {
    CHECK(nonzero(Tensor(3)).shape() == Shape{1, 0});
    CHECK(nonzero(Tensor(0.0)).shape() == Shape{0, 0});
    CHECK(nonzero(zeros({2, 0})).shape() == Shape{0, 2});
    CHECK(masked_select(Tensor(3), tensor({1, 0, 1}, {3}, {.dtype = boolean})).to_vector() ==
          V{3, 3});
    CHECK(masked_select(whole({5, 6}, {2}), tensor({0, 1}, {2}, {.dtype = boolean})).to_vector() ==
          V{6});
    CHECK(masked_fill(whole({5, 6}, {2}), tensor({0, 1}, {2}, {.dtype = boolean}), -1).dtype() ==
          i64);
    CHECK(masked_fill(tensor({0, 1}, {2}, {.dtype = boolean}),
                      tensor({1, 0}, {2}, {.dtype = boolean}), 1)
              .dtype() == boolean);
    CHECK(unique(zeros({0})).values.shape() == Shape{0});
    CHECK(unique(Tensor(7)).counts.to_vector() == V{1});
    // the example of ONNX GatherND
    CHECK(gather_nd(whole({0, 1, 2, 3}, {2, 2}), whole({0, 0, 1, 1}, {2, 2})).to_vector() ==
          V{0, 3});
    CHECK(gather_nd(whole({0, 1, 2, 3, 4, 5, 6, 7}, {2, 2, 2}), whole({1, 0}, {2, 1}), 1)
              .to_vector() == V{2, 3, 4, 5});
    CHECK(scatter_nd(whole({1, 2, 3, 4, 5, 6, 7, 8}, {8}), whole({4, 3, 1, 7}, {4, 1}),
                     whole({9, 10, 11, 12}, {4}))
              .to_vector() == V{1, 11, 3, 10, 9, 6, 7, 12});
    CHECK(index_put(zeros({2, 0}), {whole({0}, {1})}, zeros({0})).shape() == Shape{2, 0});
    CHECK(searchsorted(tensor({1, 3, 5}), Tensor(3)).item() == 1);
    CHECK(bucketize(tensor({0, 3, 9}), tensor({1, 3, 5}), true).to_vector() == V{0, 2, 3});
    CHECK(searchsorted(zeros({0}), zeros({2})).to_vector() == V{0, 0});
    CHECK(eye(2, 3).to_vector() == V{1, 0, 0, 0, 1, 0});
    CHECK(eye(3, 2).to_vector() == V{1, 0, 0, 1, 0, 0});
    CHECK(eye(0, 2).shape() == Shape{0, 2});
    // the highest rank
    CHECK(tile(zeros({1, 1, 1, 1, 1, 1, 1, 2}), {3}).shape() == Shape{1, 1, 1, 1, 1, 1, 1, 6});
    const Tensor square = reshape(arange(0, 9, 1, {.dtype = f64}), {3, 3});
    CHECK(diagonal(square, -1).to_vector() == V{3, 7});
    CHECK(&diagonal(square).storage() == &square.storage());
    const Tensor weight = ones({3, 2}, {.dtype = f64}).requires_grad_();
    CHECK(grad(sum(embedding(weight, whole({1, 0, 1}, {3}), 1)), {weight})[0].to_vector() ==
          V{1, 1, 0, 0, 0, 0});
}

TEST_CASE("ndtr and log_ndtr: both tails are accurate, in f64 and f32") {
    const Tensor x = line(golden::normal_at).requires_grad_();
    check_close(ndtr(x), golden::ndtr, 2e-15);
    check_close(log_ndtr(x), golden::log_ndtr, 2e-15);
    check_close(grad(sum(log_ndtr(x)), {x})[0], golden::log_ndtr_slope, 1e-13);
    // f32 is computed in f64 and rounded once.
    const Tensor single = to(detach(x), f32);
    CHECK(log_ndtr(single).to_vector() == to(log_ndtr(to(single, f64)), f32).to_vector());
    CHECK(ndtr(single).to_vector() == to(ndtr(to(single, f64)), f32).to_vector());
}

TEST_CASE("remainders, logaddexp, hypot and xlogy are right at the edges of their domains") {
    check_close(remainder(line(golden::modulo_a), line(golden::modulo_b)), golden::remainder);
    check_close(fmod(line(golden::modulo_a), line(golden::modulo_b)), golden::fmod);
    check_close(logaddexp(line(golden::logadd_a), line(golden::logadd_b)), golden::logaddexp);
    check_close(hypot(line({3, 1e200, 1e-200, -5}), line({4, 1e200, 1e-200, 12})), golden::hypot);
    const double inf = std::numeric_limits<double>::infinity();
    check_close(xlogy(line({0, 0, 0, 2, -1.5}), line({0, inf, -1, 3, 0.5})), golden::xlogy);
    const Tensor a = whole({7, -7, 7, -7, 5, INT64_MIN / 2, 3}, {7});
    const Tensor b = whole({2, 2, -2, -2, 0, -1, 5}, {7});
    CHECK(remainder(a, b).to_vector() == V{1, 1, -1, -1, 0, 0, 3});
    CHECK(fmod(a, b).to_vector() == V{1, -1, 1, -1, 0, 0, 3});
    CHECK(fmod(tensor({250, 7}, {2}, {.dtype = u8}), tensor({255, 255}, {2}, {.dtype = u8}))
              .to_vector() == V{250, 7});
    CHECK(threshold(line({0.5, 1, 2}), {.threshold = 1}).to_vector() == V{0, 0, 2});
    CHECK(hardshrink(line({0.5, -0.6, 2})).to_vector() == V{0, -0.6, 2});
}
