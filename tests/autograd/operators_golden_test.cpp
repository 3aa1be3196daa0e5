// Grids, volumes, elementwise compositions, scattering, losses and spectra against PyTorch's values
// and gradients.
#include <cmath>
#include <map>

#include "nn/loss.h"
#include "tests/autograd/support.h"
#include "tests/golden/operators_golden.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::test;

namespace {

const golden::Expected& expected(const std::string& name) {
    for (const golden::Expected& e : golden::operators)
        if (e.name == name) return e;
    FAIL("no golden values of ", name);
    return golden::operators.front();
}

// The same values as in make_operators_golden.py.
Tensor spread(const Shape& shape, double phase, double scale = 1.5) {
    Tensor x = empty(shape, {.dtype = f64});
    for (std::int64_t i = 0; i < x.numel(); ++i)
        x.data<double>()[i] =
            std::nearbyint(std::sin(static_cast<double>(i) * 1.7 + phase) * scale * 1000) / 1000;
    return x;
}

void compare(const std::string& name, const Tensor& got) {
    const golden::Expected& e = expected(name);
    REQUIRE_MESSAGE(got.shape() == Shape(e.shape), name, ": ", got.shape().to_string());
    const std::vector<double> values = got.to_vector();
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double wanted = e.values[i];
        const bool same = std::isnan(wanted) ? std::isnan(values[i])
                                             : std::abs(values[i] - wanted) <=
                                                       1e-10 * std::max(1.0, std::abs(wanted)) ||
                                                   values[i] == wanted;
        CHECK_MESSAGE(same, name, ", element ", i, " is ", values[i], "; expected ", wanted);
    }
}

// The value, and the gradients of sum(value * spread) in those inputs that have one.
void compare_gradients(const std::string& name, const TensorFunction& f,
                       const std::vector<Tensor>& values) {
    std::vector<Tensor> leaves;
    for (const Tensor& x : values) leaves.push_back(leaf(x));
    const Tensor y = f(leaves);
    compare(name, y);
    const std::vector<Tensor> gradients =
        grad(y, leaves, {.gradient = spread(y.shape(), 0.9), .allow_unused = true});
    for (std::size_t k = 0; k < gradients.size(); ++k)
        if (gradients[k].defined()) compare(str(name, " d", k), gradients[k]);
}

#define COMPARE(name, value, ...)                                                       \
    compare_gradients(name,                                                             \
                      [&](const std::vector<Tensor>& in) {                              \
                          const Tensor& x = in[0];                                      \
                          [[maybe_unused]] const Tensor& y = in[in.size() > 1 ? 1 : 0]; \
                          [[maybe_unused]] const Tensor& z = in[in.size() > 2 ? 2 : 0]; \
                          return value;                                                 \
                      },                                                                \
                      {__VA_ARGS__})

Tensor fixed(const std::vector<double>& values) { return tensor(values, {}, {.dtype = f64}); }

}  // namespace

TEST_CASE("operators: grid_sample and affine_grid have PyTorch's values and gradients") {
    const Tensor image = spread({2, 1, 3, 4}, 0.2), grid = spread({2, 2, 3, 2}, 0.5);
    const std::map<std::string, GridMode> modes{{"bilinear", GridMode::bilinear},
                                                {"nearest", GridMode::nearest},
                                                {"bicubic", GridMode::bicubic}};
    const std::map<std::string, GridPadding> paddings{{"zeros", GridPadding::zeros},
                                                      {"border", GridPadding::border},
                                                      {"reflection", GridPadding::reflection}};
    for (const auto& [mode, m] : modes)
        for (const auto& [padding, p] : paddings)
            for (const bool corners : {false, true}) {
                const GridSampleOptions options{m, p, corners};
                COMPARE("grid_sample " + mode + " " + padding + (corners ? " corners" : " edges"),
                        grid_sample(x, y, options), image, grid);
            }
    for (const auto& [padding, p] : paddings) {
        const GridSampleOptions options{.padding_mode = p};
        COMPARE("grid_sample trilinear " + padding, grid_sample(x, y, options),
                spread({1, 2, 2, 3, 2}, 0.3), spread({1, 2, 1, 3, 3}, 0.4));
    }
    for (const bool corners : {false, true}) {
        const std::string name = corners ? "corners" : "edges";
        COMPARE("affine_grid 2d " + name, affine_grid(x, {2, 1, 3, 2}, corners),
                spread({2, 2, 3}, 0.1));
        COMPARE("affine_grid 3d " + name, affine_grid(x, {1, 1, 2, 3, 1}, corners),
                spread({1, 3, 4}, 0.1));
    }
}

