// Norms over the last dimensions: layer_norm and rms_norm. The kernels work on rows [N, D], one for
// each mean; without a bias they do not subtract the mean.
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/list.h"
#include "autograd/ops/norm/norm.h"
#include "autograd/ops/norm/norm_parts.h"
#include "autograd/ops/reduction/reduce.h"
#include "tensor/contract/kernels.h"
#include "tensor/create.h"
#include "tensor/raw_copy.h"

namespace eps {
namespace {

using detail::normalized, detail::NormGradients, detail::parameter_or;

// x [.., shape] as rows [N, D], D = width.
Tensor rows_of(const Tensor& x, std::int64_t width) {
    const Tensor dense = raw::contiguous(x);
    return dense.as_strided({width ? dense.numel() / width : 0, width}, {width, 1}, dense.offset());
}

// The dimensions of x that a weight [shape] covers: the last ones.
Dims last_dims(const Tensor& x, const Tensor& weight) {
    Dims dims;
    for (int d = x.rank() - weight.rank(); d < x.rank(); ++d) dims.push_back(d);
    return dims;
}

// The forward of both ops; rms_norm has no bias. The statistics are f64 [2, N].
Tensor normalize_rows(const Tensor& x, const Tensor& weight, const Tensor& bias, Tensor& statistics,
                      double epsilon) {
    const Tensor rows = rows_of(x, weight.numel());
    const Tensor out = empty(x.shape(), x.options());
    Tensor out_rows = rows_of(out, weight.numel());
    statistics = empty({2, rows.size(0)}, {f64, x.device()});
    if (x.numel() > 0)
        kernels::layer_norm(out_rows, statistics, rows, raw::contiguous(weight),
                            bias.defined() ? raw::contiguous(bias) : bias, epsilon);
    return out;
}

// The backward of both ops.
NormGradients row_gradients(const Tensor& g, const Context& context, const Tensor& statistics,
                            double epsilon) {
    const Tensor x = context.input(0);
    const Tensor weight = raw::contiguous(context.input(1));
    const bool has_bias = context.input_count() == 3;
    NormGradients d{empty(x.shape(), x.options()), zeros_like(weight),
                    has_bias ? zeros_like(weight) : Tensor()};
    Tensor dx_rows = rows_of(d.x, weight.numel());
    if (x.numel() > 0)
        kernels::layer_norm_backward(dx_rows, d.weight, d.bias, rows_of(g, weight.numel()),
                                     statistics, rows_of(x, weight.numel()), weight, epsilon);
    return d;
}

}  // namespace

namespace ops {

struct LayerNorm {
    double epsilon;
    Tensor saved = {};  // the statistics of the rows
    using saves = SaveAllInputs;
    Tensor forward(const Tensor& x, const Tensor& weight, const Tensor& bias) {
        return normalize_rows(x, weight, bias, saved, epsilon);
    }
    void fused_backward(const Tensor& g, const Context& context, Gradients out) const {
        row_gradients(g, context, saved, epsilon).give(context, out);
    }
    Tensor compose(const Tensor& x, const Tensor& weight, const Tensor& bias) const {
        return normalized(x, last_dims(x, weight), epsilon) * weight + bias;
    }
};

struct RmsNorm {
    double epsilon;
    Tensor saved = {};  // the statistics of the rows
    using saves = SaveAllInputs;
    Tensor forward(const Tensor& x, const Tensor& weight) {
        return normalize_rows(x, weight, {}, saved, epsilon);
    }
    void fused_backward(const Tensor& g, const Context& context, Gradients out) const {
        row_gradients(g, context, saved, epsilon).give(context, out);
    }
    Tensor compose(const Tensor& x, const Tensor& weight) const {
        return x * rsqrt(mean(square(x), last_dims(x, weight), true) + epsilon) * weight;
    }
};

}  // namespace ops

namespace {

void check_last_dims(const Checker& check, const Tensor& x, const Shape& shape) {
    detail::check_real(check, x);
    bool fits = shape.rank() >= 1 && shape.rank() <= x.rank();
    for (int d = 1; fits && d <= shape.rank(); ++d) fits = x.size(-d) == shape[shape.rank() - d];
    check(fits, "the last extents of x are not those to normalise over; got x ", x.shape(),
          "; expected [.., ", shape, "]");
}

}  // namespace

Tensor layer_norm(const Tensor& x, const Shape& shape, const Tensor& weight, const Tensor& bias,
                  double epsilon) {
    const Checker check("layer_norm");
    check_last_dims(check, x, shape);
    return apply(ops::LayerNorm{epsilon}, x, parameter_or(check, weight, 1, shape, shape, x),
                 parameter_or(check, bias, 0, shape, shape, x));
}

Tensor rms_norm(const Tensor& x, const Shape& shape, const Tensor& weight, double epsilon) {
    const Checker check("rms_norm");
    check_last_dims(check, x, shape);
    return apply(ops::RmsNorm{epsilon}, x, parameter_or(check, weight, 1, shape, shape, x));
}

}  // namespace eps
