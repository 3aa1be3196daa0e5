#include <algorithm>

#include "autograd/ops/checker.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/norm/norm.h"
#include "autograd/ops/norm/norm_parts.h"
#include "autograd/ops/shape/shape.h"

namespace eps {

Tensor local_response_norm(const Tensor& x, std::int64_t size, double alpha, double beta,
                           double k) {
    const Checker check("local_response_norm");
    detail::check_real(check, x);
    check(x.rank() >= 2, "needs x [B, C, ..]; got ", x.shape());
    check(size >= 1, "needs at least one channel; got size ", size);
    // As many neighbours on either side as there can be, and zeros beyond both ends.
    const std::int64_t channels = x.size(1);
    const std::int64_t before = std::max<std::int64_t>(std::min(size / 2, channels - 1), 0);
    const std::int64_t after = std::max<std::int64_t>(std::min((size - 1) / 2, channels - 1), 0);
    Shape padded = x.shape();
    padded[1] += before + after;
    const Tensor squares = slice_backward(square(x), padded, 1, before, 1);
    Tensor total = narrow(squares, 1, 0, channels);
    for (std::int64_t shift = 1; shift <= before + after; ++shift)
        total = total + narrow(squares, 1, shift, channels);
    return x / pow(total * (alpha / static_cast<double>(size)) + k, beta);
}

}  // namespace eps
