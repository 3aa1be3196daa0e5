#include "nn/functional.h"

#include "autograd/engine.h"
#include "autograd/ops/arithmetic.h"
#include "autograd/ops/reduce.h"

namespace eps::nn {
namespace {

// x - max x along dim. Both functions below are the same for every shift, so the maximum needs no gradient.
Tensor shifted(const char* op, const Tensor& x, std::int64_t dim) {
    check(x.defined() && x.rank() > 0, op, "needs a tensor of rank at least 1; got ", describe(x));
    return x - max(detach(x), {normalize_dim(dim, x.rank(), op)}, true);
}

}  // namespace

Tensor log_softmax(const Tensor& x, std::int64_t dim) {
    const Tensor s = shifted("log_softmax", x, dim);
    return s - log(sum(exp(s), {dim}, true));
}

Tensor softmax(const Tensor& x, std::int64_t dim) {
    const Tensor e = exp(shifted("softmax", x, dim));
    return e / sum(e, {dim}, true);
}

}  // namespace eps::nn
