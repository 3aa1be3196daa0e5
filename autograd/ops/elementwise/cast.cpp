#include "autograd/ops/elementwise/cast.h"

#include "autograd/ops/checker.h"
#include "autograd/ops/list.h"
#include "tensor/raw_copy.h"

namespace eps {
namespace ops {

struct Cast {
    DType target, source;
    using saves = SaveNothing;
    Tensor forward(const Tensor& x) const { return raw::to(x, target); }
    void backward(const Tensor& g, const Context&, Gradients out) const { out[0] = to(g, source); }
};

struct Transfer {
    Device target, source;
    using saves = SaveNothing;
    Tensor forward(const Tensor& x) const { return raw::to(x, target); }
    void backward(const Tensor& g, const Context&, Gradients out) const { out[0] = to(g, source); }
};

}  // namespace ops

Tensor to(const Tensor& x, DType dtype) {
    Checker("to").defined(x);
    return x.dtype() == dtype ? x : apply(ops::Cast{dtype, x.dtype()}, x);
}

Tensor to(const Tensor& x, Device device) {
    Checker("to").defined(x);
    return x.device() == device ? x : apply(ops::Transfer{device, x.device()}, x);
}

}  // namespace eps
