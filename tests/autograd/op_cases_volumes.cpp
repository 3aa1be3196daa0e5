// Gradient cases of volumes: convolutions, pooling and windows; and pooling by norms.
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/image/conv3d.h"
#include "autograd/ops/image/lp_pool.h"
#include "autograd/ops/image/max_unpool.h"
#include "autograd/ops/image/pool3d.h"
#include "autograd/ops/image/unfold.h"
#include "autograd/ops/reduction/reduce.h"
#include "tests/autograd/op_case_inputs.h"

namespace eps::test {
namespace {

void add_convolutions_3d(std::vector<OpCase>& cases) {
    const std::vector<OpCase> convolutions = {
        EPS_CASE("conv3d", "2x1x2", conv3d(x, y), any({2, 1, 2, 2, 3}), any({2, 1, 2, 1, 2}, 2)),
        EPS_CASE(
            "conv3d", "all options",
            conv3d(x, y, z,
                   {.stride = {2, 1, 1}, .padding = {1, 1, 0}, .dilation = {1, 2, 1}, .groups = 2}),
            any({1, 4, 3, 2, 2}), any({2, 2, 2, 2, 1}, 2), any({2}, 3)),
        EPS_CASE("conv3d", "an empty batch", conv3d(x, y) * sum(y), any({0, 1, 2, 2, 2}),
                 any({1, 1, 1, 1, 1}, 2)),
        EPS_CASE("conv_transpose3d", "2x1x2", conv_transpose3d(x, y), any({2, 1, 2, 2, 2}),
                 any({1, 2, 2, 1, 2}, 2)),
        EPS_CASE("conv_transpose3d", "all options",
                 conv_transpose3d(x, y, z,
                                  {.stride = {2, 1, 2},
                                   .padding = {1, 0, 0},
                                   .output_padding = {1, 0, 1},
                                   .dilation = {1, 2, 1},
                                   .groups = 2}),
                 any({1, 4, 2, 1, 2}), any({4, 1, 2, 2, 1}, 2), any({2}, 3)),
    };
    cases.insert(cases.end(), convolutions.begin(), convolutions.end());
}

void add_pooling_3d(std::vector<OpCase>& cases) {
    const Tensor volume = any({1, 2, 3, 4, 3});
    const std::vector<OpCase> pooling = {
        EPS_CASE("max_pool3d", "windows that overlap",
                 square(max_pool3d(x, {2, 2, 2}, {.stride = {1, 2, 1}, .padding = {1, 0, 1}})),
                 volume),
        EPS_CASE("max_pool3d", "ceil_mode", max_pool3d(x, {2, 3, 2}, {.ceil_mode = true}), volume),
        EPS_CASE("avg_pool3d", "2x2x3", square(avg_pool3d(x, {2, 2, 3})), volume),
        EPS_CASE("avg_pool3d", "padding does not count",
                 square(avg_pool3d(
                     x, {2, 2, 2},
                     {.stride = {1, 2, 1}, .padding = {1, 1, 0}, .count_include_pad = false})),
                 volume),
        EPS_CASE("adaptive_avg_pool3d", "uneven", square(adaptive_avg_pool3d(x, {2, 3, 1})),
                 volume),
        EPS_CASE("adaptive_max_pool3d", "uneven", square(adaptive_max_pool3d(x, {2, 3, 1})),
                 volume),
        EPS_CASE("lp_pool1d", "3", lp_pool1d(x, 3, 2, {.stride = 1}), any({1, 2, 5})),
        EPS_CASE("lp_pool2d", "2", lp_pool2d(x, 2, {2, 3}), any({1, 2, 4, 6})),
        EPS_CASE("lp_pool2d", "1.5, ceil_mode",
                 lp_pool2d(x, 1.5, {2, 2}, {.stride = {2, 3}, .ceil_mode = true}),
                 any({1, 1, 3, 4})),
        EPS_CASE("lp_pool3d", "4", lp_pool3d(x, 4, {2, 2, 2}), any({1, 1, 2, 4, 2})),
        EPS_CASE("max_unpool2d", "2x2",
                 square(max_unpool2d(x, index({5, 2, 8, 15}, {1, 1, 2, 2}), {2, 2})),
                 any({1, 1, 2, 2})),
        EPS_CASE("unfold3d", "2x1x2", square(unfold3d(x, {2, 1, 2})), any({1, 2, 3, 2, 2})),
        EPS_CASE(
            "unfold3d", "all options",
            square(unfold3d(x, {2, 2, 1},
                            {.dilation = {2, 1, 1}, .padding = {1, 0, 0}, .stride = {1, 2, 1}})),
            any({1, 1, 2, 4, 2})),
        EPS_CASE("fold3d", "windows that overlap", square(fold3d(x, {3, 2, 2}, {2, 1, 2})),
                 any({1, 8, 4})),
    };
    cases.insert(cases.end(), pooling.begin(), pooling.end());
}

}  // namespace

void add_volumes(std::vector<OpCase>& cases) {
    add_convolutions_3d(cases);
    add_pooling_3d(cases);
}

}  // namespace eps::test
