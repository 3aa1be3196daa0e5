#include "autograd/ops/norm/norm.h"

#include "autograd/checkpoint.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/list.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"
#include "tensor/contract/kernels.h"
#include "tensor/raw_copy.h"

namespace eps {
namespace {

bool channels_innermost(const Tensor& x) {  // [B, C, ..], all else in row-major order
    std::int64_t expected = x.size(1);
    if (x.size(1) > 1 && x.strides()[1] != 1) return false;
    for (int d = x.rank() - 1; d >= 0; --d) {
        if (d == 1) continue;
        if (x.size(d) > 1 && x.strides()[d] != expected) return false;
        expected *= x.size(d);
    }
    return true;
}

// x, or a copy, with places or channels innermost.
Tensor image_data(const Tensor& x) {
    return x.is_contiguous() || channels_innermost(x) ? x : raw::clone(x);
}

// An image of either order as [B, C, S].
Tensor by_places(const Tensor& x) {
    const std::int64_t b = x.size(0), c = x.size(1), s = b * c > 0 ? x.numel() / (b * c) : 0;
    return x.as_strided({b, c, s}, x.is_contiguous() ? Strides{c * s, s, 1} : Strides{c * s, 1, c},
                        x.offset());
}

// g in x's order of memory.
Tensor like_in_memory(const Tensor& g, const Tensor& x) {
    if (g.strides() == x.strides()) return g;
    Tensor out = empty_strided(x.shape(), x.strides(), x.options());
    kernels::copy(out, g);
    return out;
}

// [C] or [B, C] against x [B, C, ..].
Tensor along_channels(const Tensor& parameter, const Tensor& x) {
    Shape shape = Shape::filled(x.rank(), 1);
    shape[1] = x.size(1);
    if (parameter.rank() == 2) shape[0] = x.size(0);
    return reshape(parameter, shape);
}

Tensor normalized(const Tensor& x, const Dims& dims, double epsilon) {
    const Tensor centred = x - mean(x, dims, true);
    return centred * rsqrt(mean(square(centred), dims, true) + epsilon);
}

}  // namespace

namespace ops {

struct GroupNorm {
    kernels::GroupNormOptions options;
    Tensor kept = {};  // statistics, f64 [2, B, groups]
    using saves = SaveAllInputs;
    Tensor forward(const Tensor& x, const Tensor& weight, const Tensor& bias) {
        const Tensor from = image_data(x);
        Tensor out = empty_strided(from.shape(), from.strides(), from.options()),
               to = by_places(out);
        kept = empty({2, x.size(0), options.groups}, {f64, x.device()});
        if (x.numel() > 0)
            kernels::group_norm(to, kept, by_places(from), raw::contiguous(weight),
                                raw::contiguous(bias), options, false);
        return out;
    }
    void fused_backward(const Tensor& g, const Context& context, Gradients out) const {
        const Tensor x = image_data(context.input(0)), weight = raw::contiguous(context.input(1)),
                     bias = raw::contiguous(context.input(2));
        Tensor dx = empty_strided(x.shape(), x.strides(), x.options()), dw = zeros_like(weight),
               db = zeros_like(bias), to = by_places(dx);
        if (x.numel() > 0)
            kernels::group_norm_backward(to, dw, db, by_places(like_in_memory(g, x)), kept,
                                         by_places(x), weight, bias, options, false);
        if (context.needs(0)) out[0] = dx;
        if (context.needs(1)) out[1] = dw;
        if (context.needs(2)) out[2] = db;
    }
    Tensor compose(const Tensor& x, const Tensor& weight, const Tensor& bias) const {
        const Tensor grouped = reshape(x, {x.size(0), options.groups, x.size(1) / options.groups,
                                           x.numel() > 0 ? x.numel() / x.size(0) / x.size(1) : 0});
        const Tensor y = reshape(normalized(grouped, {2, 3}, options.epsilon), x.shape()) *
                             along_channels(weight, x) +
                         along_channels(bias, x);
        return options.silu ? eps::silu(y) : y;
    }
};

/// `kept` holds the statistics already: batch_norm() needs them, too.
struct BatchNorm {
    double epsilon;
    Tensor kept;  // f64 [2, 1, C]
    using saves = SaveAllInputs;
    kernels::GroupNormOptions options(const Tensor& x) const {
        return {.groups = x.size(1), .epsilon = epsilon, .across_batch = true};
    }
    Tensor forward(const Tensor& x, const Tensor& weight, const Tensor& bias) {
        const Tensor from = image_data(x);
        Tensor out = empty_strided(from.shape(), from.strides(), from.options()),
               to = by_places(out);
        kernels::group_norm(to, kept, by_places(from), raw::contiguous(weight),
                            raw::contiguous(bias), options(x), true);
        return out;
    }
    void fused_backward(const Tensor& g, const Context& context, Gradients out) const {
        const Tensor x = image_data(context.input(0)), weight = raw::contiguous(context.input(1)),
                     bias = raw::contiguous(context.input(2));
        Tensor dx = empty_strided(x.shape(), x.strides(), x.options()), dw = zeros_like(weight),
               db = zeros_like(bias), to = by_places(dx);
        kernels::group_norm_backward(to, dw, db, by_places(like_in_memory(g, x)), kept,
                                     by_places(x), weight, bias, options(x), false);
        if (context.needs(0)) out[0] = dx;
        if (context.needs(1)) out[1] = dw;
        if (context.needs(2)) out[2] = db;
    }
    Tensor compose(const Tensor& x, const Tensor& weight, const Tensor& bias) const {
        Dims dims{0};
        for (int d = 2; d < x.rank(); ++d) dims.push_back(d);
        return normalized(x, dims, epsilon) * along_channels(weight, x) + along_channels(bias, x);
    }
};

// Rows [N, D] of x [.., shape].
Tensor rows_of(const Tensor& x, std::int64_t width) {
    const Tensor dense = raw::contiguous(x);
    return dense.as_strided({width ? dense.numel() / width : 0, width}, {width, 1}, dense.offset());
}

struct LayerNorm {
    double epsilon;
    Tensor kept = {};  // f64 [2, N]
    using saves = SaveAllInputs;
    Tensor forward(const Tensor& x, const Tensor& weight, const Tensor& bias) {
        const Tensor rows = rows_of(x, weight.numel());
        Tensor out = empty(x.shape(), x.options()), to = rows_of(out, weight.numel());
        kept = empty({2, rows.size(0)}, {f64, x.device()});
        if (x.numel() > 0)
            kernels::layer_norm(to, kept, rows, raw::contiguous(weight), raw::contiguous(bias),
                                epsilon);
        return out;
    }
    void fused_backward(const Tensor& g, const Context& context, Gradients out) const {
        const Tensor x = context.input(0), weight = raw::contiguous(context.input(1));
        Tensor dx = empty(x.shape(), x.options()), dw = zeros_like(weight), db = zeros_like(weight),
               to = rows_of(dx, weight.numel());
        if (x.numel() > 0)
            kernels::layer_norm_backward(to, dw, db, rows_of(g, weight.numel()), kept,
                                         rows_of(x, weight.numel()), weight, epsilon);
        if (context.needs(0)) out[0] = dx;
        if (context.needs(1)) out[1] = dw;
        if (context.needs(2)) out[2] = db;
    }
    Tensor compose(const Tensor& x, const Tensor& weight, const Tensor& bias) const {
        Dims dims;
        for (int d = x.rank() - weight.rank(); d < x.rank(); ++d) dims.push_back(d);
        return normalized(x, dims, epsilon) * weight + bias;
    }
};

struct RmsNorm {
    double epsilon;
    Tensor kept = {};  // f64 [2, N]
    using saves = SaveAllInputs;
    Tensor forward(const Tensor& x, const Tensor& weight) {
        const Tensor rows = rows_of(x, weight.numel());
        Tensor out = empty(x.shape(), x.options()), to = rows_of(out, weight.numel());
        kept = empty({2, rows.size(0)}, {f64, x.device()});
        if (x.numel() > 0)
            kernels::layer_norm(to, kept, rows, raw::contiguous(weight), Tensor(), epsilon);
        return out;
    }
    void fused_backward(const Tensor& g, const Context& context, Gradients out) const {
        const Tensor x = context.input(0), weight = raw::contiguous(context.input(1));
        Tensor dx = empty(x.shape(), x.options()), dw = zeros_like(weight), none,
               to = rows_of(dx, weight.numel());
        if (x.numel() > 0)
            kernels::layer_norm_backward(to, dw, none, rows_of(g, weight.numel()), kept,
                                         rows_of(x, weight.numel()), weight, epsilon);
        if (context.needs(0)) out[0] = dx;
        if (context.needs(1)) out[1] = dw;
    }
    Tensor compose(const Tensor& x, const Tensor& weight) const {
        Dims dims;
        for (int d = x.rank() - weight.rank(); d < x.rank(); ++d) dims.push_back(d);
        return x * rsqrt(mean(square(x), dims, true) + epsilon) * weight;
    }
};

}  // namespace ops

namespace {

void check_real(const char* op, const Tensor& x) {
    check(x.defined(), op, "the tensor is undefined");
    check(x.dtype() == f32 || x.dtype() == f64, op, "needs f32 or f64; got ", describe(x),
          "; hint: to(x, f32)");
}

void check_channels(const char* op, const Tensor& x) {
    check_real(op, x);
    check(x.rank() >= 2, op, "needs x [B, C, ..]; got ", x.shape());
}

// A weight or bias, or what stands for none.
Tensor parameter_or(const char* op, const Tensor& given, double otherwise, const Shape& shape,
                    const Shape& other_shape, const Tensor& x) {
    if (!given.defined()) return full(shape, otherwise, x.options());
    check((given.shape() == shape || given.shape() == other_shape) && given.dtype() == x.dtype(),
          op, "weight or bias does not match; got ", describe(given), "; expected ", x.dtype(), " ",
          shape);
    return given;
}

Tensor grouped(const char* op, const Tensor& x, std::int64_t groups, const Tensor& weight,
               const Tensor& bias, double epsilon, bool silu) {
    check_channels(op, x);
    const std::int64_t channels = x.size(1);
    check(groups >= 1 && channels % groups == 0, op, "the groups do not divide the channels; got ",
          groups, " groups for x ", x.shape());
    const Shape per_sample{x.size(0), channels};
    Tensor w = parameter_or(op, weight, 1, {channels}, per_sample, x),
           b = parameter_or(op, bias, 0, {channels}, per_sample, x);
    if (w.rank() < b.rank()) w = expand(w, per_sample);
    if (b.rank() < w.rank()) b = expand(b, per_sample);
    return apply(ops::GroupNorm{{.groups = groups, .epsilon = epsilon, .silu = silu}}, x, w, b);
}

void check_last_dims(const char* op, const Tensor& x, const Shape& shape) {
    check_real(op, x);
    bool fits = shape.rank() >= 1 && shape.rank() <= x.rank();
    for (int d = 1; fits && d <= shape.rank(); ++d) fits = x.size(-d) == shape[shape.rank() - d];
    check(fits, op, "the last extents of x are not those to normalise over; got x ", x.shape(),
          "; expected [.., ", shape, "]");
}

// running = (1 - momentum) running + momentum batch; once, even where a checkpoint runs the op
// twice.
void update_running(const Tensor& x, Tensor& running_mean, Tensor& running_var,
                    const Tensor& statistics, double momentum) {
    const double count = static_cast<double>(x.numel() / x.size(1));
    const Tensor batch = reshape(statistics, {2, x.size(1)});
    const auto update = [&](Tensor& running, std::int64_t row, double scale) {
        if (!running.defined()) return;
        kernels::moving_average(running, select(batch, 0, row), momentum, scale);
        running.storage().bump_version();
    };
    run_once([&]() -> std::vector<Tensor> {
        update(running_mean, 0, 1);
        update(running_var, 1, count / (count - 1));
        return {};
    });
}

}  // namespace

Tensor group_norm(const Tensor& x, std::int64_t groups, const Tensor& weight, const Tensor& bias,
                  double epsilon) {
    return grouped("group_norm", x, groups, weight, bias, epsilon, false);
}
Tensor group_norm_silu(const Tensor& x, std::int64_t groups, const Tensor& weight,
                       const Tensor& bias, double epsilon) {
    return grouped("group_norm_silu", x, groups, weight, bias, epsilon, true);
}
Tensor instance_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double epsilon) {
    check_channels("instance_norm", x);
    return grouped("instance_norm", x, x.size(1), weight, bias, epsilon, false);
}

