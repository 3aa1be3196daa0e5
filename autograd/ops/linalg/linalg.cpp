// The functions of linear algebra that are compositions of other ops.
#include "autograd/ops/linalg/linalg.h"

#include <cstdlib>

#include "autograd/ops/checker.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/linalg/matrices.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"

namespace eps {
namespace {

// An extent and an offset below it add up to an int64.
constexpr std::int64_t kMaxOffset = std::int64_t{1} << 60;

}  // namespace

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
    check(offset > -kMaxOffset && offset < kMaxOffset, "the size overflows; got offset ", offset);
    Shape shape = x.shape();
    shape[x.rank() - 1] += std::abs(offset);
    shape.push_back(shape.back());
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
