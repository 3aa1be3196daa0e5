// Sorting: the kernel gives the order, and gather() the values in it.
#include "autograd/ops/checker.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/contract/kernels.h"

namespace eps {
namespace {

// The indices that sort x along dim, stably.
Tensor sorting_order(const Checker& check, const Tensor& x, std::int64_t dim, bool descending) {
    check.computes(x);
    Tensor out = empty(x.shape(), {i64, x.device()});
    kernels::argsort(out, x, check.dim(dim, x), descending);
    return out;
}

}  // namespace

Tensor argsort(const Tensor& x, std::int64_t dim, bool descending) {
    return sorting_order("argsort", x, dim, descending);
}

Sorted sort(const Tensor& x, std::int64_t dim, bool descending) {
    const Tensor indices = sorting_order("sort", x, dim, descending);
    return {gather(x, dim, indices), indices};
}

Sorted topk(const Tensor& x, std::int64_t k, std::int64_t dim, bool largest) {
    const Checker check("topk");
    check.defined(x);
    const int d = check.dim(dim, x);
    check(k >= 0 && k <= x.size(d), "k is out of range; got ", k, "; expected 0 to ", x.size(d),
          " for dim ", dim, " of ", x.shape());
    const Tensor indices = contiguous(narrow(sorting_order(check, x, d, largest), d, 0, k));
    return {gather(x, dim, indices), indices};
}

}  // namespace eps
