// The kernels gather, scatter, cumsum, argsort and searchsorted.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "tensor/contract/kernels.h"
#include "tensor/raw_copy.h"
#include "tests/tensor/layouts.h"

using namespace eps;
using namespace eps::test;

namespace {

/// A table, and indices into its dimension `dim`. The other extents of the index may be smaller.
struct Case {
    int dim;
    Tensor table, index;
    // x narrowed to the extents of the index, except in dim: what the kernels take.
    Tensor cut(const Tensor& x) const {
        Shape shape = index.shape();
        if (x.rank()) shape[dim] = x.size(dim);
        return x.as_strided(shape, x.strides(), x.offset());
    }
};

Case random_case(Random& random, DType dtype, bool own_table) {
    const Shape shape = random_shape(random, static_cast<int>(pick(random, 1, 4)), 1, 6);
    const int dim = static_cast<int>(pick(random, 0, shape.rank() - 1));
    Shape picked = shape;
    for (int d = 0; d < shape.rank(); ++d)
        picked[d] = d == dim ? pick(random, 0, 9) : pick(random, 1, shape[d]);
    return {dim,
            random_tensor(random, shape, dtype, {.broadcast = !own_table, .low = 0, .high = 100}),
            random_tensor(random, picked, i64,
                          {.low = 0, .high = shape[dim] - 1 > 0 ? shape[dim] - 1 : 0})};
}

// random_tensor gives normal numbers for the range [0, 0], where the index must be 0.
Tensor valid(const Tensor& index, std::int64_t extent) {
    if (extent > 1) return index;
    return zeros({}, {.dtype = i64}).as_strided(index.shape(), Dims::filled(index.rank(), 0), 0);
}

}  // namespace

TEST_CASE("gather follows the definition in any layout") {
    Random random(1);
    for (DType dtype : {f32, f64, i64, u8, boolean})
        for (int i = 0; i < 60; ++i) {
            Case c = random_case(random, dtype, false);
            c.index = valid(c.index, c.table.size(c.dim));
            const Tensor table = c.cut(c.table);
            const Tensor out = same_on_any_threads([&] {
                Tensor picked = empty(c.index.shape(), {.dtype = dtype});
                kernels::gather(picked, table, c.dim, c.index);
                return picked;
            });
            std::int64_t wrong = 0;
            for_each_index(out.shape(), [&](const Dims& index) {
                Dims from = index;
                from[c.dim] = static_cast<std::int64_t>(at(c.index, index));
                wrong += at(out, index) != at(table, from);
            });
            CHECK(wrong == 0);
        }
}

TEST_CASE("scatter, adding and overwriting, follows the definition in any layout") {
    Random random(2);
    for (DType dtype : {f32, f64, i64})
        for (int i = 0; i < 120; ++i) {
            const bool accumulate = i % 2 == 0;
            Case c = random_case(random, dtype, true);
            c.index = valid(c.index, c.table.size(c.dim));
            const Tensor added =
                random_tensor(random, c.index.shape(), dtype, {.low = -20, .high = 20});
            Tensor expected = raw::clone(c.table);
            for_each_index(c.index.shape(), [&](const Dims& index) {
                Dims to = index;
                to[c.dim] = static_cast<std::int64_t>(at(c.index, index));
                visit(dtype, [&]<class T>() {
                    T& cell = expected.data<T>()[offset_of(expected, to)];
                    cell = convert<T>((accumulate ? convert<double>(cell) : 0) + at(added, index));
                });
            });
            const Tensor out = same_on_any_threads([&] {
                Tensor whole = raw::clone(c.table), target = c.cut(whole);
                kernels::scatter(target, c.dim, c.index, added, accumulate);
                return whole;
            });
            CHECK(same_bits(out, expected));
        }
}

TEST_CASE("gather reads an embedding; scatter_add adds equal indices in their order") {
    Random random(3);
    const std::int64_t rows = 50, width = 100, count = 3000;
    const Tensor table =
        raw::contiguous(random_tensor(random, {rows, width}, f32, {.broadcast = false}));
    std::vector<double> picks;
    for (std::int64_t i = 0; i < count; ++i)
        picks.push_back(static_cast<double>(pick(random, 0, rows - 1)));
    const Tensor index =
        tensor(picks, {count}, {.dtype = i64}).as_strided({count, width}, {1, 0}, 0);
    const Tensor out = same_on_any_threads([&] {
        Tensor picked = empty({count, width});
        kernels::gather(picked, table, 0, index);
        return picked;
    });
    Tensor expected = raw::clone(table);
    std::int64_t wrong = 0;
    for (std::int64_t i = 0; i < count; ++i)
        for (std::int64_t j = 0; j < width; ++j) {
            const std::int64_t row = static_cast<std::int64_t>(picks[static_cast<std::size_t>(i)]);
            wrong += at(out, {i, j}) != at(table, {row, j});
            expected.data<float>()[row * width + j] += out.data<float>()[i * width + j];
        }
    CHECK(wrong == 0);
    CHECK(same_bits(expected, same_on_any_threads([&] {
                        Tensor sums = raw::clone(table);
                        kernels::scatter(sums, 0, index, out, true);
                        return sums;
                    })));
}

