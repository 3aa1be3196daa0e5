#include "autograd/ops/image/resample.h"

#include <memory>
#include <utility>

#include "autograd/ops/checker.h"
#include "autograd/ops/list.h"
#include "tensor/contract/kernels.h"
#include "tensor/create.h"

namespace eps {
namespace {

void check_matrix(const Checker& check, const CsrMatrix& matrix) {
    const std::size_t count = matrix.sources.size();
    bool sound = !matrix.starts.empty() && matrix.starts.front() == 0 &&
                 matrix.starts.back() == static_cast<std::int64_t>(count) &&
                 matrix.weights.size() == count;
    for (std::size_t i = 0; sound && i + 1 < matrix.starts.size(); ++i)
        sound = matrix.starts[i] <= matrix.starts[i + 1];
    check(sound, "the matrix is malformed; got ", count, " sources, ", matrix.weights.size(),
          " weights and ", matrix.starts.size(),
          " starts; expected starts to rise from 0 to the number of sources");
    for (std::int64_t source : matrix.sources)
        if (source < 0 || source >= matrix.inputs) [[unlikely]]
            check.fail("a source is out of range; got ", source, "; ", in_range(0, matrix.inputs));
}

// Can elements of this dtype be combined by the matrix?
bool can_apply(const CsrMatrix& matrix, DType dtype) {
    if (dtype == f32 || dtype == f64 || matrix.selects()) return true;
    return (dtype == i64 || dtype == u8) && matrix.whole();
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
    const Checker check(op);
    check.defined(x);
    const int d = check.dim(dim, x);
    check(matrix.inputs == x.size(d), "the matrix is for another extent; got ", matrix.inputs,
          "; expected ", x.size(d), ", that of dim ", dim, " of ", x.shape());
    check_matrix(check, matrix);
    check(can_apply(matrix, x.dtype()), "the dtype cannot hold weighted sums; got ", describe(x),
          "; hint: to(x, f32)");
    return apply(ops::Resample{d, std::make_shared<const CsrMatrix>(std::move(matrix))}, x);
}

}  // namespace eps
