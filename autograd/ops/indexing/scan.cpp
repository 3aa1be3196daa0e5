// Running sums and products along a dimension.
#include "autograd/ops/checker.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/list.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/contract/kernels.h"

namespace eps {
namespace ops {

struct Cumsum {
    int dim;
    bool reverse;
    using saves = SaveNothing;
    Tensor forward(const Tensor& x) const {
        Tensor out = empty(x.shape(), x.options());
        kernels::cumsum(out, x, dim, reverse);
        return out;
    }
    void backward(const Tensor& g, const Context&, Gradients out) const {
        out[0] = cumsum(g, dim, !reverse);
    }
};

}  // namespace ops

namespace {

Tensor real_or_i64(const Tensor& x) { return is_floating(x.dtype()) ? x : to(x, i64); }

}  // namespace

Tensor cumsum(const Tensor& x, std::int64_t dim, bool reverse) {
    const Checker check("cumsum");
    check.computes(x);
    const Tensor values = real_or_i64(x);
    return apply(ops::Cumsum{check.dim(dim, x), reverse}, values);
}

Tensor cumprod(const Tensor& x, std::int64_t dim) {
    const Checker check("cumprod");
    check.computes(x);
    const int d = check.dim(dim, x);
    Tensor y = real_or_i64(x);
    const std::int64_t length = x.rank() ? x.size(d) : 1;
    for (std::int64_t distance = 1; distance < length; distance *= 2) {
        const std::int64_t rest = length - distance;
        const Tensor product = narrow(y, d, distance, rest) * narrow(y, d, 0, rest);
        y = concat({narrow(y, d, 0, distance), product}, d);
    }
    return y;
}

}  // namespace eps