TEST_CASE("gather and scatter throw on an index out of range, from any thread") {
    const ThreadsGuard guard;
    set_num_threads(3);
    Tensor out = empty({100000}), table = ones({5});
    for (std::int64_t bad : {std::int64_t{5}, std::int64_t{-1}}) {
        Tensor index = zeros({100000}, {.dtype = i64});
        index.data<std::int64_t>()[77777] = bad;
        const std::string rest = str(": index out of range; got ", bad, "; expected 0 to 4");
        CHECK_THROWS_WITH_AS(kernels::gather(out, table, 0, index), ("gather" + rest).c_str(),
                             Error);
        CHECK_THROWS_WITH_AS(kernels::scatter(table, 0, index, out, true),
                             ("scatter_add" + rest).c_str(), Error);
        CHECK_THROWS_WITH_AS(kernels::scatter(table, 0, index, out, false),
                             ("scatter" + rest).c_str(), Error);
    }
}

TEST_CASE("gather and scatter find an index out of range wherever it stands, along any dim") {
    Tensor out = empty({4, 4}), table = ones({4, 4});
    for (const Strides& strides : {Strides{4, 1}, Strides{1, 4}, Strides{8, 2}})
        for (std::int64_t at = 0; at < 16; ++at)
            for (int dim : {0, 1}) {
                Tensor index = zeros({32}, {.dtype = i64}).as_strided({4, 4}, strides, 0);
                index.data<std::int64_t>()[at / 4 * strides[0] + at % 4 * strides[1]] = 4;
                CHECK_THROWS_AS(kernels::gather(out, table, dim, index), Error);
                CHECK_THROWS_AS(kernels::scatter(table, dim, index, out, true), Error);
            }
}

TEST_CASE("cumsum sums forwards and backwards along any dim") {
    Random random(4);
    for (DType dtype : {f32, f64, i64})
        for (int i = 0; i < 80; ++i) {
            Shape shape = random_shape(random, static_cast<int>(pick(random, 1, 4)), 1, 6);
            if (i % 8 == 0) shape[shape.rank() - 1] = 70;
            const int dim = static_cast<int>(pick(random, 0, shape.rank() - 1));
            const Tensor src = random_tensor(random, shape, dtype, {.low = -50, .high = 50});
            for (bool reverse : {false, true}) {
                const Tensor out = same_on_any_threads([&] {
                    Tensor totals = empty(shape, {.dtype = dtype});
                    kernels::cumsum(totals, src, dim, reverse);
                    return totals;
                });
                std::int64_t wrong = 0;
                for_each_index(shape, [&](const Dims& index) {
                    double total = 0;
                    Dims here = index;
                    for (std::int64_t k = 0; k < shape[dim]; ++k) {
                        here[dim] = k;
                        if (reverse ? k >= index[dim] : k <= index[dim]) total += at(src, here);
                    }
                    wrong += at(out, index) != total;
                });
                CHECK(wrong == 0);
            }
        }
    Tensor nothing = empty({0, 3});
    kernels::cumsum(nothing, empty({0, 3}), 0, false);
    Tensor single = empty({});
    kernels::cumsum(single, Tensor(3), 0, false);
    CHECK(single.item() == 3);
}

TEST_CASE(
    "cumsum keeps the digits of long sums in f32, forwards and backwards, in one line or many") {
    constexpr std::int64_t kLong = std::int64_t{1} << 22;
    const Tensor tenths = full({kLong}, 0.1);
    for (const std::int64_t lines : {1, 8, 300})
        for (bool reverse : {false, true}) {
            const std::int64_t length = kLong / lines;
            const Tensor src = tenths.as_strided({length, lines}, {lines, 1}, 0);
            Tensor out = empty(src.shape());
            kernels::cumsum(out, src, 0, reverse);
            const std::int64_t last = reverse ? 0 : length - 1;
            CHECK(at(out, {last, lines - 1}) ==
                  static_cast<float>(double{0.1f} * static_cast<double>(length)));
        }
    Tensor count = full({(std::int64_t{1} << 24) + 4}, 1.0);
    kernels::cumsum(count, full(count.shape(), 1.0), 0, false);
    CHECK(at(count, {(1 << 24) + 3}) == (1 << 24) + 4);
}

