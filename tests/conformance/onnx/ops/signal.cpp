// Fourier transforms as products with matrices of cosines and sines; and window functions.
#include <algorithm>
#include <numbers>

#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "tests/conformance/onnx/ops/common.h"

namespace eps::conformance {
namespace {

// cos (or sin) of 2 pi n k / length: [n, k]
Tensor wave(Tensor (*function)(const Tensor&, double), std::int64_t rows, std::int64_t columns,
            std::int64_t length) {
    const Tensor n = arange(0, static_cast<double>(rows), 1, {.dtype = f64});
    const Tensor k = arange(0, static_cast<double>(columns), 1, {.dtype = f64});
    return function(unsqueeze(n, 1) * k, 2 * std::numbers::pi / static_cast<double>(length));
}
Tensor cosines(const Tensor& x, double frequency) { return cos(frequency * x); }
Tensor sines(const Tensor& x, double frequency) { return sin(frequency * x); }

// Signals [.., length, 1 or 2], real and imaginary part in the last dimension -> [.., bins, 2].
Tensor fourier(const Tensor& signal, std::int64_t length, std::int64_t bins, bool inverse) {
    const std::int64_t rows = std::min(length, signal.size(-2));
    const Tensor x = to(narrow(signal, -2, 0, rows), f64), re = select(x, -1, 0);
    const Tensor im = x.size(-1) == 2 ? select(x, -1, 1) : zeros_like(re);
    const Tensor c = wave(cosines, rows, bins, length);
    const Tensor s = (inverse ? -1.0 : 1.0) * wave(sines, rows, bins, length);
    const Tensor out = stack({matmul(re, c) + matmul(im, s), matmul(im, c) - matmul(re, s)}, -1);
    return to(inverse ? out / static_cast<double>(length) : out, signal.dtype());
}

std::int64_t bins_of(std::int64_t length, bool onesided) {
    return onesided ? length / 2 + 1 : length;
}

Results dft(const Call& c) {
    const std::int64_t axis = c.integer("axis", 1);
    const std::int64_t length = c.has(1) ? c.numbers(1).at(0) : c[0].size(axis);
    const Tensor x = transpose(c[0], axis, -2);
    return transpose(fourier(x, length, bins_of(length, c.flag("onesided")), c.flag("inverse")),
                     axis, -2);
}

// Transforms of windowed frames of a signal [B, length, 1], `step` apart: [B, frames, bins, 2].
Results stft(const Call& c) {
    const std::int64_t step = c.numbers(1).at(0);
    const std::int64_t length = c.has(3) ? c.numbers(3).at(0) : c[2].size(0);
    std::vector<Tensor> frames;
    for (std::int64_t start = 0; start + length <= c[0].size(1); start += step)
        frames.push_back(narrow(c[0], 1, start, length));
    const Tensor framed = stack(frames, 1);
    return fourier(c.has(2) ? framed * reshape(c[2], {-1, 1}) : framed, length,
                   bins_of(length, c.flag("onesided", true)), false);
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
        {"DFT", dft},
        {"STFT", stft},
        {"HannWindow", [](const Call& c) { return cosine_window(c, 0.5, 0.5, 0); }},
        {"HammingWindow", [](const Call& c) { return cosine_window(c, 25.0 / 46, 21.0 / 46, 0); }},
        {"BlackmanWindow", [](const Call& c) { return cosine_window(c, 0.42, 0.5, 0.08); }},
    });
}

}  // namespace eps::conformance
