// Gradient cases of pooling, resizing, windows, and of what moves elements about.
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/image/pool.h"
#include "autograd/ops/shape/rearrange.h"
#include "autograd/ops/image/resample.h"
#include "autograd/ops/image/unfold.h"
#include "autograd/ops/image/upsample.h"
#include "tests/autograd/op_case_inputs.h"

namespace eps::test {
namespace {

// Three inputs, and outputs of two matrix, none, and one that is not weighted.
CsrMatrix table() {
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
        {"max_pool2d", "2x2", EPS_ONE(square(max_pool2d(x, {2, 2}))), {image}},
        {"max_pool2d",
         "windows that overlap",
         EPS_ONE(square(max_pool2d(x, {3, 3}, {.stride = {2, 1}, .padding = {1, 1}}))),
         {image}},
        {"max_pool2d",
         "dilation, ceil_mode",
         EPS_ONE(square(
             max_pool2d(x, {2, 2}, {.stride = {2, 3}, .dilation = {3, 2}, .ceil_mode = true}))),
         {image}},
        {"max_pool2d", "an empty batch", EPS_ONE(max_pool2d(x, {2, 2})), {none}},
        {"max_pool1d",
         "stride",
         EPS_ONE(square(max_pool1d(x, 3, {.stride = 2, .padding = 1}))),
         {signal}},
        {"avg_pool2d", "2x3", EPS_ONE(square(avg_pool2d(x, {2, 3}))), {image}},
        {"avg_pool2d",
         "padding counts",
         EPS_ONE(square(avg_pool2d(x, {3, 3}, {.stride = {2, 1}, .padding = {1, 1}}))),
         {image}},
        {"avg_pool2d",
         "padding does not count, ceil_mode",
         EPS_ONE(avg_pool2d(
             x, {3, 2},
             {.stride = {2, 2}, .padding = {1, 1}, .ceil_mode = true, .count_include_pad = false})),
         {image}},
        {"avg_pool2d", "an empty batch", EPS_ONE(avg_pool2d(x, {2, 2})), {none}},
        {"avg_pool1d",
         "dilation",
         EPS_ONE(square(avg_pool1d(x, 2, {.stride = 1, .dilation = 2}))),
         {signal}},
        {"adaptive_avg_pool2d", "uneven", EPS_ONE(square(adaptive_avg_pool2d(x, {3, 4}))), {image}},
        {"adaptive_avg_pool2d",
         "to a pixel",
         EPS_ONE(square(adaptive_avg_pool2d(x, {1, 1}))),
         {image}},
        {"adaptive_avg_pool1d", "larger", EPS_ONE(square(adaptive_avg_pool1d(x, 9))), {signal}},
        {"adaptive_max_pool2d", "uneven", EPS_ONE(square(adaptive_max_pool2d(x, {3, 4}))), {image}},
        {"adaptive_max_pool1d", "to one", EPS_ONE(square(adaptive_max_pool1d(x, 1))), {signal}},
    };
    cases.insert(cases.end(), pooling.begin(), pooling.end());
}

void add_resizing(std::vector<OpCase>& cases) {
    const Tensor image = any({2, 2, 3, 4}, 2), signal = any({2, 3, 5}, 3);
    const std::vector<OpCase> resizing = {
        {"resample",
         "weights, an empty output",
         EPS_ONE(square(resample(x, 1, table()))),
         {any({2, 3, 4})}},
        {"resample", "the last dim", EPS_ONE(square(resample(x, -1, table()))), {any({2, 4, 3})}},
        {"resample", "a vector", EPS_ONE(square(resample(x, 0, table()))), {any({3})}},
        {"resample", "no lines", EPS_ONE(resample(x, 0, table())), {any({3, 0})}},
        {"resample",
         "from nothing",
         EPS_ONE(resample(x, 0,
                          [] {
                              CsrMatrix matrix(0);
                              matrix.end_row();
                              return matrix;
                          }()) *
                 2.0),
         {any({0, 3})}},
        {"interpolate", "nearest", EPS_ONE(square(interpolate(x, {.size = {5, 2}}))), {image}},
        {"interpolate",
         "bilinear",
         EPS_ONE(square(interpolate(x, {.size = {5, 7}, .mode = Interpolation::linear}))),
         {image}},
        {"interpolate",
         "bilinear, corners",
         EPS_ONE(square(interpolate(
             x, {.size = {6, 2}, .mode = Interpolation::linear, .align_corners = true}))),
         {image}},
        {"interpolate",
         "bicubic",
         EPS_ONE(square(interpolate(x, {.scale_factor = {1.7}, .mode = Interpolation::cubic}))),
         {image}},
        {"interpolate",
         "linear, antialias",
         EPS_ONE(interpolate(
             x, {.scale_factor = {0.5}, .mode = Interpolation::linear, .antialias = true})),
         {signal}},
    };
    cases.insert(cases.end(), resizing.begin(), resizing.end());
}

void add_windows(std::vector<OpCase>& cases) {
    const std::vector<OpCase> windows = {
        {"unfold", "2x3", EPS_ONE(square(unfold(x, {2, 3}))), {any({2, 2, 3, 4})}},
        {"unfold",
         "all options",
         EPS_ONE(
             square(unfold(x, {2, 2}, {.dilation = {1, 2}, .padding = {1, 1}, .stride = {2, 1}}))),
         {any({1, 2, 4, 3})}},
        {"fold",
         "windows that overlap",
         EPS_ONE(square(fold(x, {3, 4}, {2, 3}))),
         {any({2, 12, 4})}},
        {"fold",
         "all options",
         EPS_ONE(square(
             fold(x, {4, 3}, {2, 2}, {.dilation = {1, 2}, .padding = {1, 1}, .stride = {2, 1}}))),
         {any({1, 8, 9})}},
    };
    cases.insert(cases.end(), windows.begin(), windows.end());
}

void add_rearrangements(std::vector<OpCase>& cases) {
    const Tensor block = any({2, 3, 4}, 4);
    const std::vector<OpCase> rearrangements = {
        {"flip", "two dims", EPS_ONE(flip(x, {0, -1}) * x), {block}},
        {"flip", "none, rank 0", EPS_ONE(flip(x, {}) * x), {any({})}},
        {"roll", "two dims", EPS_ONE(roll(x, {1, -2}, {1, 2}) * x), {block}},
        {"roll", "nothing", EPS_ONE(roll(x, {1}, {1}) * x), {any({2, 0})}},
        {"pad",
         "reflect",
         EPS_ONE(square(pad(x, {0, 1, 3}, {1, 2, 0}, PadMode::reflect))),
         {block}},
        {"pad",
         "replicate",
         EPS_ONE(square(pad(x, {0, 1, 5}, {2, 0, 1}, PadMode::replicate))),
         {block}},
        {"pad",
         "circular",
         EPS_ONE(square(pad(x, {0, 3, 1}, {1, 0, 4}, PadMode::circular))),
         {block}},
        {"pixel_shuffle", "2", EPS_ONE(square(pixel_shuffle(x, 2))), {any({2, 8, 2, 3})}},
        {"pixel_unshuffle", "2", EPS_ONE(square(pixel_unshuffle(x, 2))), {any({1, 2, 4, 2})}},
        {"tril", "below", EPS_ONE(square(tril(x, -1))), {block}},
        {"tril", "above", EPS_ONE(tril(x, 1) * x), {any({3, 3})}},
        {"triu", "main", EPS_ONE(square(triu(x))), {block}},
        {"triu", "far", EPS_ONE(triu(x, INT64_MIN) * x), {any({2, 3})}},
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
