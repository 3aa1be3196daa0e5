// diagonal, a view, and its adjoint.
#include <algorithm>

#include "autograd/engine.h"
#include "autograd/ops/checker.h"
#include "autograd/ops/list.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps {
namespace {

/// Which diagonal of a tensor: the attributes of both ops.
struct WhichDiagonal {
    std::int64_t offset;
    int dim0, dim1;
};

WhichDiagonal checked_diagonal(const Checker& check, const Shape& shape, std::int64_t offset,
                               std::int64_t dim0, std::int64_t dim1) {
    check(shape.rank() >= 2, "a diagonal needs two dimensions; got ", shape);
    const int row = normalize_dim(dim0, shape.rank(), check.op);
    const int column = normalize_dim(dim1, shape.rank(), check.op);
    check(row != column, "a diagonal needs two different dimensions; got ", dim0, " and ", dim1,
          " of ", shape);
    check(offset > -shape[row] - 1 && offset < shape[column] + 1,
          "the offset is outside the tensor; got ", offset, "; expected ", -shape[row], " to ",
          shape[column], " for dims ", dim0, " and ", dim1, " of ", shape);
    return {offset, row, column};
}

std::int64_t length_of(const WhichDiagonal& w, const Shape& shape) {
    const std::int64_t rows = shape[w.dim0] + std::min<std::int64_t>(w.offset, 0);
    const std::int64_t columns = shape[w.dim1] - std::max<std::int64_t>(w.offset, 0);
    return std::min(rows, columns);
}

// Extents or strides without those of the two dimensions, and with `last` behind.
Dims with_diagonal_last(Dims dims, const WhichDiagonal& w, std::int64_t last) {
    dims.erase(std::max(w.dim0, w.dim1));
    dims.erase(std::min(w.dim0, w.dim1));
    dims.push_back(last);
    return dims;
}

Shape diagonal_shape(const WhichDiagonal& w, const Shape& shape) {
    return with_diagonal_last(shape, w, length_of(w, shape));
}

Tensor diagonal_view(const Tensor& x, const WhichDiagonal& w) {
    const std::int64_t row = x.strides()[w.dim0];
    const std::int64_t column = x.strides()[w.dim1];
    const std::int64_t start = w.offset >= 0 ? w.offset * column : -w.offset * row;
    const bool empty = length_of(w, x.shape()) == 0;
    return x.as_strided(diagonal_shape(w, x.shape()),
                        with_diagonal_last(x.strides(), w, row + column),
                        x.offset() + (empty ? 0 : start));
}

}  // namespace

namespace ops {

struct Diagonal {
    WhichDiagonal which;
    using saves = SaveNothing;
    Tensor forward(const Tensor& x) const { return diagonal_view(x, which); }
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        out[0] = diagonal_backward(g, context.shape(0), which.offset, which.dim0, which.dim1);
    }
};

struct DiagonalBackward {
    Shape shape;
    WhichDiagonal which;
    using saves = SaveNothing;
    Tensor forward(const Tensor& x) const {
        const Tensor out = zeros(shape, x.options());
        diagonal_view(out, which).copy_(detach(x));
        return out;
    }
    void backward(const Tensor& g, const Context&, Gradients out) const {
        out[0] = diagonal(g, which.offset, which.dim0, which.dim1);
    }
};

}  // namespace ops

Tensor diagonal(const Tensor& x, std::int64_t offset, std::int64_t dim0, std::int64_t dim1) {
    const Checker check("diagonal");
    check.defined(x);
    return apply(ops::Diagonal{checked_diagonal(check, x.shape(), offset, dim0, dim1)}, x);
}

Tensor diagonal_backward(const Tensor& x, const Shape& shape, std::int64_t offset,
                         std::int64_t dim0, std::int64_t dim1) {
    const Checker check("diagonal_backward");
    check.defined(x);
    const WhichDiagonal which = checked_diagonal(check, shape, offset, dim0, dim1);
    const Shape expected = diagonal_shape(which, shape);
    check(x.shape() == expected, "x does not fit; got ", x.shape(), "; expected ", expected,
          " for diagonal ", offset, " of dims ", dim0, " and ", dim1, " of ", shape);
    return apply(ops::DiagonalBackward{shape, which}, x);
}

}  // namespace eps
