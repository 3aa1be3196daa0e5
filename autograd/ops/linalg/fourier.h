#pragma once
// Discrete Fourier transforms. There are no complex dtypes: a complex tensor has a last dimension
// [.., 2] of real and imaginary parts.
#include <cstdint>
#include <optional>

#include "tensor/tensor.h"

namespace eps {

struct DftOptions {
    std::int64_t dim = -2;  // counts the dimension of parts, too
    std::optional<std::int64_t> length =
        {};                // x is cut, or continued with zeros; default: as it is
    bool inverse = false;  // with exp(+..), divided by n
    // Only k = 0 .. n / 2, which say all of a real x. The inverse takes such a half, of a signal
    // of `length` or else 2 (m - 1) for m bins, and gives the real signal [.., n, .., 1].
    bool onesided = false;
};
/// The discrete Fourier transform along a dimension, by the algorithm of Cooley and Tukey (1965)
/// and, for prime factors, the definition; in f64 whatever x's dtype.
///     X[k] = sum_j x[j] exp(-2 pi i j k / n)
/// Shapes: x [.., n, .., 2], or [.., n, .., 1] if it is real -> [.., n or n / 2 + 1, .., 2].
/// Throws on lengths with a prime factor above 2^12.
Tensor dft(const Tensor& x, const DftOptions& options = {});

struct StftOptions {
    std::int64_t hop_length = 0;  // from one frame to the next; 0: n_fft / 4
    Tensor window = {};           // [n_fft] factors; undefined: 1
    bool center = true;       // frames are centred on their positions: x is reflected at its ends
    bool normalized = false;  // divides by sqrt(n_fft)
    bool onesided = true;
};
/// The short-time Fourier transform: dft of overlapping frames of a real signal.
///     out[.., k, t, :] = dft(window x[.., t hop_length + (0 .. n_fft - 1)])[k]
/// Shapes: x [.., L] -> [.., n_fft / 2 + 1, frames, 2]; n_fft bins unless onesided.
/// Throws unless there is a whole frame.
Tensor stft(const Tensor& x, std::int64_t n_fft, const StftOptions& options = {});

}  // namespace eps
