// conv2d and its two adjoints against the definition, for every algorithm: products of pixels,
// direct sums, and minimal filtering (Winograd).
#include <cmath>

#include "tensor/contract/kernels.h"
#include "tensor/raw_copy.h"
#include "tests/tensor/layouts.h"

using namespace eps;
using namespace eps::test;

namespace {

struct Case {
    std::int64_t batch, in, out, height, width, kernel_y, kernel_x;
    kernels::ConvGeometry g = {};
};

Shape result_shape(const Case& c) {
    const auto extent = [&](std::int64_t size, std::int64_t kernel, std::size_t d) {
        return (size + 2 * c.g.padding[d] - c.g.dilation[d] * (kernel - 1) - 1) / c.g.stride[d] + 1;
    };
    return {c.batch, c.out, extent(c.height, c.kernel_y, 0), extent(c.width, c.kernel_x, 1)};
}

// Images are channels-last.
Tensor random_image(Random& random, const Shape& s, DType dtype) {
    return raw::contiguous(
               random_tensor(random, {s[0], s[2], s[3], s[1]}, dtype, {.broadcast = false}))
        .as_strided(s, {s[1] * s[2] * s[3], 1, s[3] * s[1], s[1]}, 0);
}
Tensor empty_image(const Shape& s, DType dtype) {
    return empty_strided(s, {s[1] * s[2] * s[3], 1, s[3] * s[1], s[1]}, {.dtype = dtype});
}

// Calls visit(y index, x index, w index) for every product in the definition of conv2d.
template <class F> void for_each_product(const Case& c, F&& visit) {
    const std::int64_t in = c.in / c.g.groups, out = c.out / c.g.groups;
    for_each_index(result_shape(c), [&](const Dims& y) {
        for_each_index({in, c.kernel_y, c.kernel_x}, [&](const Dims& t) {
            const std::int64_t row = y[2] * c.g.stride[0] - c.g.padding[0] + t[1] * c.g.dilation[0];
            const std::int64_t column =
                y[3] * c.g.stride[1] - c.g.padding[1] + t[2] * c.g.dilation[1];
            if (row < 0 || row >= c.height || column < 0 || column >= c.width) return;
            visit(y, Dims{y[0], y[1] / out * in + t[0], row, column}, Dims{y[1], t[0], t[1], t[2]});
        });
    });
}

// The largest |got - expected|, in units of the largest expected value.
double error_of(const Tensor& got, const std::vector<double>& expected) {
    double worst = 0, largest = 1e-30;
    std::size_t i = 0;
    for_each_index(got.shape(), [&](const Dims& index) {
        worst = std::max(worst, std::abs(at(got, index) - expected[i]));
        largest = std::max(largest, std::abs(expected[i++]));
    });
    return worst / largest;
}

std::size_t row_major(const Shape& shape, const Dims& index) {
    std::int64_t at = 0;
    for (int d = 0; d < shape.rank(); ++d) at = at * shape[d] + index[d];
    return static_cast<std::size_t>(at);
}

// All elements, row-major.
std::vector<double> values_of(const Tensor& x) {
    std::vector<double> values;
    values.reserve(static_cast<std::size_t>(x.numel()));
    for_each_index(x.shape(), [&](const Dims& index) { values.push_back(at(x, index)); });
    return values;
}

struct Errors {
    double forward = 0, input = 0, weight = 0;
};

Errors check_triple(Random& random, const Case& c, DType dtype, bool with_bias) {
    const Shape xs{c.batch, c.in, c.height, c.width};
    const Shape ys = result_shape(c);
    const Shape ws{c.out, c.in / c.g.groups, c.kernel_y, c.kernel_x};
    const Tensor x = random_image(random, xs, dtype), g = random_image(random, ys, dtype);
    const Tensor w = raw::contiguous(random_tensor(random, ws, dtype, {.broadcast = false}));
    const auto bias = [&](std::int64_t channels) {
        if (!with_bias) return Tensor();
        return raw::contiguous(random_tensor(random, {channels}, dtype, {.broadcast = false}));
    };
    const Tensor y_bias = bias(c.out);
    const Tensor x_bias = bias(c.in);

    std::vector<double> y(static_cast<std::size_t>(numel(ys)));
    std::vector<double> dx(static_cast<std::size_t>(numel(xs)));
    std::vector<double> dw(static_cast<std::size_t>(numel(ws)));
    if (with_bias) {
        for_each_index(ys, [&](const Dims& i) { y[row_major(ys, i)] = at(y_bias, {i[1]}); });
        for_each_index(xs, [&](const Dims& i) { dx[row_major(xs, i)] = at(x_bias, {i[1]}); });
    }
    const std::vector<double> xv = values_of(x), gv = values_of(g), wv = values_of(w);
    for_each_product(c, [&](const Dims& y_index, const Dims& x_index, const Dims& w_index) {
        const std::size_t yi = row_major(ys, y_index), xi = row_major(xs, x_index),
                          wi = row_major(ws, w_index);
        y[yi] += xv[xi] * wv[wi];
        dx[xi] += gv[yi] * wv[wi];
        dw[wi] += gv[yi] * xv[xi];
    });

    // Kernels must not depend on what the target contained.
    const Tensor garbage = full({}, std::nan(""), {.dtype = dtype});
    const auto run = [&](const Shape& shape, bool filter, auto&& kernel) {
        return same_on_any_threads([&] {
            Tensor target = filter ? empty(shape, {.dtype = dtype}) : empty_image(shape, dtype);
            kernels::copy(target, garbage);
            kernel(target);
            return target;
        });
    };
    return {
        error_of(run(ys, false, [&](Tensor& t) { kernels::conv2d(t, x, w, y_bias, c.g); }), y),
        error_of(run(xs, false, [&](Tensor& t) { kernels::conv2d_input(t, g, w, x_bias, c.g); }),
                 dx),
        error_of(run(ws, true, [&](Tensor& t) { kernels::conv2d_weight(t, x, g, c.g); }), dw)};
}

// Error bounds of the algorithms in f32, in units of the largest result. Minimal filtering, F(m,
// r), loses digits when it subtracts what it added.
constexpr double kDirect = 3e-6, kF43 = 6e-6, kF42 = 1e-5;

void check_case(Random& random, const Case& c, bool with_bias = true, double bound_f32 = kDirect) {
    INFO("batch ", c.batch, " in ", c.in, " out ", c.out, " image ", c.height, "x", c.width,
         " kernel ", c.kernel_y, "x", c.kernel_x, " stride ", c.g.stride[0], ",", c.g.stride[1],
         " padding ", c.g.padding[0], ",", c.g.padding[1], " dilation ", c.g.dilation[0], ",",
         c.g.dilation[1], " groups ", c.g.groups);
    for (DType dtype : {f32, f64}) {
        const Errors e = check_triple(random, c, dtype, with_bias);
        const double bound = dtype == f32 ? bound_f32 : 1e-13;
        CHECK(e.forward <= bound);
        CHECK(e.input <= bound);
        CHECK(e.weight <= bound);
    }
}

// One line of a table: a square kernel, stride and padding.
struct Layer {
    std::int64_t batch, in, out, height, width, kernel, stride, padding;
    bool with_bias = true;
};
void check_layers(Random& random, double bound_f32, std::initializer_list<Layer> layers) {
    for (const Layer& layer : layers) {
        const kernels::ConvGeometry geometry{.stride = {layer.stride, layer.stride},
                                             .padding = {layer.padding, layer.padding}};
        check_case(random,
                   {.batch = layer.batch,
                    .in = layer.in,
                    .out = layer.out,
                    .height = layer.height,
                    .width = layer.width,
                    .kernel_y = layer.kernel,
                    .kernel_x = layer.kernel,
                    .g = geometry},
                   layer.with_bias, bound_f32);
    }
}

}  // namespace

