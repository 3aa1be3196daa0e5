// Gradient cases of pooling, resizing, windows and rearrangements.
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/image/pool.h"
#include "autograd/ops/shape/rearrange.h"
#include "autograd/ops/image/resample.h"
#include "autograd/ops/image/unfold.h"
#include "autograd/ops/image/upsample.h"
#include "tests/autograd/op_case_inputs.h"

namespace eps::test {
namespace {

// 3 x 3, with a row of two weights, an empty one, and one that selects.
CsrMatrix small_matrix() {
    CsrMatrix matrix(3);
    matrix.add(2, 0.5);
    matrix.add(0, -2);
    matrix.end_row();
    matrix.end_row();
    matrix.add(2);
    matrix.end_row();
    return matrix;
}

void add_pooling(std::vector<OpCase>& cases) {
    const Tensor image = any({1, 2, 5, 5}), signal = any({1, 2, 7}), none = any({0, 2, 4, 4});
    const std::vector<OpCase> pooling = {
        EPS_CASE("max_pool2d", "2x2", square(max_pool2d(x, {2, 2})), image),
        EPS_CASE("max_pool2d", "windows that overlap",
                 square(max_pool2d(x, {3, 3}, {.stride = {2, 1}, .padding = {1, 1}})), image),
        EPS_CASE("max_pool2d", "dilation, ceil_mode",
                 square(max_pool2d(x, {2, 2},
                                   {.stride = {2, 3}, .dilation = {3, 2}, .ceil_mode = true})),
                 image),
        EPS_CASE("max_pool2d", "an empty batch", max_pool2d(x, {2, 2}), none),
        EPS_CASE("max_pool1d", "stride", square(max_pool1d(x, 3, {.stride = 2, .padding = 1})),
                 signal),
        EPS_CASE("avg_pool2d", "2x3", square(avg_pool2d(x, {2, 3})), image),
        EPS_CASE("avg_pool2d", "padding counts",
                 square(avg_pool2d(x, {3, 3}, {.stride = {2, 1}, .padding = {1, 1}})), image),
        EPS_CASE("avg_pool2d", "padding does not count, ceil_mode",
                 avg_pool2d(x, {3, 2},
                            {.stride = {2, 2},
                             .padding = {1, 1},
                             .ceil_mode = true,
                             .count_include_pad = false}),
                 image),
        EPS_CASE("avg_pool2d", "an empty batch", avg_pool2d(x, {2, 2}), none),
        EPS_CASE("avg_pool1d", "dilation", square(avg_pool1d(x, 2, {.stride = 1, .dilation = 2})),
                 signal),
        EPS_CASE("adaptive_avg_pool2d", "uneven", square(adaptive_avg_pool2d(x, {3, 4})), image),
        EPS_CASE("adaptive_avg_pool2d", "to a pixel", square(adaptive_avg_pool2d(x, {1, 1})),
                 image),
        EPS_CASE("adaptive_avg_pool1d", "larger", square(adaptive_avg_pool1d(x, 9)), signal),
        EPS_CASE("adaptive_max_pool2d", "uneven", square(adaptive_max_pool2d(x, {3, 4})), image),
        EPS_CASE("adaptive_max_pool1d", "to one", square(adaptive_max_pool1d(x, 1)), signal),
    };
    cases.insert(cases.end(), pooling.begin(), pooling.end());
}

void add_resizing(std::vector<OpCase>& cases) {
    const Tensor image = any({2, 2, 3, 4}, 2), signal = any({2, 3, 5}, 3);
    const std::vector<OpCase> resizing = {
        EPS_CASE("resample", "weights, an empty output", square(resample(x, 1, small_matrix())),
                 any({2, 3, 4})),
        EPS_CASE("resample", "the last dim", square(resample(x, -1, small_matrix())),
                 any({2, 4, 3})),
        EPS_CASE("resample", "a vector", square(resample(x, 0, small_matrix())), any({3})),
        EPS_CASE("resample", "no lines", resample(x, 0, small_matrix()), any({3, 0})),
        EPS_CASE("resample", "from nothing",
                 resample(x, 0,
                          [] {
                              CsrMatrix matrix(0);
                              matrix.end_row();
                              return matrix;
                          }()) *
                     2.0,
                 any({0, 3})),
        EPS_CASE("interpolate", "nearest", square(interpolate(x, {.size = {5, 2}})), image),
        EPS_CASE("interpolate", "bilinear",
                 square(interpolate(x, {.size = {5, 7}, .mode = Interpolation::linear})), image),
        EPS_CASE("interpolate", "bilinear, corners",
                 square(interpolate(
                     x, {.size = {6, 2}, .mode = Interpolation::linear, .align_corners = true})),
                 image),
        EPS_CASE("interpolate", "bicubic",
                 square(interpolate(x, {.scale_factor = {1.7}, .mode = Interpolation::cubic})),
                 image),
        EPS_CASE("interpolate", "linear, antialias",
                 interpolate(
                     x, {.scale_factor = {0.5}, .mode = Interpolation::linear, .antialias = true}),
                 signal),
    };
    cases.insert(cases.end(), resizing.begin(), resizing.end());
}

void add_windows(std::vector<OpCase>& cases) {
    const std::vector<OpCase> windows = {
        EPS_CASE("unfold", "2x3", square(unfold(x, {2, 3})), any({2, 2, 3, 4})),
        EPS_CASE(
            "unfold", "all options",
            square(unfold(x, {2, 2}, {.dilation = {1, 2}, .padding = {1, 1}, .stride = {2, 1}})),
            any({1, 2, 4, 3})),
        EPS_CASE("fold", "windows that overlap", square(fold(x, {3, 4}, {2, 3})), any({2, 12, 4})),
        EPS_CASE("fold", "all options",
                 square(fold(x, {4, 3}, {2, 2},
                             {.dilation = {1, 2}, .padding = {1, 1}, .stride = {2, 1}})),
                 any({1, 8, 9})),
    };
    cases.insert(cases.end(), windows.begin(), windows.end());
}

void add_rearrangements(std::vector<OpCase>& cases) {
    const Tensor block = any({2, 3, 4}, 4);
    const std::vector<OpCase> rearrangements = {
        EPS_CASE("flip", "two dims", flip(x, {0, -1}) * x, block),
        EPS_CASE("flip", "none, rank 0", flip(x, {}) * x, any({})),
        EPS_CASE("roll", "two dims", roll(x, {1, -2}, {1, 2}) * x, block),
        EPS_CASE("roll", "nothing", roll(x, {1}, {1}) * x, any({2, 0})),
        EPS_CASE("pad", "reflect", square(pad(x, {0, 1, 3}, {1, 2, 0}, PadMode::reflect)), block),
        EPS_CASE("pad", "replicate", square(pad(x, {0, 1, 5}, {2, 0, 1}, PadMode::replicate)),
                 block),
        EPS_CASE("pad", "circular", square(pad(x, {0, 3, 1}, {1, 0, 4}, PadMode::circular)), block),
        EPS_CASE("pixel_shuffle", "2", square(pixel_shuffle(x, 2)), any({2, 8, 2, 3})),
        EPS_CASE("pixel_unshuffle", "2", square(pixel_unshuffle(x, 2)), any({1, 2, 4, 2})),
        EPS_CASE("tril", "below", square(tril(x, -1)), block),
        EPS_CASE("tril", "above", tril(x, 1) * x, any({3, 3})),
        EPS_CASE("triu", "main", square(triu(x)), block),
        EPS_CASE("triu", "far", triu(x, INT64_MIN) * x, any({2, 3})),
    };
    cases.insert(cases.end(), rearrangements.begin(), rearrangements.end());
}

}  // namespace

void add_spatial(std::vector<OpCase>& cases) {
    add_pooling(cases);
    add_resizing(cases);
    add_windows(cases);
    add_rearrangements(cases);
}

}  // namespace eps::test
