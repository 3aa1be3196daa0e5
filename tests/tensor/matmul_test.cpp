// The kernel matmul against sums in f64.
#include <cmath>

#include "tensor/contract/kernels.h"
#include "tensor/raw_copy.h"
#include "tests/tensor/layouts.h"

using namespace eps;
using namespace eps::test;

namespace {

// Compares out = a b, or out += a b, with sums in f64.
void check_matmul(Random& random, const Tensor& a, const Tensor& b, bool accumulate) {
    const std::int64_t batch = a.size(0), m = a.size(1), k = a.size(2), n = b.size(2);
    const Tensor before =
        accumulate
            ? raw::contiguous(random_tensor(random, {batch, m, n}, a.dtype(), {.broadcast = false}))
            // The result must not depend on what the target contained.
            : full({batch, m, n}, std::nan(""), a.options());
    const Tensor out = same_on_any_threads([&] {
        Tensor target = raw::clone(before);
        kernels::matmul(target, a, b, accumulate);
        return target;
    });
    const double unit = a.dtype() == f32 ? 0x1p-24 : 0x1p-53;
    std::int64_t wrong = 0;
    for_each_index(out.shape(), [&](const Dims& i) {
        double value = accumulate ? at(before, i) : 0, magnitude = std::abs(value);
        for (std::int64_t j = 0; j < k; ++j) {
            const double product = at(a, {i[0], i[1], j}) * at(b, {i[0], j, i[2]});
            value += product;
            magnitude += std::abs(product);
        }
        if (!(std::abs(at(out, i) - value) <= static_cast<double>(k + 4) * unit * magnitude))
            ++wrong;
    });
    INFO("a ", a.shape().to_string(), " strides ", a.strides().to_string(), ", b ",
         b.shape().to_string(), " strides ", b.strides().to_string());
    CHECK(wrong == 0);
}

}  // namespace

TEST_CASE(
    "matmul takes any layout and any small shape, and gives the same bits on any number of "
    "threads") {
    Random random(1);
    for (DType dtype : {f32, f64})
        for (int i = 0; i < 150; ++i) {
            const std::int64_t batch = pick(random, 1, 3), m = pick(random, 1, 9),
                               n = pick(random, 1, 9), k = pick(random, 0, 9);
            check_matmul(random, random_tensor(random, {batch, m, k}, dtype),
                         random_tensor(random, {batch, k, n}, dtype), i % 2 == 1);
        }
}

TEST_CASE("matmul takes transposed, vector-like and odd shapes") {
    Random random(2);
    const std::int64_t shapes[][3] = {{1, 300, 70},   {70, 300, 1},   {1, 1, 1},
                                      {130, 70, 150}, {257, 33, 259}, {16, 6000, 16},
                                      {5, 20000, 3},  {30, 1100, 40},  // several blocks deep
                                      {25, 1024, 70},                  // rows that are a page apart
                                      {13, 5, 4100}};                  // several blocks wide
    for (const auto& [m, k, n] : shapes)
        for (int layout = 0; layout < 8; ++layout) {
            const DType dtype = layout & 4 ? f64 : f32;
            Tensor a =
                raw::contiguous(random_tensor(random, {1, m, k}, dtype, {.broadcast = false}));
            Tensor b =
                raw::contiguous(random_tensor(random, {1, k, n}, dtype, {.broadcast = false}));
            if (layout & 1) a = a.as_strided({1, m, k}, {m * k, 1, m}, 0);
            if (layout & 2) b = b.as_strided({1, k, n}, {n * k, 1, k}, 0);
            check_matmul(random, a, b, layout == 1);
        }
}

TEST_CASE("matmul divides large products by shape, not by threads") {
    Random random(3);
    for (const auto& [m, k, n] :
         {std::array<std::int64_t, 3>{300, 200, 520}, {520, 260, 300}, {1000, 100, 64}}) {
        const Tensor a =
            raw::contiguous(random_tensor(random, {1, m, k}, f32, {.broadcast = false}));
        const Tensor b =
            raw::contiguous(random_tensor(random, {1, k, n}, f32, {.broadcast = false}));
        const Tensor out = same_on_any_threads([&, rows = m, columns = n] {
            Tensor target = empty({1, rows, columns});
            kernels::matmul(target, a, b, false);
            return target;
        });
        for (int i = 0; i < 300; ++i) {  // a sample: all elements would take seconds
            const std::int64_t r = pick(random, 0, m - 1), c = pick(random, 0, n - 1);
            double value = 0;
            for (std::int64_t j = 0; j < k; ++j) value += at(a, {0, r, j}) * at(b, {0, j, c});
            CHECK(std::abs(at(out, {0, r, c}) - value) < 1e-4);
        }
    }
}

TEST_CASE("matmul accepts empty sums and empty results") {
    Tensor out = full({1, 2, 2}, 5);
    kernels::matmul(out, empty({1, 2, 0}), empty({1, 0, 2}), true);
    CHECK(out.to_vector() == std::vector<double>{5, 5, 5, 5});
    kernels::matmul(out, empty({1, 2, 0}), empty({1, 0, 2}), false);
    CHECK(out.to_vector() == std::vector<double>{0, 0, 0, 0});
    Tensor nothing = empty({1, 0, 2}), none = empty({0, 2, 2});
    kernels::matmul(nothing, empty({1, 0, 3}), empty({1, 3, 2}), false);
    kernels::matmul(none, empty({0, 2, 3}), empty({0, 3, 2}), false);
}

TEST_CASE("matmul keeps NaN to its row") {
    const double nan = std::nan("");
    for (std::int64_t n : {1, 2, 20}) {
        Tensor a = zeros({1, 2, 3}), b = ones({1, 3, n}), out = empty({1, 2, n});
        a.data<float>()[4] = static_cast<float>(nan);
        kernels::matmul(out, a, b, false);
        for (std::int64_t j = 0; j < n; ++j) {
            CHECK(at(out, {0, 0, j}) == 0);
            CHECK(std::isnan(at(out, {0, 1, j})));
        }
    }
}