TEST_CASE("conv2d and its adjoints follow the definition in any geometry") {
    Random random(1);
    for (int i = 0; i < 120; ++i) {
        Case c{pick(random, 1, 3),  pick(random, 1, 5), pick(random, 1, 6), pick(random, 1, 9),
               pick(random, 1, 17), pick(random, 1, 4), pick(random, 1, 4)};
        c.g.groups = i % 3 == 0 ? pick(random, 1, 3) : 1;
        c.in *= c.g.groups;
        c.out *= c.g.groups;
        for (std::size_t d = 0; d < 2; ++d) {
            c.g.stride[d] = pick(random, 1, 3);
            c.g.dilation[d] = pick(random, 1, 3);
            c.g.padding[d] = pick(random, 0, 4);
        }
        // The image must be at least as large as the kernel.
        const std::int64_t least_y = c.g.dilation[0] * (c.kernel_y - 1) + 1 - 2 * c.g.padding[0];
        const std::int64_t least_x = c.g.dilation[1] * (c.kernel_x - 1) + 1 - 2 * c.g.padding[1];
        c.height = std::max(c.height, least_y);
        c.width = std::max(c.width, least_x);
        check_case(random, c, i % 2 == 0);
    }
}

// clang-format off
TEST_CASE("conv2d and its adjoints follow the definition: 3x3 by F(4, 3)") {
    Random random(2);
    //                          batch  in  out   image   kernel stride padding
    check_layers(random, kF43, {{ 2,   16,  32,   9,  7,    3,     1,     1},
                                { 3,   32,  16,  14, 14,    3,     1,     1, false},
                                {12,   16,  16,  13, 13,    3,     1,     1},
                                { 2,  128, 128,  14, 14,    3,     1,     1}});
    check_case(random, {.batch = 1, .in = 16, .out = 16, .height = 5, .width = 30, .kernel_y = 3,
                        .kernel_x = 3, .g = {.padding = {0, 2}}}, true, kF43);
}

