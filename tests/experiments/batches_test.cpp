#include "autograd/ops/elementwise/cast.h"
#include "experiments/data/batches.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tensor/create.h"

using namespace eps;
using namespace eps::data;

TEST_CASE("an epoch visits every row once, without the short batch") {
    const BatchOrder order(10, 3, 42);
    CHECK(order.steps_per_epoch() == 3);
    for (const std::int64_t epoch : {0, 1, 5}) {
        std::vector<double> seen;
        for (std::int64_t step = 3 * epoch; step < 3 * epoch + 3; ++step) {
            const Tensor rows = order.indices(step);
            CHECK(rows.shape() == Shape{3});
            CHECK(rows.dtype() == i64);
            for (const double row : rows.to_vector()) seen.push_back(row);
        }
        std::sort(seen.begin(), seen.end());
        CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
        CHECK(seen.front() >= 0);
        CHECK(seen.back() < 10);
    }
}

TEST_CASE("batches depend on seed and step alone, in whatever order they are asked for") {
    const BatchOrder straight(100, 7, 5);
    std::vector<std::vector<double>> batches;
    for (std::int64_t step = 0; step < 60; ++step)
        batches.push_back(straight.indices(step).to_vector());
    const BatchOrder resumed(100, 7, 5);
    for (const std::int64_t step : {59, 0, 31, 30, 14, 13})
        CHECK(resumed.indices(step).to_vector() == batches[static_cast<std::size_t>(step)]);
    CHECK(batches[0] != batches[14]);  // the first batches of two epochs
    CHECK(BatchOrder(100, 7, 6).indices(0).to_vector() != batches[0]);
}

TEST_CASE("changing a batch does not change the next") {
    const BatchOrder order(8, 4, 1);
    Tensor first = order.indices(0);
    const std::vector<double> before = first.to_vector();
    first.zero_();
    CHECK(order.indices(0).to_vector() == before);
}

TEST_CASE("rows of bytes become intensities") {
    const Tensor images =
        tensor({0, 51, 255, 102, 1, 2, 3, 4, 5, 6, 7, 8}, {3, 2, 2}, {.dtype = u8});
    const Tensor batch = take_rows_u8_as_f32(images, tensor({2, 0, 2}, {3}, {.dtype = i64}));
    CHECK(batch.shape() == Shape{3, 4});
    CHECK(batch.data<float>()[0] == 5 / 255.0f);
    CHECK(batch.data<float>()[5] == 51 / 255.0f);
    CHECK(batch.data<float>()[6] == 1.0f);
    CHECK(batch.data<float>()[11] == 8 / 255.0f);
    CHECK(take_rows_u8_as_f32(images, tensor({}, {0}, {.dtype = i64})).shape() == Shape{0, 4});
    CHECK_THROWS_WITH_AS(take_rows_u8_as_f32(images, tensor({3}, {1}, {.dtype = i64})),
                         doctest::Contains("index 3 at 0 is out of range"), Error);
    CHECK_THROWS_AS(take_rows_u8_as_f32(images, tensor({-1}, {1}, {.dtype = i64})), Error);
    CHECK_THROWS_WITH_AS(take_rows_u8_as_f32(to(images, f32), tensor({0}, {1}, {.dtype = i64})),
                         doctest::Contains("needs u8 images"), Error);
}

TEST_CASE("BatchOrder throws on bad batch sizes and steps") {
    CHECK_THROWS_WITH_AS(BatchOrder(10, 11, 0), doctest::Contains("got 11 for 10 rows"), Error);
    CHECK_THROWS_AS(BatchOrder(10, 0, 0), Error);
    CHECK_THROWS_AS((void)BatchOrder(10, 2, 0).indices(-1), Error);
}
