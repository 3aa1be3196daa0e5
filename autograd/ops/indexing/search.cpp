#include "autograd/ops/indexing/search.h"

#include "autograd/grad_mode.h"
#include "autograd/ops/checker.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/contract/kernels.h"

namespace eps {
namespace {

Tensor search(const Checker& check, const Tensor& sorted, const Tensor& values, bool right) {
    check(sorted.dtype() == values.dtype(), "dtypes differ; got ", describe(sorted), " and ",
          describe(values), "; hint: to(x, dtype)");
    check.computes(values);
    check(sorted.device() == values.device(), "inputs on different devices; got ", sorted.device(),
          " and ", values.device());
    NoGrad guard;
    Tensor out = empty(values.shape(), {i64, values.device()});
    if (values.rank() == 0) {
        Tensor line = out.as_strided({1}, {1}, out.offset());
        kernels::searchsorted(line, sorted, reshape(values, {1}), right);
        return out;
    }
    Shape lines = values.shape();
    lines[lines.rank() - 1] = sorted.size(-1);
    kernels::searchsorted(out, expand(sorted, lines), values, right);
    return out;
}

}  // namespace

Tensor searchsorted(const Tensor& sorted, const Tensor& values, bool right) {
    const Checker check("searchsorted");
    check.defined(sorted, values);
    bool fits = sorted.rank() == 1 || (sorted.rank() > 1 && sorted.rank() == values.rank());
    for (int d = 0; fits && sorted.rank() > 1 && d + 1 < sorted.rank(); ++d)
        fits = sorted.size(d) == values.size(d);
    check(fits, "the lines do not match; got sorted ", sorted.shape(), " and values ",
          values.shape(), "; expected [K], or [.., K] with the leading dimensions of values");
    return search(check, sorted, values, right);
}

Tensor bucketize(const Tensor& values, const Tensor& boundaries, bool right) {
    const Checker check("bucketize");
    check.defined(values, boundaries);
    check(boundaries.rank() == 1, "the boundaries must be one line; got ", boundaries.shape(),
          "; hint: searchsorted");
    return search(check, boundaries, values, right);
}

}  // namespace eps