TEST_CASE("operators: convolutions and pooling of volumes have PyTorch's values and gradients") {
    const Tensor volume = spread({1, 4, 3, 4, 3}, 0.1), bias = spread({6}, 0.3);
    const Conv3dOptions options{
        .stride = {2, 1, 2}, .padding = {1, 1, 0}, .dilation = {1, 2, 1}, .groups = 2};
    COMPARE("conv3d", conv3d(x, y, z, options), volume, spread({6, 2, 2, 2, 3}, 0.2), bias);
    const ConvTranspose3dOptions transposed{.stride = {2, 1, 2},
                                            .padding = {1, 1, 0},
                                            .output_padding = {1, 0, 1},
                                            .dilation = {1, 2, 1},
                                            .groups = 2};
    COMPARE("conv_transpose3d", conv_transpose3d(x, y, z, transposed), volume,
            spread({4, 3, 2, 2, 3}, 0.2), bias);
    const Tensor big = spread({1, 1, 5, 4, 5}, 0.4);
    const MaxPool3dOptions largest{.stride = {1, 2, 2}, .padding = {1, 1, 0}};
    COMPARE("max_pool3d", max_pool3d(x, {2, 3, 2}, largest), big);
    const MaxPool3dOptions dilated{.dilation = {2, 1, 1}, .ceil_mode = true};
    COMPARE("max_pool3d ceil", max_pool3d(x, {2, 2, 2}, dilated), big);
    const AvgPool3dOptions average{.stride = {1, 2, 2}, .padding = {1, 1, 0}};
    COMPARE("avg_pool3d", avg_pool3d(x, {2, 3, 2}, average), big);
    const AvgPool3dOptions inside{
        .padding = {1, 1, 1}, .ceil_mode = true, .count_include_pad = false};
    COMPARE("avg_pool3d ceil", avg_pool3d(x, {2, 2, 2}, inside), big);
    COMPARE("adaptive_avg_pool3d", adaptive_avg_pool3d(x, {2, 3, 1}), big);
    COMPARE("adaptive_max_pool3d", adaptive_max_pool3d(x, {2, 3, 1}), big);
    const LpPool1dOptions overlapping{.stride = 2};
    COMPARE("lp_pool1d", lp_pool1d(x, 4, 3, overlapping), spread({1, 2, 7}, 0.4));
    COMPARE("lp_pool2d", lp_pool2d(x, 2, {2, 3}), spread({1, 2, 4, 6}, 0.4));
    COMPARE("lp_pool3d", lp_pool3d(x, 2, {2, 2, 2}), big);
    const MaxPooled pooled = max_pool2d_with_indices(spread({1, 2, 5, 6}, 0.2), {2, 2});
    MaxUnpool2dOptions unpooling;
    unpooling.output_size = {{5, 6}};
    COMPARE("max_unpool2d", max_unpool2d(x, pooled.indices, {2, 2}, unpooling), pooled.values);
}

