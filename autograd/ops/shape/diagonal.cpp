// diagonal, a view, and its adjoint.
#include <algorithm>

#include "autograd/engine.h"
#include "autograd/ops/list.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps {
namespace {

/// A diagonal of two dimensions of a shape: what both ops have as attributes.
struct Line {
    std::int64_t offset;
    int dim0, dim1;
};

Line line_of(const char* op, const Shape& shape, std::int64_t offset, std::int64_t dim0,
             std::int64_t dim1) {
    check(shape.rank() >= 2, op, "a diagonal needs two dimensions; got ", shape);
    const Line line{offset, normalize_dim(dim0, shape.rank(), op),
                    normalize_dim(dim1, shape.rank(), op)};
    check(line.dim0 != line.dim1, op, "a diagonal needs two different dimensions; got ", dim0,
          " and ", dim1, " of ", shape);
    check(offset > -shape[line.dim0] - 1 && offset < shape[line.dim1] + 1, op,
          "the offset is outside the tensor; got ", offset, "; expected ", -shape[line.dim0],
          " to ", shape[line.dim1], " for dims ", dim0, " and ", dim1, " of ", shape);
    return line;
}

std::int64_t length_of(const Shape& shape, const Line& line) {
    return std::min(shape[line.dim0] + std::min<std::int64_t>(line.offset, 0),
                    shape[line.dim1] - std::max<std::int64_t>(line.offset, 0));
}

// The shape without the two dimensions, and with `length` behind.
Dims moved_behind(Dims extents, const Line& line, std::int64_t length) {
    extents.erase(std::max(line.dim0, line.dim1));
    extents.erase(std::min(line.dim0, line.dim1));
    extents.push_back(length);
    return extents;
}

Tensor view(const Tensor& x, const Line& line) {
    const std::int64_t length = length_of(x.shape(), line), row = x.strides()[line.dim0],
                       column = x.strides()[line.dim1];
    const std::int64_t start = line.offset >= 0 ? line.offset * column : -line.offset * row;
    return x.as_strided(moved_behind(x.shape(), line, length),
                        moved_behind(x.strides(), line, row + column),
                        x.offset() + (length ? start : 0));
}

}  // namespace

namespace ops {

struct Diagonal {
    Line line;
    using saves = SaveNothing;
    Tensor forward(const Tensor& x) const { return view(x, line); }
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        out[0] = embed_diagonal(g, context.shape(0), line.offset, line.dim0, line.dim1);
    }
};

struct EmbedDiagonal {
    Shape shape;
    Line line;
    using saves = SaveNothing;
    Tensor forward(const Tensor& x) const {
        const Tensor out = zeros(shape, x.options());
        view(out, line).copy_(detach(x));
        return out;
    }
    void backward(const Tensor& g, const Context&, Gradients out) const {
        out[0] = diagonal(g, line.offset, line.dim0, line.dim1);
    }
};

}  // namespace ops

Tensor diagonal(const Tensor& x, std::int64_t offset, std::int64_t dim0, std::int64_t dim1) {
    check(x.defined(), "diagonal", "the tensor is undefined");
    return apply(ops::Diagonal{line_of("diagonal", x.shape(), offset, dim0, dim1)}, x);
}

Tensor embed_diagonal(const Tensor& x, const Shape& shape, std::int64_t offset, std::int64_t dim0,
                      std::int64_t dim1) {
    check(x.defined(), "embed_diagonal", "the tensor is undefined");
    const Line line = line_of("embed_diagonal", shape, offset, dim0, dim1);
    const Shape expected = moved_behind(shape, line, length_of(shape, line));
    check(x.shape() == expected, "embed_diagonal", "x does not fit; got ", x.shape(), "; expected ",
          expected, " for diagonal ", offset, " of dims ", dim0, " and ", dim1, " of ", shape);
    return apply(ops::EmbedDiagonal{shape, line}, x);
}

}  // namespace eps
