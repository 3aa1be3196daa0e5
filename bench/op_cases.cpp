#include "op_cases.h"

#include "tensor/contract/kernels.h"
#include "varepsilon.h"

namespace eps::bench {
namespace {

using Inputs = std::vector<Tensor>;

// A matrix of 32 MiB.
constexpr std::int64_t kRows = 8192, kColumns = 1024;
// Images inside a U-Net, channels-last.
constexpr std::int64_t kImages = 32, kChannels = 128, kSize = 28;
// A layer of a small transformer, and its attention.
constexpr std::int64_t kTokens = 4096, kWidth = 512;
constexpr std::int64_t kBatch = 8, kHeads = 8, kLength = 256, kHeadWidth = 64;

auto floats(std::vector<Shape> shapes) {
    return [shapes = std::move(shapes)] {
        Inputs x;
        for (const Shape& shape : shapes) x.push_back(rand(shape) - 0.5);
        return x;
    };
}
auto matrix() { return floats({{kRows, kColumns}}); }
Inputs image_and_channels() {
    const Tensor image = permute(rand({kImages, kSize, kSize, kChannels}) - 0.5, {0, 3, 1, 2});
    return {image, rand({kChannels}), rand({kChannels})};
}
// A matrix, and for each element an index along its row.
Inputs matrix_and_indices() {
    return {rand({kRows, kColumns}), randint(0, kColumns, {kRows, kColumns})};
}
// A matrix, and the numbers of as many of its rows, drawn at random.
Inputs matrix_and_rows() { return {rand({kRows, kColumns}), randint(0, kRows, {kRows})}; }
// The same, and a matrix to add there.
auto with_source(Inputs (*make)()) {
    return [make] {
        Inputs x = make();
        x.push_back(rand({kRows, kColumns}));
        return x;
    };
}

void add_reductions(std::vector<OpCase>& cases) {
    const std::pair<const char*, Dims> kinds[] = {{"all", {}}, {"rows", {1}}, {"columns", {0}}};
    for (const auto& [which, dims] : kinds) {
        const std::string suffix = std::string("_") + which;
        cases.push_back({"reduce/sum" + suffix, matrix(),
                         [dims = dims](const Inputs& x) { return sum(x[0], dims); }});
        cases.push_back({"reduce/max" + suffix, matrix(),
                         [dims = dims](const Inputs& x) { return max(x[0], dims); }});
    }
    cases.push_back({"reduce/var_rows", matrix(), [](const Inputs& x) { return var(x[0], {1}); }});
    cases.push_back(
        {"reduce/logsumexp_rows", matrix(), [](const Inputs& x) { return logsumexp(x[0], {1}); }});
    cases.push_back({"reduce/argmax_rows", matrix(),
                     [](const Inputs& x) { return argmax(x[0], 1); }, 0, 0, false});
}

void add_normalisations(std::vector<OpCase>& cases) {
    const auto rows = floats({{kTokens, kWidth}, {kWidth}, {kWidth}});
    cases.push_back({"norm/softmax", matrix(), [](const Inputs& x) { return softmax(x[0]); }});
    cases.push_back(
        {"norm/log_softmax", matrix(), [](const Inputs& x) { return log_softmax(x[0]); }});
    cases.push_back({"norm/layer_norm", rows,
                     [](const Inputs& x) { return layer_norm(x[0], {kWidth}, x[1], x[2]); }});
    cases.push_back({"norm/rms_norm", floats({{kTokens, kWidth}, {kWidth}}),
                     [](const Inputs& x) { return rms_norm(x[0], {kWidth}, x[1]); }});
    cases.push_back({"norm/group_norm", image_and_channels,
                     [](const Inputs& x) { return group_norm(x[0], 8, x[1], x[2]); }});
    cases.push_back({"norm/group_norm_silu", image_and_channels,
                     [](const Inputs& x) { return group_norm_silu(x[0], 8, x[1], x[2]); }});
    cases.push_back({"norm/instance_norm", image_and_channels,
                     [](const Inputs& x) { return instance_norm(x[0], x[1], x[2]); }});
    cases.push_back({"norm/batch_norm", image_and_channels,
                     [](const Inputs& x) { return batch_norm(x[0], {}, {}, x[1], x[2]); }});
}

void add_products(std::vector<OpCase>& cases) {
    constexpr double square = 512, scores = double{kBatch * kHeads} * kLength * kLength;
    const auto heads = floats({{kBatch, kHeads, kLength, kHeadWidth},
                               {kBatch, kHeads, kLength, kHeadWidth},
                               {kBatch, kHeads, kLength, kHeadWidth}});
    cases.push_back({"product/matmul", floats({{512, 512}, {512, 512}}),
                     [](const Inputs& x) { return matmul(x[0], x[1]); },
                     2 * square * square * square});
    cases.push_back({"product/matmul_batched", floats({{64, 128, 64}, {64, 64, 128}}),
                     [](const Inputs& x) { return matmul(x[0], x[1]); },
                     2.0 * 64 * 128 * 64 * 128});
    cases.push_back({"product/linear", floats({{kTokens, kWidth}, {kWidth, kWidth}, {kWidth}}),
                     [](const Inputs& x) { return linear(x[0], x[1], x[2]); },
                     2.0 * kTokens * kWidth * kWidth});
    cases.push_back({"product/attention", heads,
                     [](const Inputs& x) { return scaled_dot_product_attention(x[0], x[1], x[2]); },
                     4 * scores * kHeadWidth});
    cases.push_back({"product/attention_causal", heads,
                     [](const Inputs& x) {
                         return scaled_dot_product_attention(x[0], x[1], x[2], {.causal = true});
                     },
                     2 * scores * kHeadWidth});
}

void add_convolutions(std::vector<OpCase>& cases) {
    // FLOP of one kernel position.
    constexpr double products = 2.0 * kImages * kChannels * kChannels * kSize * kSize;
    const auto with_filters = [](std::int64_t size) {
        return [size] {
            return Inputs{image_and_channels()[0], rand({kChannels, kChannels, size, size}) - 0.5};
        };
    };
    cases.push_back({"conv/1x1", with_filters(1),
                     [](const Inputs& x) { return conv2d(x[0], x[1], {}); }, products});
    cases.push_back({"conv/3x3", with_filters(3),
                     [](const Inputs& x) {
                         return conv2d(x[0], x[1], {}, {.padding = {1, 1}});
                     },
                     9 * products});
    cases.push_back({"conv/4x4_stride_2", with_filters(4),
                     [](const Inputs& x) {
                         return conv2d(x[0], x[1], {}, {.stride = {2, 2}, .padding = {1, 1}});
                     },
                     4 * products});
    cases.push_back(
        {"conv/4x4_transposed", with_filters(4),
         [](const Inputs& x) {
             return conv_transpose2d(x[0], x[1], {}, {.stride = {2, 2}, .padding = {1, 1}});
         },
         16 * products});
}

void add_indexing(std::vector<OpCase>& cases) {
    cases.push_back({"index/gather", matrix_and_indices,
                     [](const Inputs& x) { return gather(x[0], 1, x[1]); }});
    cases.push_back({"index/scatter_add", with_source(matrix_and_indices),
                     [](const Inputs& x) { return scatter_add(x[0], 1, x[1], x[2]); }});
    cases.push_back({"index/index_select", matrix_and_rows,
                     [](const Inputs& x) { return index_select(x[0], 0, x[1]); }});
    cases.push_back({"index/embedding",
                     [] {
                         return Inputs{randn({1000, kWidth}), randint(0, 1000, {kTokens})};
                     },
                     [](const Inputs& x) { return index_select(x[0], 0, x[1]); }});
    cases.push_back({"index/index_add", with_source(matrix_and_rows),
                     [](const Inputs& x) { return index_add(x[0], 0, x[1], x[2]); }});
    cases.push_back(
        {"index/cumsum_rows", matrix(), [](const Inputs& x) { return cumsum(x[0], 1); }});
    cases.push_back(
        {"index/cumsum_columns", matrix(), [](const Inputs& x) { return cumsum(x[0], 0); }});
    cases.push_back(
        {"index/sort", floats({{256, 1024}}), [](const Inputs& x) { return sort(x[0]).values; }});
    cases.push_back({"index/topk", floats({{256, 1024}}),
                     [](const Inputs& x) { return topk(x[0], 16).values; }});
}

void add_movements(std::vector<OpCase>& cases) {
    const auto image = floats({{kImages, kChannels, kSize, kSize}});
    cases.push_back(
        {"move/concat_rows", floats({{kRows, kColumns}, {kRows, kColumns}}), [](const Inputs& x) {
             return concat({x[0], x[1]}, 0);
         }});
    cases.push_back({"move/concat_columns", floats({{kRows, kColumns}, {kRows, kColumns}}),
                     [](const Inputs& x) {
                         return concat({x[0], x[1]}, 1);
                     }});
    cases.push_back(
        {"move/transpose", matrix(), [](const Inputs& x) { return contiguous(transpose(x[0])); }});
    cases.push_back(
        {"move/channels_last", image, [](const Inputs& x) { return channels_last(x[0]); }});
    cases.push_back({"move/permute", image, [](const Inputs& x) {
                         return contiguous(permute(x[0], {1, 0, 2, 3}));
                     }});
    cases.push_back({"move/slice", floats({{kRows, 2 * kColumns}}),
                     [](const Inputs& x) { return contiguous(slice(x[0], 1, 0, INT64_MAX, 2)); }});
    cases.push_back({"move/pad", image, [](const Inputs& x) {
                         return pad(x[0], {0, 0, 1, 1}, {0, 0, 1, 1});
                     }});
    cases.push_back({"move/broadcast_add", floats({{kRows, kColumns}, {kColumns}}),
                     [](const Inputs& x) { return x[0] + x[1]; }});
    cases.push_back({"move/to_f64", matrix(), [](const Inputs& x) { return to(x[0], f64); }});
}

void add_spatial(std::vector<OpCase>& cases) {
    const auto add = [&](const char* name, Tensor (*run)(const Tensor& x)) {
        cases.push_back({std::string("spatial/") + name,
                         [] { return Inputs{image_and_channels()[0]}; },
                         [run](const Inputs& x) { return run(x[0]); }});
    };
    add("max_pool", [](const Tensor& x) { return max_pool2d(x, {2, 2}); });
    add("max_pool_overlap", [](const Tensor& x) {
        return max_pool2d(x, {3, 3}, {.stride = {2, 2}, .padding = {1, 1}});
    });
    add("avg_pool", [](const Tensor& x) { return avg_pool2d(x, {2, 2}); });
    add("adaptive_avg_pool", [](const Tensor& x) { return adaptive_avg_pool2d(x, {1, 1}); });
    add("upsample_nearest", [](const Tensor& x) { return upsample_nearest(x, 2); });
    add("interpolate_linear", [](const Tensor& x) {
        return interpolate(x, {.scale_factor = {2}, .mode = Interpolation::linear});
    });
    add("pad_reflect", [](const Tensor& x) {
        return pad(x, {0, 0, 1, 1}, {0, 0, 1, 1}, PadMode::reflect);
    });
    add("unfold", [](const Tensor& x) { return unfold(x, {3, 3}, {.padding = {1, 1}}); });
}

void add_random(std::vector<OpCase>& cases) {
    // An empty input carries the device.
    const auto add = [&](const char* name, Tensor (*make)(const Options& options)) {
        cases.push_back({std::string("random/") + name, [] { return Inputs{empty({0})}; },
                         [make](const Inputs& x) { return make({.device = x[0].device()}); }, 0, 0,
                         false});
    };
    add("uniform", [](const Options& o) { return rand({kRows, kColumns}, o); });
    add("normal", [](const Options& o) { return randn({kRows, kColumns}, o); });
    add("bernoulli", [](const Options& o) { return bernoulli(0.5, {kRows, kColumns}, o); });
    add("randint", [](const Options& o) {
        return randint(0, 10, {kRows, kColumns}, {i64, o.device});
    });
    add("randperm", [](const Options& o) { return randperm(kRows * kColumns / 4, o.device); });
}

// The number of state tensors of an optimiser.
std::size_t states_of(kernels::Update update) {
    using enum kernels::Update;
    if (update == ema) return 0;
    return update == adam || update == adamax || update == rmsprop ? 2 : 1;
}

// One step of an optimiser reads the gradient, and reads and writes the value and the states.
void add_update(std::vector<OpCase>& cases, const char* name, kernels::Update update) {
    constexpr std::int64_t n = kRows * kColumns;
    const std::size_t states = states_of(update);
    const auto tensors = [states] {
        Inputs x;
        for (std::size_t i = 0; i < 2 + states; ++i) x.push_back(rand({n}));
        x.push_back(kernels::as_tensor(
            {.lr = 1e-3, .epsilon = 1e-8, .beta1 = 0.9, .beta2 = 0.999, .momentum = 0.9}));
        return x;
    };
    const auto run = [update, states](const Inputs& x) {
        const kernels::UpdateTensors all{x[0], x[1], states > 0 ? x[2] : Tensor(),
                                         states > 1 ? x[3] : Tensor()};
        kernels::multi_tensor_update(update, x.back(), std::span(&all, 1));
        return x[0];
    };
    cases.push_back({std::string("update/") + name, tensors, run, 0,
                     4.0 * n * static_cast<double>(3 + 2 * states), false});
}

}  // namespace

std::vector<OpCase> op_cases() {
    std::vector<OpCase> cases;
    add_reductions(cases);
    add_normalisations(cases);
    add_products(cases);
    add_convolutions(cases);
    add_indexing(cases);
    add_movements(cases);
    add_spatial(cases);
    add_random(cases);
#define EPS_UPDATE_CASE(name, S) add_update(cases, #name, kernels::Update::name);
    EPS_UPDATES(EPS_UPDATE_CASE)
#undef EPS_UPDATE_CASE
    return cases;
}

}  // namespace eps::bench