TEST_CASE("operators: elementwise compositions have PyTorch's values and gradients") {
    const Tensor p = fixed({0.001, 0.2, 0.25, 0.4999, 0.5, 0.6, 0.75, 0.9, 0.99999});
    COMPARE("logit", logit(x), p);
    COMPARE("logit clamped", logit(x, 0.1), p);
    COMPARE("softplus", softplus(x, 3), spread({9}, 0.2, 6));
    const Tensor odd = fixed({1.5, NAN, INFINITY, -INFINITY, -2});
    const NanToNumOptions options{.nan = 0.5, .posinf = 7, .neginf = -8};
    COMPARE("nan_to_num", nan_to_num(x, options), odd);
    compare("nan_to_num defaults", nan_to_num(odd));
    const Tensor a = fixed({7, -7, 7, -7, 6, -6, 0.9, -0.3});
    const Tensor b = fixed({2, 2, -2, -2, 3, 3, 0.1, 0.1});
    compare("div floor", div(a, b, RoundingMode::floor));
    compare("div trunc", div(a, b, RoundingMode::trunc));
    COMPARE("clamp", clamp(x, y, z), fixed({-3, 0.5, 4, 0}), fixed({-1, -1, -1, 2}),
            fixed({1, 1, 1, 1}));
    COMPARE("unfold", unfold(x, 1, 3, 2), spread({2, 8, 2}, 0.1));
}

TEST_CASE("operators: integers are divided exactly, with 0 for a quotient by 0") {
    const auto whole = [](const std::vector<std::int64_t>& values) {
        return from_span<std::int64_t>(std::span(values),
                                       {static_cast<std::int64_t>(values.size())});
    };
    const std::int64_t large = (std::int64_t{1} << 62) + 12345;
    const Tensor a = whole({7, -7, 7, -7, large, -large, large, 5, -6});
    const Tensor b = whole({2, 2, -2, -2, 3, 3, 1, 0, 3});
    const auto quotients = [&](RoundingMode mode) {
        const Tensor q = div(a, b, mode);
        return std::vector<std::int64_t>(q.data<std::int64_t>(),
                                         q.data<std::int64_t>() + q.numel());
    };
    const std::int64_t third = large / 3, below = large % 3 == 0 ? -third : -third - 1;
    CHECK(quotients(RoundingMode::trunc) ==
          std::vector<std::int64_t>{3, -3, -3, 3, third, -third, large, 0, -2});
    CHECK(quotients(RoundingMode::floor) ==
          std::vector<std::int64_t>{3, -4, -4, 3, third, below, large, 0, -2});
}

TEST_CASE("operators: logit keeps its digits near 1/2 and its limits at 0 and 1, in f32") {
    const Tensor x = tensor({0, 1, 0.5 + 1e-5, 1e-30}).requires_grad_();
    const std::vector<double> y = logit(x).to_vector();
    CHECK(y[0] == -INFINITY);
    CHECK(y[1] == INFINITY);
    const auto near = static_cast<double>(static_cast<float>(0.5 + 1e-5));
    CHECK(y[2] == doctest::Approx(std::log(near / (1 - near))).epsilon(1e-6));
    CHECK(y[3] == doctest::Approx(std::log(1e-30)).epsilon(1e-6));
    const std::vector<double> d = grad(sum(logit(x)), {x})[0].to_vector();
    CHECK(d[2] == doctest::Approx(4).epsilon(1e-6));
}

TEST_CASE("operators: scatter_reduce has PyTorch's values, with and without the target itself") {
    const Tensor base = spread({4, 2}, 0.1), source = spread({5, 2}, 0.2);
    const Tensor index = tensor({0, 3, 2, 3, 2, 0, 0, 1, 3, 1}, {5, 2}, {.dtype = i64});
    const std::map<std::string, Combine> all{{"sum", Combine::sum},
                                             {"prod", Combine::prod},
                                             {"mean", Combine::mean},
                                             {"amax", Combine::amax},
                                             {"amin", Combine::amin}};
    for (const auto& each : all)
        for (const bool self : {true, false})
            COMPARE("scatter_reduce " + each.first + (self ? " self" : " others"),
                    scatter_reduce(x, 0, index, y, each.second, self), base, source);
    const Tensor counts = tensor({7, 7, 7, 7}, {}, {.dtype = i64});
    const Tensor at = tensor({0, 0, 2}, {}, {.dtype = i64});
    const Tensor more = tensor({-2, -3, 4}, {}, {.dtype = i64});
    CHECK(scatter_reduce(counts, 0, at, more, Combine::mean, false).to_vector() ==
          std::vector<double>{-3, 7, 4, 7});
    CHECK(scatter_reduce(counts, 0, at, more, Combine::amax, false).to_vector() ==
          std::vector<double>{-2, 7, 4, 7});
}

