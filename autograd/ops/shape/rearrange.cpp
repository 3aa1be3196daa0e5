#include "autograd/ops/shape/rearrange.h"

#include <algorithm>
#include <utility>

#include "autograd/ops/checker.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/image/image.h"
#include "autograd/ops/image/resample.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"
#include "tensor/extent.h"

namespace eps {
namespace {

std::int64_t modulo(std::int64_t i, std::int64_t n) { return (i % n + n) % n; }

/// out[i] = x[source(i)] along dim, for i in [0, extent).
template <class Source>
Tensor picked(const Checker& check, const Tensor& x, int dim, Extent extent, const Source& source) {
    CsrMatrix matrix(check.op, x.size(dim), extent, extent);
    const std::int64_t outputs = extent.value(check.op);
    for (std::int64_t i = 0; i < outputs; ++i, matrix.end_row()) matrix.add(source(i));
    return resample(x, dim, std::move(matrix), check.op);
}

/// Which of n elements stands at position i of the padded dimension, where i may be outside of
/// [0, n).
std::int64_t beyond_edge(std::int64_t i, std::int64_t n, PadMode mode) {
    if (mode == PadMode::circular) return modulo(i, n);
    if (mode == PadMode::replicate) return std::clamp<std::int64_t>(i, 0, n - 1);
    if (i < 0) return -i;
    return i < n ? i : 2 * (n - 1) - i;
}

}  // namespace

Tensor flip(const Tensor& x, const Dims& dims) {
    const Checker check("flip");
    check.defined(x);
    Tensor y = x;
    if (dims.empty()) return y;
    for (std::int64_t d : check.dims(dims, x)) {
        const std::int64_t n = x.size(d);
        y = picked(check, y, static_cast<int>(d), n, [&](std::int64_t i) { return n - 1 - i; });
    }
    return y;
}

Tensor roll(const Tensor& x, const Dims& shifts, const Dims& dims) {
    const Checker check("roll");
    check.defined(x);
    check(shifts.rank() == dims.rank(), "needs one shift for each dim; got ", shifts, " for ",
          dims);
    Tensor y = x;
    for (int k = 0; k < dims.rank(); ++k) {
        const int d = check.dim(dims[k], x);
        const std::int64_t n = x.size(d);
        const std::int64_t shift = n > 0 ? modulo(shifts[k], n) : 0;
        if (shift > 0) y = concat({narrow(y, d, n - shift, shift), narrow(y, d, 0, n - shift)}, d);
    }
    return y;
}

Tensor pad(const Tensor& x, const Dims& before, const Dims& after, PadMode mode) {
    if (mode == PadMode::zeros) return pad(x, before, after, 0.0);
    const Checker check("pad");
    check.defined(x);
    check(before.rank() == x.rank() && after.rank() == x.rank(),
          "needs one width a dimension on each side; got ", before, " and ", after, " for ",
          x.shape());
    Tensor y = x;
    for (int d = 0; d < x.rank(); ++d) {
        if (before[d] == 0 && after[d] == 0) continue;
        check(before[d] >= 0 && after[d] >= 0, "negative width; got ", before, " and ", after,
              "; hint: slice() cuts");
        const std::int64_t n = x.size(d);
        const std::int64_t widest = std::max(before[d], after[d]);
        const std::int64_t most = mode == PadMode::reflect ? n - 1 : n;
        check(n > 0 && (mode == PadMode::replicate || widest <= most),
              "there is not enough to repeat; got widths ", before, " and ", after, " for ",
              x.shape(),
              "; expected less than the extent (reflect), or at most the extent (circular)");
        y = picked(check, y, d, Extent(n) + before[d] + after[d],
                   [&](std::int64_t i) { return beyond_edge(i - before[d], n, mode); });
    }
    return y;
}

// Both go through images with memory in the order B H W C, whose channels are split or joined.
Tensor pixel_shuffle(const Tensor& x, std::int64_t factor) {
    const Checker check("pixel_shuffle");
    check_image(check, x, 4);
    const std::int64_t r = factor;
    const std::int64_t b = x.size(0), h = x.size(2), w = x.size(3);
    check(r >= 1 && r < 65536 && x.size(1) % (r * r) == 0,
          "the channels are no multiple of factor squared; got ", x.shape(), ", factor ", r);
    const std::int64_t c = x.size(1) / (r * r);
    const Tensor pixels = reshape(permute(x, {0, 2, 3, 1}), {b, h, w, c, r, r});
    const Tensor squares = permute(pixels, {0, 1, 4, 2, 5, 3});  // [B, H, r, W, r, C]
    const std::int64_t height = (Extent(h) * r).value(check.op);
    const std::int64_t width = (Extent(w) * r).value(check.op);
    return permute(reshape(squares, {b, height, width, c}), {0, 3, 1, 2});
}

Tensor pixel_unshuffle(const Tensor& x, std::int64_t factor) {
    const Checker check("pixel_unshuffle");
    check_image(check, x, 4);
    const std::int64_t r = factor;
    const std::int64_t b = x.size(0), c = x.size(1);
    check(r >= 1 && r < 65536 && x.size(2) % r == 0 && x.size(3) % r == 0,
          "the factor does not divide the image; got ", x.shape(), ", factor ", r);
    const std::int64_t h = x.size(2) / r, w = x.size(3) / r;
    const Tensor squares = reshape(permute(x, {0, 2, 3, 1}), {b, h, r, w, r, c});
    const Tensor pixels = permute(squares, {0, 1, 3, 5, 2, 4});  // [B, H, W, C, r, r]
    return permute(reshape(pixels, {b, h, w, c * r * r}), {0, 3, 1, 2});
}

namespace {

/// j - i for the elements [i, j] of a matrix, as a tensor [M, N].
Tensor column_less_row(const Checker& check, const Tensor& x) {
    check.defined(x);
    check(x.rank() >= 2, "needs matrices [.., M, N]; got ", describe(x));
    const auto count = [&](std::int64_t n) {
        return arange(0, static_cast<double>(n), 1, {i64, x.device()});
    };
    return unsqueeze(count(x.size(-1)), 0) - unsqueeze(count(x.size(-2)), 1);
}

/// A diagonal beyond the corners is the same as one at the corner.
double clamped(std::int64_t diagonal, const Tensor& x) {
    return static_cast<double>(std::clamp(diagonal, -x.size(-2), x.size(-1)));
}

}  // namespace

Tensor tril(const Tensor& x, std::int64_t diagonal) {
    const Tensor offset = column_less_row("tril", x);
    return where(offset <= clamped(diagonal, x), x, zeros({}, x.options()));
}

Tensor triu(const Tensor& x, std::int64_t diagonal) {
    const Tensor offset = column_less_row("triu", x);
    return where(offset >= clamped(diagonal, x), x, zeros({}, x.options()));
}

}  // namespace eps
