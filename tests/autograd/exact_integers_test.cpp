// C++ integers that no double is reach an i64 tensor as they were written.
#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/indexing/masked.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps {
namespace {

using Whole = std::vector<std::int64_t>;

constexpr Options kWhole{.dtype = i64};

Whole values_of(const Tensor& x) {
    REQUIRE(x.dtype() == i64);
    const Tensor dense = contiguous(x);
    const std::int64_t* const data = dense.data<std::int64_t>();
    return {data, data + dense.numel()};
}

// The limits, and the odd numbers beside 2^53 and half of the largest.
const Whole kBeyondDouble{INT64_MAX,
                          INT64_MAX - 1,
                          INT64_MIN + 1,
                          (std::int64_t{1} << 53) + 1,
                          -(std::int64_t{1} << 53) - 1,
                          INT64_MAX / 2};

}  // namespace

TEST_CASE("integers: tensors are made of, and filled with, those that are no double") {
    for (const std::int64_t n : kBeyondDouble) {
        CAPTURE(n);
        CHECK(values_of(Tensor(n, kWhole)) == Whole{n});
        CHECK(values_of(full({2}, n, kWhole)) == Whole{n, n});
        CHECK(values_of(full_like(zeros({2}, kWhole), n)) == Whole{n, n});
        Tensor square = zeros({2, 2}, kWhole);
        narrow(square, 1, 1, 1).fill_(n);
        CHECK(values_of(square) == Whole{0, n, 0, n});
    }
    CHECK(values_of(Tensor(INT64_MIN, kWhole)) == Whole{INT64_MIN});
}

TEST_CASE("integers: masked_fill, pad and x += c take those that are no double") {
    const Tensor mask = tensor({0, 1}, {2}, {.dtype = boolean});
    for (const std::int64_t n : kBeyondDouble) {
        CAPTURE(n);
        CHECK(values_of(masked_fill(zeros({2}, kWhole), mask, n)) == Whole{0, n});
        CHECK(values_of(pad(zeros({1}, kWhole), {1}, {2}, n)) == Whole{n, 0, n, n});
        Tensor x = zeros({1}, kWhole);
        x += n;
        CHECK(values_of(x) == Whole{n});
        x -= n;
        CHECK(values_of(x) == Whole{0});
        Tensor one = ones({1}, kWhole);
        one *= n;
        CHECK(values_of(one) == Whole{n});
    }
}

TEST_CASE("integers: what an i64 cannot hold is refused, and other dtypes round once") {
    const std::uint64_t beyond = std::uint64_t{1} << 63;
    CHECK_THROWS_WITH_AS(full({1}, beyond, kWhole), doctest::Contains("beyond the range"), Error);
    CHECK_THROWS_WITH_AS(full({1}, 0x1p63, kWhole), doctest::Contains("beyond the range"), Error);
    CHECK_THROWS_WITH_AS(full({1}, INT64_MAX, {.dtype = u8}), doctest::Contains("beyond the range"),
                         Error);
    CHECK(full({1}, INT64_MAX, {.dtype = f64}).item() == 0x1p63);
    CHECK(full({1}, INT64_MIN, {.dtype = f32}).item() == -0x1p63);
    CHECK(full({1}, INT64_MAX, {.dtype = boolean}).item() == 1);
}

}  // namespace eps
