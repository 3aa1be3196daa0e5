#include "models/flow/mask.h"

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps::models::flow {
namespace {

bool is_half(Mask mask) { return mask == Mask::first_half || mask == Mask::second_half; }
std::int64_t parity(Mask mask) { return mask == Mask::odd; }

}  // namespace

bool is_checkerboard(Mask mask) { return mask == Mask::black || mask == Mask::white; }

Mask opposite(Mask mask) {
    switch (mask) {
        case Mask::first_half: return Mask::second_half;
        case Mask::second_half: return Mask::first_half;
        case Mask::even: return Mask::odd;
        case Mask::odd: return Mask::even;
        case Mask::black: return Mask::white;
        case Mask::white: return Mask::black;
    }
    fail("mask", "no such mask");
}

std::int64_t kept_count(Mask mask, std::int64_t n) {
    if (is_checkerboard(mask)) return n;
    check(n >= 2, "coupling",
          "needs at least two dimensions (or channels), one to keep and one to transform; got ", n);
    const std::int64_t smaller = n / 2;  // the first half, and the odd indices
    return mask == Mask::first_half || mask == Mask::odd ? smaller : n - smaller;
}

Parts split_parts(Mask mask, const Tensor& x) {
    const std::int64_t n = x.size(1), kept = kept_count(mask, n);
    if (mask == Mask::first_half) return {narrow(x, 1, 0, kept), narrow(x, 1, kept, n - kept)};
    if (mask == Mask::second_half) return {narrow(x, 1, n - kept, kept), narrow(x, 1, 0, n - kept)};
    return {slice(x, 1, parity(mask), n, 2), slice(x, 1, 1 - parity(mask), n, 2)};
}

Tensor join(Mask mask, const Parts& parts) {
    if (is_half(mask))
        return mask == Mask::first_half ? concat({parts.kept, parts.rest}, 1)
                                        : concat({parts.rest, parts.kept}, 1);
    Shape shape = parts.kept.shape();
    shape[1] += parts.rest.size(1);
    return slice_backward(parts.kept, shape, 1, parity(mask), 2) +
           slice_backward(parts.rest, shape, 1, 1 - parity(mask), 2);
}

Tensor kept_squares(Mask mask, std::int64_t height, std::int64_t width, Device device) {
    const auto line = [&](std::int64_t n) {
        return arange(0, static_cast<double>(n), 1, {i64, device});
    };
    const Tensor colour =
        remainder(unsqueeze(line(height), 1) + line(width), Tensor(2.0, {i64, device}));
    return eq(colour, mask == Mask::black ? 0 : 1);
}

}  // namespace eps::models::flow
