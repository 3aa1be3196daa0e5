// What linear algebra composes of other ops.
#include "autograd/ops/linalg/linalg.h"

#include <cstdlib>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/linalg/matrices.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"

namespace eps {

Tensor trace(const Tensor& x) {
    check(x.defined(), "trace", "the tensor is undefined");
    check(x.rank() >= 2, "trace", "needs matrices [.., m, n]; got ", x.shape());
    return sum(main_diagonal(x), {-1});
}

Tensor diag_embed(const Tensor& x, std::int64_t offset) {
    check(x.defined(), "diag_embed", "the tensor is undefined");
    check(x.rank() >= 1, "diag_embed", "needs a diagonal [.., k]; got a tensor of rank 0");
    constexpr std::int64_t limit = std::int64_t{1} << 60;
    check(offset > -limit && offset < limit, "diag_embed", "the size overflows; got offset ",
          offset);
    Shape shape = x.shape();
    shape[x.rank() - 1] += std::abs(offset);
    shape.push_back(shape.back());
    return embed_diagonal(x, shape, offset, -2, -1);
}

Tensor diag(const Tensor& x, std::int64_t offset) {
    check(x.defined(), "diag", "the tensor is undefined");
    check(x.rank() == 1 || x.rank() == 2, "diag", "needs a vector or a matrix; got ", x.shape(),
          "; hint: diagonal() and diag_embed() take batches");
    return x.rank() == 1 ? diag_embed(x, offset) : diagonal(x, offset);
}

Tensor logdet_triangular(const Tensor& a) {
    check_square("logdet_triangular", a);
    return sum(log(abs(main_diagonal(a))), {-1});
}

}  // namespace eps
