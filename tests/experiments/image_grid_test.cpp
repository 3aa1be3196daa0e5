#include "experiments/plots/image_grid.h"

#include <doctest/doctest.h>

#include "tensor/create.h"

using namespace eps;
using eps::models::image_grid;

TEST_CASE("image_grid lays images out row by row") {
    const Tensor images = tensor({1, 2, 3}, {3, 1, 1});
    const Tensor picture = image_grid(images, 2, 1, 0.5);
    CHECK(picture.shape() == Shape{5, 5});
    const double o = 0.5;
    CHECK(picture.to_vector() == std::vector<double>{o, o, o, o, o, o, 1, o, 2, o, o, o, o,
                                                     o, o, o, 3, o, o, o, o, o, o, o, o});
    CHECK(image_grid(zeros({10, 28, 28})).shape() == Shape{3 * 30 + 2, 4 * 30 + 2});
    CHECK(image_grid(full({1, 1, 1}, 51, {.dtype = u8}), 1, 0).item() == doctest::Approx(0.2));
    CHECK_THROWS_AS(image_grid(zeros({2, 2})), Error);
    CHECK_THROWS_AS(image_grid(zeros({0, 2, 2})), Error);
}
