#include "autograd/ops/shape/join.h"

#include "autograd/engine.h"
#include "autograd/ops/checker.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/list.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"
#include "tensor/extent.h"

namespace eps {
namespace ops {

struct Concat {
    int dim;
    std::vector<std::int64_t> lengths;  // the extent of each input along dim
    using saves = SaveNothing;
    Tensor forward(std::span<const Tensor> inputs) const {
        Shape shape = inputs[0].shape();
        Extent total = 0;
        for (std::int64_t length : lengths) total += length;
        shape[dim] = total.value("concat");
        Tensor out = empty_like(inputs[0], shape);  // keeps images channels-last
        std::int64_t start = 0;
        for (std::size_t i = 0; i < inputs.size(); start += lengths[i++])
            narrow(out, dim, start, lengths[i]).copy_(detach(inputs[i]));
        return out;
    }
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        std::int64_t start = 0;
        for (std::size_t i = 0; i < context.input_count(); start += lengths[i++])
            if (context.needs(i)) out[i] = narrow(g, dim, start, lengths[i]);
    }
};

}  // namespace ops

Tensor concat(std::span<const Tensor> tensors, std::int64_t dim) {
    const Checker check("concat");
    check(!tensors.empty(), "nothing to join; expected at least one tensor");
    check_inputs(check.op, tensors);
    const Tensor& first = tensors[0];
    const int d = check.dim(dim, first);
    DType dtype = DType::boolean;
    ops::Concat op{d, {}};
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        Shape shape = tensors[i].shape();
        if (shape.rank() == first.rank()) shape[d] = first.shape()[d];
        check(shape == first.shape(), "tensor ", i, " does not fit the first; got ",
              tensors[i].shape(), " and ", first.shape(), "; expected equal extents but for dim ",
              dim);
        dtype = promote(dtype, tensors[i].dtype());
        op.lengths.push_back(tensors[i].size(d));
    }
    std::vector<Tensor> inputs;
    for (const Tensor& x : tensors) inputs.push_back(to(x, dtype));
    return apply(std::move(op), std::span<const Tensor>(inputs));
}

Tensor stack(std::span<const Tensor> tensors, std::int64_t dim) {
    const Checker check("stack");
    check(!tensors.empty(), "nothing to join; expected at least one tensor");
    std::vector<Tensor> slices;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        check(tensors[i].defined(), "tensor ", i, " is undefined");
        check(tensors[i].shape() == tensors[0].shape(), "shapes differ; got ", tensors[i].shape(),
              " and ", tensors[0].shape());
        slices.push_back(unsqueeze(tensors[i], dim));
    }
    return concat(slices, check.dim(dim, slices[0]));
}

std::vector<Tensor> split(const Tensor& x, const std::vector<std::int64_t>& sizes,
                          std::int64_t dim) {
    const Checker check("split");
    check.defined(x);
    const int d = check.dim(dim, x);
    std::int64_t left = x.size(d);
    for (std::int64_t size : sizes) {
        check(size >= 0 && size <= left, "a size is negative or more than is left; got ", size,
              " with ", left, " left of ", x.size(d), " along dim ", dim);
        left -= size;
    }
    check(left == 0, "the sizes do not add up; ", left, " are left over of ", x.size(d),
          " along dim ", dim);
    std::vector<Tensor> parts;
    std::int64_t start = 0;
    for (std::int64_t size : sizes) {
        parts.push_back(narrow(x, d, start, size));
        start += size;
    }
    return parts;
}

std::vector<Tensor> split(const Tensor& x, std::int64_t size, std::int64_t dim) {
    const Checker check("split");
    check.defined(x);
    check(size >= 1, "size must be at least 1; got ", size);
    const std::int64_t extent = x.size(check.dim(dim, x));
    std::vector<Tensor> parts;
    for (std::int64_t start = 0; start < extent; start += size)
        parts.push_back(narrow(x, dim, start, std::min(size, extent - start)));
    return parts;
}

}  // namespace eps