TEST_CASE("argsort is stable in both directions, with NaN as the largest") {
    Random random(5);
    for (DType dtype : {f32, f64, i64, u8})
        for (int i = 0; i < 40; ++i) {
            Shape shape = random_shape(random, static_cast<int>(pick(random, 1, 3)), 1, 6);
            const int dim = static_cast<int>(pick(random, 0, shape.rank() - 1));
            shape[dim] = pick(random, 1, 60);
            Tensor src = random_tensor(random, shape, dtype, {.low = 0, .high = 9});
            if (is_floating(dtype)) {
                src = raw::clone(src);
                for (int k = 0; k < 4; ++k)
                    visit(dtype, [&]<class T>() {
                        src.data<T>()[pick(random, 0, src.numel() - 1)] = convert<T>(std::nan(""));
                    });
            }
            for (bool descending : {false, true}) {
                const Tensor out = same_on_any_threads([&] {
                    Tensor order = empty(shape, {.dtype = i64});
                    kernels::argsort(order, src, dim, descending);
                    return order;
                });
                Shape lines = shape;
                lines[dim] = 1;
                std::int64_t wrong = 0;
                for_each_index(lines, [&](const Dims& line) {
                    std::vector<double> values;
                    std::vector<std::int64_t> order(static_cast<std::size_t>(shape[dim]));
                    Dims here = line;
                    for (std::int64_t k = 0; k < shape[dim]; ++k) {
                        here[dim] = k;
                        const double x = at(src, here);
                        values.push_back(std::isnan(x) ? 1e300 : x);
                    }
                    std::iota(order.begin(), order.end(), std::int64_t{0});
                    std::sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
                        const double x = values[static_cast<std::size_t>(a)];
                        const double y = values[static_cast<std::size_t>(b)];
                        if (x == y) return a < b;
                        return descending ? x > y : x < y;
                    });
                    for (std::int64_t k = 0; k < shape[dim]; ++k) {
                        here[dim] = k;
                        wrong += at(out, here) !=
                                 static_cast<double>(order[static_cast<std::size_t>(k)]);
                    }
                });
                CHECK(wrong == 0);
            }
        }
}

TEST_CASE("searchsorted agrees with std::lower_bound and upper_bound in any layout") {
    Random random(6);
    for (DType dtype : {f32, f64, i64, u8})
        for (int i = 0; i < 60; ++i) {
            const Shape shape = random_shape(random, static_cast<int>(pick(random, 1, 3)), 1, 6);
            Shape lines = shape;
            lines[lines.rank() - 1] = pick(random, 0, 9);
            const Tensor values = random_tensor(random, shape, dtype, {.low = 0, .high = 9});
            std::vector<double> numbers(static_cast<std::size_t>(numel(lines)));
            for (double& x : numbers) x = static_cast<double>(pick(random, 0, 9));
            for (auto first = numbers.begin(); first != numbers.end(); first += lines.back())
                std::sort(first, first + lines.back());
            Tensor sorted = random_tensor(random, lines, dtype, {.broadcast = false});
            sorted.copy_(tensor(numbers, lines, {.dtype = dtype}));
            for (bool right : {false, true}) {
                const Tensor out = same_on_any_threads([&] {
                    Tensor found = empty(shape, {.dtype = i64});
                    kernels::searchsorted(found, sorted, values, right);
                    return found;
                });
                std::int64_t wrong = 0;
                for_each_index(shape, [&](const Dims& index) {
                    std::vector<double> line;
                    Dims here = index;
                    for (here[shape.rank() - 1] = 0; here.back() < lines.back();
                         ++here[shape.rank() - 1])
                        line.push_back(at(sorted, here));
                    const double x = at(values, index);
                    const auto found = right ? std::upper_bound(line.begin(), line.end(), x)
                                             : std::lower_bound(line.begin(), line.end(), x);
                    wrong += at(out, index) != static_cast<double>(found - line.begin());
                });
                CHECK(wrong == 0);
            }
        }
    Tensor found = empty({3}, {.dtype = i64});
    const double none = std::nan("");
    kernels::searchsorted(found, tensor({1, 2, none}), tensor({none, 3, 0}), false);
    CHECK(found.to_vector() == std::vector<double>{2, 2, 0});
}
