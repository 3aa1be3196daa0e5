// pad with a constant; the other modes are in rearrange.cpp.
#include "autograd/engine.h"
#include "autograd/ops/checker.h"
#include "autograd/ops/list.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"
#include "tensor/extent.h"

namespace eps {
namespace ops {

struct Pad {
    Dims before, after;
    Number value;
    using saves = SaveNothing;
    Tensor forward(const Tensor& x) const {
        Shape shape = x.shape();
        for (int d = 0; d < x.rank(); ++d)
            shape[d] = (Extent(shape[d]) + before[d] + after[d]).value("pad");
        numel(shape, "pad");
        Tensor out = empty_like(x, shape);  // keeps images channels-last
        out.fill_(value);
        std::int64_t offset = 0;
        for (int d = 0; d < x.rank(); ++d) offset += before[d] * out.strides()[d];
        out.as_strided(x.shape(), out.strides(), offset).copy_(detach(x));
        return out;
    }
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        Tensor inner = g;
        for (int d = 0; d < before.rank(); ++d)
            inner = narrow(inner, d, before[d], context.shape(0)[d]);
        out[0] = inner;
    }
};

}  // namespace ops

Tensor pad(const Tensor& x, const Dims& before, const Dims& after, Number value) {
    const Checker check("pad");
    check.defined(x);
    check(before.rank() == x.rank() && after.rank() == x.rank(),
          "needs one width a dimension on each side; got ", before, " and ", after, " for ",
          x.shape());
    for (int d = 0; d < x.rank(); ++d)
        check(before[d] >= 0 && after[d] >= 0, "negative width; got ", before, " and ", after,
              "; hint: slice() cuts");
    check_holds(check.op, x.dtype(), value);
    return apply(ops::Pad{before, after, value}, x);
}

}  // namespace eps
