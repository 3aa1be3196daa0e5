// Norms of images [B, C, ..]: group_norm, instance_norm, batch_norm. One pair of kernels serves
// them; batch_norm is a group_norm with a group for each channel and statistics across the batch.
#include "autograd/checkpoint.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/list.h"
#include "autograd/ops/norm/norm.h"
#include "autograd/ops/norm/norm_parts.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/contract/kernels.h"
#include "tensor/create.h"
#include "tensor/overlap.h"
#include "tensor/raw_copy.h"

namespace eps {
namespace {

using detail::normalized, detail::NormGradients, detail::parameter_or;

// Does memory run over all channels of a pixel first, and over the rest in row-major order?
bool channels_innermost(const Tensor& x) {
    if (x.size(1) > 1 && x.strides()[1] != 1) return false;
    std::int64_t expected = x.size(1);
    for (int d = x.rank() - 1; d >= 0; --d) {
        if (d == 1) continue;
        if (x.size(d) > 1 && x.strides()[d] != expected) return false;
        expected *= x.size(d);
    }
    return true;
}

// x itself if its memory has pixels or channels innermost, as the kernels want it; else a copy.
Tensor image_data(const Tensor& x) {
    return x.is_contiguous() || channels_innermost(x) ? x : raw::clone(x);
}

// Such an image as [B, C, S], with S pixels.
Tensor flat_pixels(const Tensor& x) {
    const std::int64_t b = x.size(0);
    const std::int64_t c = x.size(1);
    const std::int64_t s = b * c > 0 ? x.numel() / (b * c) : 0;
    const Strides strides = x.is_contiguous() ? Strides{c * s, s, 1} : Strides{c * s, 1, c};
    return x.as_strided({b, c, s}, strides, x.offset());
}

// g in x's order of memory.
Tensor like_in_memory(const Tensor& g, const Tensor& x) {
    if (g.strides() == x.strides()) return g;
    Tensor out = empty_strided(x.shape(), x.strides(), x.options());
    kernels::copy(out, g);
    return out;
}

// A parameter [C] or [B, C] in a shape that broadcasts against x [B, C, ..].
Tensor along_channels(const Tensor& parameter, const Tensor& x) {
    Shape shape = Shape::filled(x.rank(), 1);
    shape[1] = x.size(1);
    if (parameter.rank() == 2) shape[0] = x.size(0);
    return reshape(parameter, shape);
}

// The forward of both ops; the statistics are written, unless they are given.
Tensor normalize_image(const Tensor& x, const Tensor& weight, const Tensor& bias,
                       Tensor& statistics, const kernels::GroupNormOptions& options, bool given) {
    const Tensor image = image_data(x);
    const Tensor out = empty_strided(image.shape(), image.strides(), image.options());
    Tensor out_pixels = flat_pixels(out);
    if (x.numel() > 0)
        kernels::group_norm(out_pixels, statistics, flat_pixels(image), raw::contiguous(weight),
                            raw::contiguous(bias), options, given);
    return out;
}

// The backward of both ops.
NormGradients image_gradients(const Tensor& g, const Context& context, const Tensor& statistics,
                              const kernels::GroupNormOptions& options) {
    const Tensor x = image_data(context.input(0));
    const Tensor weight = raw::contiguous(context.input(1));
    const Tensor bias = raw::contiguous(context.input(2));
    NormGradients d{empty_strided(x.shape(), x.strides(), x.options()), zeros_like(weight),
                    zeros_like(bias)};
    Tensor dx_pixels = flat_pixels(d.x);
    if (x.numel() > 0)
        kernels::group_norm_backward(dx_pixels, d.weight, d.bias, flat_pixels(like_in_memory(g, x)),
                                     statistics, flat_pixels(x), weight, bias, options, false);
    return d;
}

}  // namespace

namespace ops {

struct GroupNorm {
    kernels::GroupNormOptions options;
    Tensor saved = {};  // the statistics, f64 [2, B, groups]
    using saves = SaveAllInputs;
    Tensor forward(const Tensor& x, const Tensor& weight, const Tensor& bias) {
        saved = empty({2, x.size(0), options.groups}, {f64, x.device()});
        return normalize_image(x, weight, bias, saved, options, false);
    }
    void fused_backward(const Tensor& g, const Context& context, Gradients out) const {
        image_gradients(g, context, saved, options).give(context, out);
    }
    Tensor compose(const Tensor& x, const Tensor& weight, const Tensor& bias) const {
        const std::int64_t channels = x.size(1) / options.groups;
        const std::int64_t pixels = x.numel() > 0 ? x.numel() / x.size(0) / x.size(1) : 0;
        const Tensor grouped = reshape(x, {x.size(0), options.groups, channels, pixels});
        const Tensor z = reshape(normalized(grouped, {2, 3}, options.epsilon), x.shape());
        const Tensor y = z * along_channels(weight, x) + along_channels(bias, x);
        return options.silu ? silu(y) : y;
    }
};

/// `saved` holds the statistics before forward runs: batch_norm() needs them for its running ones.
struct BatchNorm {
    double epsilon;
    Tensor saved;  // f64 [2, 1, C]
    using saves = SaveAllInputs;
    kernels::GroupNormOptions options(const Tensor& x) const {
        return {.groups = x.size(1), .epsilon = epsilon, .across_batch = true};
    }
    Tensor forward(const Tensor& x, const Tensor& weight, const Tensor& bias) {
        return normalize_image(x, weight, bias, saved, options(x), true);
    }
    void fused_backward(const Tensor& g, const Context& context, Gradients out) const {
        image_gradients(g, context, saved, options(context.input(0))).give(context, out);
    }
    Tensor compose(const Tensor& x, const Tensor& weight, const Tensor& bias) const {
        Dims dims{0};
        for (int d = 2; d < x.rank(); ++d) dims.push_back(d);
        return normalized(x, dims, epsilon) * along_channels(weight, x) + along_channels(bias, x);
    }
};

}  // namespace ops

namespace {

void check_channels(const Checker& check, const Tensor& x) {
    detail::check_real(check, x);
    check(x.rank() >= 2, "needs x [B, C, ..]; got ", x.shape());
}

Tensor grouped(const Checker& check, const Tensor& x, const Tensor& weight, const Tensor& bias,
               const kernels::GroupNormOptions& options) {
    check_channels(check, x);
    const std::int64_t channels = x.size(1);
    check(options.groups >= 1 && channels % options.groups == 0,
          "the groups do not divide the channels; got ", options.groups, " groups for x ",
          x.shape());
    const Shape per_sample{x.size(0), channels};
    Tensor w = parameter_or(check, weight, 1, {channels}, per_sample, x);
    Tensor b = parameter_or(check, bias, 0, {channels}, per_sample, x);
    if (w.rank() < b.rank()) w = expand(w, per_sample);
    if (b.rank() < w.rank()) b = expand(b, per_sample);
    return apply(ops::GroupNorm{options}, x, w, b);
}

void check_running(const Checker& check, const Tensor& running, const Tensor& x) {
    if (!running.defined()) return;
    const bool real = running.dtype() == f32 || running.dtype() == f64;
    check(real && running.shape() == Shape{x.size(1)} && running.device() == x.device() &&
              !running.requires_grad(),
          "running statistics do not match; got ", describe(running), "; expected f32 or f64 [",
          x.size(1), "] on ", x.device(), " without a gradient");
    check_no_overlap(check.op, running);
}

// Moves the running statistics towards those of the batch: once, even where a checkpoint runs the
// op twice.
void update_running(const Tensor& x, Tensor& running_mean, Tensor& running_var,
                    const Tensor& statistics, double momentum) {
    const double count = static_cast<double>(x.numel() / x.size(1));
    const Tensor batch = reshape(statistics, {2, x.size(1)});
    const auto update = [&](Tensor& running, std::int64_t statistic, double scale) {
        if (!running.defined()) return;
        kernels::moving_average(running, select(batch, 0, statistic), momentum, scale);
        running.storage().bump_version();
    };
    run_once([&]() -> std::vector<Tensor> {
        update(running_mean, 0, 1);
        update(running_var, 1, count / (count - 1));  // unbiased
        return {};
    });
}

// Evaluation: one multiplication and one addition, in plain ops.
Tensor normalize_by(const Tensor& mean, const Tensor& variance, const Tensor& x,
                    const Tensor& weight, const Tensor& bias, double epsilon) {
    const Tensor scale = weight * rsqrt(raw::to(variance, x.dtype()) + epsilon);
    return x * along_channels(scale, x) +
           along_channels(bias - raw::to(mean, x.dtype()) * scale, x);
}

}  // namespace

Tensor group_norm(const Tensor& x, std::int64_t groups, const Tensor& weight, const Tensor& bias,
                  double epsilon) {
    return grouped("group_norm", x, weight, bias, {.groups = groups, .epsilon = epsilon});
}

Tensor group_norm_silu(const Tensor& x, std::int64_t groups, const Tensor& weight,
                       const Tensor& bias, double epsilon) {
    return grouped("group_norm_silu", x, weight, bias,
                   {.groups = groups, .epsilon = epsilon, .silu = true});
}

Tensor instance_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double epsilon) {
    const Checker check("instance_norm");
    check_channels(check, x);
    return grouped(check, x, weight, bias, {.groups = x.size(1), .epsilon = epsilon});
}

Tensor batch_norm(const Tensor& x, Tensor running_mean, Tensor running_var, const Tensor& weight,
                  const Tensor& bias, const BatchNormOptions& options) {
    const Checker check("batch_norm");
    check_channels(check, x);
    const std::int64_t channels = x.size(1);
    const Tensor w = parameter_or(check, weight, 1, {channels}, {channels}, x);
    const Tensor b = parameter_or(check, bias, 0, {channels}, {channels}, x);
    check_running(check, running_mean, x);
    check_running(check, running_var, x);
    if (!options.training) {
        check(running_mean.defined() && running_var.defined(),
              "evaluation needs the running statistics");
        return normalize_by(running_mean, running_var, x, w, b, options.epsilon);
    }
    check(x.numel() > channels, "the statistics of a batch need more than one value a channel; ",
          "got x ", x.shape(), "; hint: a larger batch, or eval()");
    ops::BatchNorm op{options.epsilon, empty({2, 1, channels}, {f64, x.device()})};
    kernels::group_statistics(op.saved, flat_pixels(image_data(x)), op.options(x));
    update_running(x, running_mean, running_var, op.saved, options.momentum);
    return apply(std::move(op), x, w, b);
}

}  // namespace eps
