#include "autograd/ops/resample.h"

#include <memory>
#include <utility>

#include "autograd/ops/list.h"
#include "tensor/create.h"
#include "tensor/kernels.h"

namespace eps {
namespace {

void check_taps(const char* op, const Taps& taps) {
    const std::size_t count = taps.sources.size();
    bool good = !taps.starts.empty() && taps.starts.front() == 0 &&
                taps.starts.back() == static_cast<std::int64_t>(count) &&
                taps.weights.size() == count;
    for (std::size_t i = 0; good && i + 1 < taps.starts.size(); ++i)
        good = taps.starts[i] <= taps.starts[i + 1];
    check(good, op, "the table is not whole; got ", count, " sources, ", taps.weights.size(),
          " weights and ", taps.starts.size(),
          " starts; expected starts to rise from 0 to the number of taps");
    for (std::int64_t source : taps.sources)
        check(source >= 0 && source < taps.inputs, op, "a tap is out of range; got ", source,
              "; expected 0 to ", taps.inputs - 1);
}

}  // namespace

namespace ops {

struct Resample {
    int dim;
    std::shared_ptr<const Taps> taps;
    using saves = SaveNothing;
    Tensor forward(const Tensor& x) const {
        Shape shape = x.shape();
        shape[dim] = taps->outputs();
        Tensor out = empty_like(x, shape);
        kernels::resample(out, x, dim, *taps);
        return out;
    }
    void backward(const Tensor& g, const Context&, Gradients out) const {
        out[0] = apply(Resample{dim, std::make_shared<const Taps>(taps->transposed())}, g);
    }
};

}  // namespace ops

Tensor resample(const Tensor& x, std::int64_t dim, Taps taps, const char* op) {
    check(x.defined(), op, "the tensor is undefined");
    const int d = normalize_dim(dim, x.rank(), op);
    check(taps.inputs == x.size(d), op, "the table is for another extent; got ", taps.inputs,
          "; expected ", x.size(d), ", that of dim ", dim, " of ", x.shape());
    check_taps(op, taps);
    const DType dtype = x.dtype();
    check(dtype == f32 || dtype == f64 || taps.selects() ||
              ((dtype == i64 || dtype == u8) && taps.whole()),
          op, "the dtype cannot hold weighted sums; got ", describe(x), "; hint: to(x, f32)");
    return apply(ops::Resample{d, std::make_shared<const Taps>(std::move(taps))}, x);
}

}  // namespace eps
