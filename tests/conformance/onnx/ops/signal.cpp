// Fourier transforms and window functions.
#include <numbers>

#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/linalg/fourier.h"
#include "tests/conformance/onnx/ops/common.h"

namespace eps::conformance {
namespace {

// The axis became an input in op set 20.
Results transform(const Call& c) {
    DftOptions options{.dim = c.opset() >= 20 ? -2 : c.integer("axis", 1),
                       .inverse = c.flag("inverse"),
                       .onesided = c.flag("onesided")};
    if (c.has(1)) options.length = c.numbers(1).at(0);
    if (c.has(2)) options.dim = c.numbers(2).at(0);
    return dft(c[0], options);
}

// Frames of a signal [B, length, 1], `step` apart: [B, frames, bins, 2].
Results short_time_transform(const Call& c) {
    const std::int64_t length = c.has(3) ? c.numbers(3).at(0) : c[2].size(0);
    const Tensor out = stft(squeeze(c[0], 2), length,
                            {.hop_length = c.numbers(1).at(0),
                             .window = c.optional(2),
                             .center = false,
                             .onesided = c.flag("onesided", true)});
    return transpose(out, 1, 2);
}

// a - b cos(2 pi n / N) + d cos(4 pi n / N), where N is the size, or one less for a symmetric
// window.
Results cosine_window(const Call& c, double a, double b, double d) {
    const std::int64_t size = c.numbers(0).at(0);
    const double period = static_cast<double>(c.flag("periodic", true) ? size : size - 1);
    const Tensor angle =
        2 * std::numbers::pi / period * arange(0, static_cast<double>(size), 1, {.dtype = f64});
    return to(a - b * cos(angle) + d * cos(2.0 * angle),
              dtype_of_onnx(c.integer("output_datatype", 1)));
}

}  // namespace

void add_signal_ops(OpTable& table) {
    table.insert({
        {"DFT", transform},
        {"STFT", short_time_transform},
        {"HannWindow", [](const Call& c) { return cosine_window(c, 0.5, 0.5, 0); }},
        {"HammingWindow", [](const Call& c) { return cosine_window(c, 25.0 / 46, 21.0 / 46, 0); }},
        {"BlackmanWindow", [](const Call& c) { return cosine_window(c, 0.42, 0.5, 0.08); }},
    });
}

}  // namespace eps::conformance