TEST_CASE("operators: weighted losses and soft targets have PyTorch's values and gradients") {
    using nn::Reduction;
    const Tensor weight = fixed({0.5, 2, 1, 3});
    const Tensor p = sigmoid(spread({3, 4}, 0.1, 3)), t = sigmoid(spread({3, 4}, 0.7, 3));
    const Tensor q = softmax(spread({3, 4, 2}, 0.7, 3), 1);
    const std::map<std::string, Reduction> reductions{
        {"none", Reduction::none}, {"mean", Reduction::mean}, {"sum", Reduction::sum}};
    for (const auto& [name, how] : reductions) {
        const nn::BceOptions probabilities{.weight = weight, .reduction = how};
        COMPARE("bce " + name, nn::binary_cross_entropy(x, y, probabilities), p, t);
        const nn::BceWithLogitsOptions logits{
            .weight = weight, .pos_weight = 1 / weight, .reduction = how};
        COMPARE("bce_with_logits " + name, nn::binary_cross_entropy_with_logits(x, y, logits),
                spread({3, 4}, 0.1, 3), t);
        const nn::CrossEntropyOptions soft{
            .weight = weight, .label_smoothing = 0.2, .reduction = how};
        COMPARE("cross_entropy " + name, nn::cross_entropy(x, y, soft), spread({3, 4, 2}, 0.1, 3),
                q);
    }
    compare("bce extreme", nn::binary_cross_entropy(fixed({0, 1, 0, 1}), fixed({0, 1, 1, 0}),
                                                    {.reduction = Reduction::none}));
    const Tensor certain = leaf(fixed({0, 1}));
    const Tensor g = grad(nn::binary_cross_entropy(certain, fixed({0, 1})), {certain})[0];
    CHECK(g.to_vector() == std::vector<double>{0.5, -0.5});
}

TEST_CASE("operators: Fourier transforms have PyTorch's values and gradients") {
    const Tensor pairs = spread({1, 70, 2}, 0.1);
    compare("dft", dft(pairs));
    compare("dft inverse", dft(pairs, {.length = 9, .inverse = true}));
    compare("dft onesided", dft(narrow(pairs, 2, 0, 1), {.length = 72, .onesided = true}));
    const Tensor bins = narrow(pairs, 1, 0, 6);
    compare("dft inverse of one side",
            squeeze(dft(bins, {.length = 9, .inverse = true, .onesided = true}), 2));
    compare("dft inverse of one side, even",
            squeeze(dft(bins, {.inverse = true, .onesided = true}), 2));
    const Tensor wave = spread({1, 20}, 0.1);
    const Tensor window =
        0.5 - 0.5 * cos(arange(0, 8, 1, {.dtype = f64}) * (2 * 3.14159265358979323846 / 8));
    const auto windowed = [](const Tensor& signal, const Tensor& w) {
        return stft(signal, 8, {.hop_length = 3, .window = w});
    };
    COMPARE("stft", windowed(x, y), wave, window);
    compare("stft options",
            stft(wave, 6, {.center = false, .normalized = true, .onesided = false}));
    const Tensor long_wave = spread({1, 8192, 2}, 0.4);
    const Tensor back = dft(dft(long_wave), {.inverse = true});
    CHECK(max(abs(back - long_wave)).item() < 1e-12);
}
