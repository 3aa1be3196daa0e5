// The kernels reduce and argmax against loops in f64.
#include <cmath>
#include <limits>

#include "tensor/contract/kernels.h"
#include "tensor/raw_copy.h"
#include "tests/tensor/layouts.h"

using namespace eps;
using namespace eps::test;
using kernels::Reduction;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

Shape reduced_shape(const Tensor& src, const Dims& dims) {
    Shape shape = src.shape();
    for (std::int64_t d : dims) shape[static_cast<int>(d)] = 1;
    return shape;
}

Tensor reduce(Reduction reduction, const Tensor& src, const Dims& dims, DType dtype) {
    Tensor out = empty(reduced_shape(src, dims), {.dtype = dtype});
    kernels::reduce(reduction, out, src, dims);
    return out;
}
Tensor reduce(Reduction reduction, const Tensor& src, const Dims& dims) {
    return reduce(reduction, src, dims, src.dtype());
}

double combine(Reduction reduction, double a, double b) {
    if (reduction == Reduction::sum) return a + b;
    if (std::isnan(a) || std::isnan(b)) return std::nan("");
    return reduction == Reduction::max ? std::max(a, b) : std::min(a, b);
}

// The reduction by a plain loop in f64, and the sum of magnitudes, which bounds the rounding error.
struct Naive {
    Tensor value, magnitude;
};
Naive naive(Reduction reduction, const Tensor& src, const Dims& dims) {
    const Shape shape = reduced_shape(src, dims);
    const double extreme = reduction == Reduction::max ? -inf : inf;
    const double first = reduction == Reduction::sum ? 0 : extreme;
    Naive result{full(shape, first, {.dtype = f64}), zeros(shape, {.dtype = f64})};
    for_each_index(src.shape(), [&](const Dims& index) {
        Dims to = index;
        for (std::int64_t d : dims) to[static_cast<int>(d)] = 0;
        double& value = result.value.data<double>()[offset_of(result.value, to)];
        value = combine(reduction, value, at(src, index));
        result.magnitude.data<double>()[offset_of(result.magnitude, to)] +=
            std::abs(at(src, index));
    });
    return result;
}

void check_reduction(Reduction reduction, const Tensor& src, const Dims& dims, DType dtype) {
    const Tensor out = reduce(reduction, src, dims, dtype);
    const Naive expected = naive(reduction, src, dims);
    const double unit = dtype == f32 ? 0x1p-24 : dtype == f64 ? 0x1p-53 : 0;
    INFO("src ", describe(src).to_string(), " strides ", src.strides().to_string(), " over ",
         dims.to_string(), " into ", name_of(dtype));
    std::int64_t wrong = 0;
    for_each_index(out.shape(), [&](const Dims& index) {
        const double tolerance =
            reduction == Reduction::sum ? 40 * unit * at(expected.magnitude, index) : 0;
        const double got = at(out, index), wanted = at(expected.value, index);
        if (!(std::abs(got - wanted) <= tolerance) && !(got == wanted) &&
            !(std::isnan(got) && std::isnan(wanted)))
            ++wrong;
    });
    CHECK(wrong == 0);
}

Dims random_dims(Random& random, int rank) {
    Dims dims;
    for (int d = 0; d < rank; ++d)
        if (pick(random, 0, 1)) dims.push_back(d);
    return dims;
}

}  // namespace

TEST_CASE("reduce agrees with a plain loop in f64, over any dims of any layout") {
    Random random(1);
    for (DType dtype : {f32, f64, i64, u8, boolean})
        for (int i = 0; i < 80; ++i) {
            const Shape shape = random_shape(random, static_cast<int>(pick(random, 0, 5)), 1, 7);
            const std::int64_t range = dtype == boolean ? 1 : dtype == u8 ? 255 : 0;
            const Tensor src =
                random_tensor(random, shape, dtype,
                              {.low = dtype == i64 ? -50 : 0, .high = dtype == i64 ? 50 : range});
            const Dims dims = random_dims(random, shape.rank());
            check_reduction(Reduction::sum, src, dims, is_floating(dtype) ? dtype : i64);
            check_reduction(Reduction::max, src, dims, dtype);
            check_reduction(Reduction::min, src, dims, dtype);
        }
}

TEST_CASE("reduce agrees around the sizes where the algorithm changes") {
    Random random(2);
    for (std::int64_t rows : {1, 2, 3, 15, 16, 17, 255, 256, 257, 1025})
        for (std::int64_t columns :
             {1, 2, 3, 10, 31, 32, 33, 63, 64, 65, 128, 129, 255, 256, 257, 300}) {
            const Tensor src =
                raw::contiguous(random_tensor(random, {rows, columns}, f32, {.broadcast = false}));
            for (const Dims& dims : {Dims{0}, Dims{1}, Dims{0, 1}}) {
                check_reduction(Reduction::sum, src, dims, f32);
                check_reduction(Reduction::max, src, dims, f32);
            }
        }
    for (std::int64_t n : {4095, 4096, 4097, 100000})
        check_reduction(Reduction::sum, random_tensor(random, {n}, f64), {0}, f64);
    // [B, H, W, C]
    const Tensor images =
        raw::contiguous(random_tensor(random, {5, 6, 7, 40}, f32, {.broadcast = false}));
    const Tensor channels_last = images.as_strided({5, 40, 6, 7}, {6 * 7 * 40, 1, 7 * 40, 40}, 0);
    for (const Dims& dims : {Dims{0, 2, 3}, Dims{1}, Dims{0}, Dims{2, 3}, Dims{0, 1, 2, 3}})
        check_reduction(Reduction::sum, channels_last, dims, f32);
}

