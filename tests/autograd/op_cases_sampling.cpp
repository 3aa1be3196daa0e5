// Gradient cases of what reads images between their pixels: grids, regions, deformed windows.
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/image/deform_conv.h"
#include "autograd/ops/image/grid_sample.h"
#include "autograd/ops/image/roi_align.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tests/autograd/op_case_inputs.h"

namespace eps::test {
namespace {

// Points for an image of 3 x 4, none of which is near a pixel's centre, an edge or a mirror; the
// last ones are outside.
Tensor points() {
    return fixed({-0.81, -0.43, 0.13, 0.22, 0.71, -0.9, -0.33, 0.87, 1.37, 0.19, -0.21, -1.52},
                 {1, 2, 3, 2});
}
// For a volume of 2 x 3 x 2.
Tensor points_3d() {
    return fixed({-0.31, -0.43, 0.23, 0.22, 0.41, -0.17, 0.63, 1.27, 0.11, -0.37, 0.09, -1.31},
                 {1, 2, 2, 1, 3});
}

void add_grids(std::vector<OpCase>& cases) {
    const Tensor image = any({1, 2, 3, 4}), volume = any({1, 2, 2, 3, 2}, 2);
    const auto border = GridPadding::border, reflection = GridPadding::reflection;
    const std::vector<OpCase> grids = {
        EPS_CASE("grid_sample", "bilinear", grid_sample(x, y), image, points()),
        {"grid_sample",
         "bilinear, border, corners",
         [=](Inputs in) {
             return grid_sample(in[0], in[1], {.padding_mode = border, .align_corners = true});
         },
         {image, points()}},
        {"grid_sample",
         "bilinear, reflection",
         [=](Inputs in) { return grid_sample(in[0], in[1], {.padding_mode = reflection}); },
         {image, points()}},
        EPS_CASE("grid_sample", "bicubic", grid_sample(x, y, {.mode = GridMode::bicubic}), image,
                 points()),
        {"grid_sample",
         "bicubic, reflection, corners",
         [=](Inputs in) {
             return grid_sample(
                 in[0], in[1],
                 {.mode = GridMode::bicubic, .padding_mode = reflection, .align_corners = true});
         },
         {image, points()}},
        {"grid_sample",
         "nearest",
         [](Inputs in) {
             const Tensor grid = to(points(), constants_device());
             return square(
                 grid_sample(in[0], to(grid, in[0].dtype()), {.mode = GridMode::nearest}));
         },
         {image}},
        EPS_CASE("grid_sample", "trilinear", grid_sample(x, y), volume, points_3d()),
        {"grid_sample",
         "trilinear, border",
         [=](Inputs in) { return grid_sample(in[0], in[1], {.padding_mode = border}); },
         {volume, points_3d()}},
        EPS_CASE("grid_sample", "no points", grid_sample(x, y) * sum(x), image, any({1, 0, 3, 2})),
        EPS_CASE("affine_grid", "plane", square(affine_grid(x, {2, 1, 2, 3})), any({2, 2, 3})),
        EPS_CASE("affine_grid", "space, corners",
                 square(affine_grid(x, {1, 2, 2, 1, 3}, /*align_corners=*/true)), any({1, 3, 4})),
    };
    cases.insert(cases.end(), grids.begin(), grids.end());
}

void add_regions(std::vector<OpCase>& cases) {
    const Tensor boxes = fixed({0, 0.4, 0.7, 3.3, 2.9, 1, 1.2, 0.3, 5.6, 3.6}, {2, 5});
    const auto boxes_like = [boxes](const Tensor& x) {
        return to(to(boxes, constants_device()), x.dtype());
    };
    const std::vector<OpCase> regions = {
        {"roi_align",
         "two points a bin",
         [=](Inputs in) {
             return square(roi_align(in[0], boxes_like(in[0]), {2, 3}, {.sampling_ratio = 2}));
         },
         {any({2, 2, 4, 5})}},
        {"roi_align",
         "points as pixels, aligned, scaled",
         [=](Inputs in) {
             return square(roi_align(in[0], boxes_like(in[0]), {1, 2},
                                     {.spatial_scale = 0.75, .aligned = true}));
         },
         {any({2, 1, 4, 5})}},
    };
    cases.insert(cases.end(), regions.begin(), regions.end());
}

void add_deformed(std::vector<OpCase>& cases) {
    const Tensor offset = uniform({1, 8, 2, 3}, 0.1, 0.4, 3);
    const std::vector<OpCase> deformed = {
        EPS_CASE("deform_conv2d", "2x2", deform_conv2d(x, y, z), any({1, 2, 3, 4}), offset,
                 any({2, 2, 2, 2}, 2)),
        EPS_CASE("deform_conv2d", "padding, stride, groups of both kinds",
                 deform_conv2d(x, y, z, {}, {.stride = {2, 1}, .padding = {1, 0}}),
                 any({1, 4, 3, 3}), uniform({1, 16, 2, 2}, 0.1, 0.4, 4), any({2, 2, 2, 2}, 2)),
        {"deform_conv2d",
         "a mask, a bias, dilation",
         [offset](Inputs in) {
             const Tensor moved = to(to(offset, constants_device()), in[0].dtype());
             return deform_conv2d(in[0], narrow(moved, 2, 0, 1), in[1], in[2],
                                  {.dilation = {2, 1}, .mask = in[3]});
         },
         {any({1, 2, 3, 4}), any({2, 2, 2, 2}, 2), any({2}, 3), any({1, 4, 1, 3}, 5)}},
    };
    cases.insert(cases.end(), deformed.begin(), deformed.end());
}

}  // namespace

void add_sampling(std::vector<OpCase>& cases) {
    add_grids(cases);
    add_regions(cases);
    add_deformed(cases);
}

}  // namespace eps::test