Tensor batch_norm(const Tensor& x, Tensor running_mean, Tensor running_var, const Tensor& weight,
                  const Tensor& bias, const BatchNormOptions& options) {
    check_channels("batch_norm", x);
    const std::int64_t channels = x.size(1);
    const Tensor w = parameter_or("batch_norm", weight, 1, {channels}, {channels}, x),
                 b = parameter_or("batch_norm", bias, 0, {channels}, {channels}, x);
    for (const Tensor& running : {running_mean, running_var})
        check(!running.defined() || (running.shape() == Shape{channels} &&
                                     (running.dtype() == f32 || running.dtype() == f64) &&
                                     running.device() == x.device() && !running.requires_grad()),
              "batch_norm", "running statistics do not match; got ", describe(running),
              "; expected f32 or f64 [", channels, "] on ", x.device(),
              " that nothing differentiates");
    if (!options.training) {
        check(running_mean.defined() && running_var.defined(), "batch_norm",
              "evaluation needs the running statistics");
        const Tensor scale = w * rsqrt(raw::to(running_var, x.dtype()) + options.epsilon);
        return x * along_channels(scale, x) +
               along_channels(b - raw::to(running_mean, x.dtype()) * scale, x);
    }
    check(x.numel() > channels, "batch_norm",
          "the statistics of a batch need more than one value a channel; got x ", x.shape(),
          "; hint: a larger batch, or eval()");
    ops::BatchNorm op{options.epsilon, empty({2, 1, channels}, {f64, x.device()})};
    kernels::group_statistics(op.kept, by_places(image_data(x)), op.options(x));
    update_running(x, running_mean, running_var, op.kept, options.momentum);
    return apply(std::move(op), x, w, b);
}

Tensor layer_norm(const Tensor& x, const Shape& shape, const Tensor& weight, const Tensor& bias,
                  double epsilon) {
    check_last_dims("layer_norm", x, shape);
    return apply(ops::LayerNorm{epsilon}, x, parameter_or("layer_norm", weight, 1, shape, shape, x),
                 parameter_or("layer_norm", bias, 0, shape, shape, x));
}

Tensor rms_norm(const Tensor& x, const Shape& shape, const Tensor& weight, double epsilon) {
    check_last_dims("rms_norm", x, shape);
    return apply(ops::RmsNorm{epsilon}, x, parameter_or("rms_norm", weight, 1, shape, shape, x));
}

}  // namespace eps
