#include "autograd/ops/image/resample.h"

#include <memory>
#include <utility>

#include "autograd/ops/list.h"
#include "tensor/create.h"
#include "tensor/contract/kernels.h"

namespace eps {
namespace {

void check_matrix(const char* op, const CsrMatrix& matrix) {
    const std::size_t count = matrix.sources.size();
    bool good = !matrix.starts.empty() && matrix.starts.front() == 0 &&
                matrix.starts.back() == static_cast<std::int64_t>(count) &&
                matrix.weights.size() == count;
    for (std::size_t i = 0; good && i + 1 < matrix.starts.size(); ++i)
        good = matrix.starts[i] <= matrix.starts[i + 1];
    check(good, op, "the table is not whole; got ", count, " sources, ", matrix.weights.size(),
          " weights and ", matrix.starts.size(),
          " starts; expected starts to rise from 0 to the number of matrix");
    for (std::int64_t source : matrix.sources)
        check(source >= 0 && source < matrix.inputs, op, "a tap is out of range; got ", source,
              "; expected 0 to ", matrix.inputs - 1);
}

}  // namespace

namespace ops {

struct Resample {
    int dim;
    std::shared_ptr<const CsrMatrix> matrix;
    using saves = SaveNothing;
    Tensor forward(const Tensor& x) const {
        Shape shape = x.shape();
        shape[dim] = matrix->outputs();
        Tensor out = empty_like(x, shape);
        kernels::resample(out, x, dim, *matrix);
        return out;
    }
    void backward(const Tensor& g, const Context&, Gradients out) const {
        out[0] = apply(Resample{dim, std::make_shared<const CsrMatrix>(matrix->transposed())}, g);
    }
};

}  // namespace ops

Tensor resample(const Tensor& x, std::int64_t dim, CsrMatrix matrix, const char* op) {
    check(x.defined(), op, "the tensor is undefined");
    const int d = normalize_dim(dim, x.rank(), op);
    check(matrix.inputs == x.size(d), op, "the table is for another extent; got ", matrix.inputs,
          "; expected ", x.size(d), ", that of dim ", dim, " of ", x.shape());
    check_matrix(op, matrix);
    const DType dtype = x.dtype();
    check(dtype == f32 || dtype == f64 || matrix.selects() ||
              ((dtype == i64 || dtype == u8) && matrix.whole()),
          op, "the dtype cannot hold weighted sums; got ", describe(x), "; hint: to(x, f32)");
    return apply(ops::Resample{d, std::make_shared<const CsrMatrix>(std::move(matrix))}, x);
}

}  // namespace eps