TEST_CASE("conv2d and its adjoints follow the definition: 2x2 and strided 4x4 by F(4, 2)") {
    Random random(3);
    //                          batch  in  out   image   kernel stride padding
    check_layers(random, kF42, {{ 2,   32,  16,   8, 12,    4,     2,     1},
                                { 2,   64, 128,  14, 14,    4,     2,     1},
                                { 2,   16,  16,   9,  9,    2,     1,     0}});
}

TEST_CASE("conv2d and its adjoints follow the definition: products and direct sums") {
    Random random(4);
    //                             batch  in  out   image   kernel stride padding
    check_layers(random, kDirect, {{ 2,    1,  32,  28, 28,    4,     2,     1},
                                   { 2,   32,  32,  15, 15,    3,     2,     1},
                                   { 2,   24,  40,   6,  6,    1,     1,     0},
                                   { 2,   64, 128,   7,  7,    7,     1,     0},
                                   { 3,   20,   8,   7,  7,    7,     1,     0},  // gives one pixel
                                   { 2,    3,  32,  12, 10,    4,     2,     1}});
    check_case(random, {.batch = 2, .in = 3, .out = 5, .height = 2, .width = 1, .kernel_y = 4,
                        .kernel_x = 3, .g = {.padding = {1, 1}}});
}

TEST_CASE("conv2d and its adjoints follow the definition: images of few channels") {
    Random random(5);
    //                             batch  in  out   image   kernel stride padding
    check_layers(random, kDirect, {{ 2,   32,   1,  10,  9,    3,     1,     1}});
    // large enough for several bands of lines
    check_case(random, {.batch = 1, .in = 3, .out = 16, .height = 70, .width = 200, .kernel_y = 3,
                        .kernel_x = 5, .g = {.stride = {2, 3}, .padding = {1, 2}}});
    // clang-format on
    for (int i = 0; i < 30; ++i) {
        Case c{pick(random, 1, 2),  16,
               pick(random, 1, 4),  pick(random, 9, 20),
               pick(random, 9, 20), pick(random, 1, 4),
               pick(random, 2, 4)};
        for (std::size_t d = 0; d < 2; ++d) {
            c.g.stride[d] = pick(random, 1, 3);
            c.g.dilation[d] = pick(random, 1, 2);
            c.g.padding[d] = pick(random, 0, 3);
        }
        if (i % 2) std::swap(c.in, c.out);
        check_case(random, c, i % 3 == 0);
    }
}

TEST_CASE("conv2d and its adjoints accept no channels and no images") {
    const kernels::ConvGeometry g{};
    Tensor y = empty_image({2, 3, 4, 4}, f32);
    kernels::conv2d(y, empty_image({2, 0, 4, 4}, f32), empty({3, 0, 1, 1}), full({3}, 5), g);
    CHECK(at(y, {1, 2, 3, 3}) == 5);
    Tensor w = full({3, 2, 1, 1}, 7), none = empty_image({0, 3, 4, 4}, f32);
    kernels::conv2d_weight(w, empty_image({0, 2, 4, 4}, f32), none, g);
    CHECK(w.to_vector() == std::vector<double>(6, 0.0));
    kernels::conv2d(none, empty_image({0, 2, 4, 4}, f32), w, Tensor(), g);
}