TEST_CASE("reduce gives the same bits on any number of threads") {
    Random random(3);
    const auto check_threads = [&](const Shape& shape, const Dims& dims) {
        const Tensor src = raw::contiguous(random_tensor(random, shape, f32, {.broadcast = false}));
        same_on_any_threads([&] { return reduce(Reduction::sum, src, dims); });
    };
    check_threads({300001}, {0});
    check_threads({3, 100001}, {1});
    check_threads({100001, 3}, {0});
    check_threads({5000, 70}, {0});
    check_threads({300, 1000}, {0});
    check_threads({300, 1000}, {1});
    check_threads({8, 16, 40, 50}, {0, 2, 3});
    check_threads({50000, 7}, {1});
}

TEST_CASE("reduce propagates NaN and infinities; empty sums give the identity") {
    const double nan = std::nan("");
    for (std::int64_t n : {3, 40, 100, 5000})
        for (std::int64_t where : {std::int64_t{0}, n / 2, n - 1}) {
            std::vector<double> values(static_cast<std::size_t>(n), 1);
            values[static_cast<std::size_t>(where)] = nan;
            for (DType dtype : {f32, f64}) {
                const Tensor row = tensor(values, {1, n}, {.dtype = dtype}),
                             column = tensor(values, {n, 1}, {.dtype = dtype});
                const Tensor wide =
                    raw::contiguous(raw::to(column, dtype).as_strided({n, 9}, {1, 0}, 0));
                for (Reduction reduction : {Reduction::sum, Reduction::max, Reduction::min}) {
                    CHECK(std::isnan(reduce(reduction, row, {1}).item()));
                    CHECK(std::isnan(reduce(reduction, column, {0}).item()));
                    for (double x : reduce(reduction, wide, {0}).to_vector()) CHECK(std::isnan(x));
                }
            }
        }
    CHECK(reduce(Reduction::max, tensor({-inf, -inf}), {0}).item() == -inf);
    CHECK(reduce(Reduction::sum, tensor({inf, 1}), {0}).item() == inf);
    CHECK(reduce(Reduction::sum, empty({0, 3}), {0}).to_vector() == std::vector<double>{0, 0, 0});
    CHECK(reduce(Reduction::max, empty({2, 0}), {1}).to_vector() ==
          std::vector<double>{-inf, -inf});
    CHECK(reduce(Reduction::min, empty({0}), {0}).item() == inf);
    CHECK(reduce(Reduction::sum, empty({0, 3}), {1}).numel() == 0);
    CHECK(reduce(Reduction::sum, Tensor(4), {}).item() == 4);
}

TEST_CASE("reduce keeps the digits of a long sum in f32") {
    Tensor tenths = full({1 << 24}, 0.1);
    CHECK(reduce(Reduction::sum, tenths, {0}).item() ==
          doctest::Approx(double{0.1f} * (1 << 24)).epsilon(1e-6));
    CHECK(reduce(Reduction::sum, tenths.as_strided({1 << 21, 8}, {8, 1}, 0), {0}).to_vector()[3] ==
          doctest::Approx(double{0.1f} * (1 << 21)).epsilon(1e-6));
}

TEST_CASE("reduce throws on a conversion that it lacks") {
    Tensor out = empty({}, {.dtype = f64});
    CHECK_THROWS_WITH_AS(kernels::reduce(Reduction::sum, out, Tensor(1), {}),
                         "reduce: no such conversion; got f32 into f64", Error);
}

TEST_CASE("argmax gives the first of the largest, with NaN as the largest") {
    Random random(4);
    for (DType dtype : {f32, f64, i64, u8, boolean})
        for (int i = 0; i < 60; ++i) {
            Shape shape = random_shape(random, static_cast<int>(pick(random, 1, 4)), 1, 6);
            const int dim = static_cast<int>(pick(random, 0, shape.rank() - 1));
            if (i % 3 == 0) shape[dim] = pick(random, 60, 150);
            Tensor src =
                random_tensor(random, shape, dtype, {.low = 0, .high = dtype == boolean ? 1 : 20});
            if (is_floating(dtype) && i % 2) {
                src = raw::clone(src);
                for (int k = 0; k < 3; ++k)
                    visit(dtype, [&]<class T>() {
                        src.data<T>()[pick(random, 0, src.numel() - 1)] = convert<T>(std::nan(""));
                    });
            }
            for (bool smallest : {false, true}) {
                const Tensor out = same_on_any_threads([&] {
                    Tensor indices = empty(reduced_shape(src, {dim}), {.dtype = i64});
                    kernels::argmax(indices, src, dim, smallest);
                    return indices;
                });
                std::int64_t wrong = 0;
                for_each_index(out.shape(), [&](const Dims& index) {
                    Dims here = index;
                    std::int64_t best = 0;
                    double so_far = at(src, index);
                    for (std::int64_t k = 1; k < src.size(dim); ++k) {
                        here[dim] = k;
                        const double x = at(src, here);
                        if (std::isnan(so_far)) break;
                        if (std::isnan(x) || (smallest ? x < so_far : x > so_far)) {
                            best = k;
                            so_far = x;
                        }
                    }
                    wrong += at(out, index) != static_cast<double>(best);
                });
                CHECK(wrong == 0);
            }
        }
}
