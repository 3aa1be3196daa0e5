// The functions of linear algebra that are compositions of other ops.
#include "autograd/ops/linalg/linalg.h"

#include <cstdlib>

#include "autograd/ops/checker.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/linalg/matrices.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/extent.h"

namespace eps {
Tensor trace(const Tensor& x) {
    const Checker check("trace");
    check.defined(x);
    check(x.rank() >= 2, "needs matrices [.., m, n]; got ", x.shape());
    return sum(main_diagonal(x), {-1});
}

Tensor diag_embed(const Tensor& x, std::int64_t offset) {
    const Checker check("diag_embed");
    check.defined(x);
    check(x.rank() >= 1, "needs a diagonal [.., k]; got a tensor of rank 0");
    check(x.rank() < kMaxRank, "the result would have too many dimensions; got ", x.shape(),
          "; expected at most ", kMaxRank);
    check(offset > INT64_MIN, "the size overflows; got offset ", offset);
    Shape shape = x.shape();
    shape[x.rank() - 1] = (Extent(shape.back()) + std::abs(offset)).value(check.op);
    shape.push_back(shape.back());
    numel(shape, check.op);
    return diagonal_backward(x, shape, offset, -2, -1);
}

Tensor diag(const Tensor& x, std::int64_t offset) {
    const Checker check("diag");
    check.defined(x);
    check(x.rank() == 1 || x.rank() == 2, "needs a vector or a matrix; got ", x.shape(),
          "; hint: diagonal() and diag_embed() take batches");
    return x.rank() == 1 ? diag_embed(x, offset) : diagonal(x, offset);
}

Tensor logdet_triangular(const Tensor& a) {
    check_square("logdet_triangular", a);
    return sum(log(abs(main_diagonal(a))), {-1});
}

}  // namespace eps
