#include "models/bijector.h"

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps::models {
namespace {

constexpr const char* kOp = "flow";

// Not checked on a GPU, where the host would wait for the answer in every pass.
bool all_finite(const Tensor& x) {
    return x.device().is_cuda() || all(isfinite(detach(x))).item() != 0;
}

}  // namespace

Composition& Composition::add(std::unique_ptr<Bijector> layer) {
    check(layer != nullptr, kOp, "a layer is null");
    Module::add(std::to_string(layers_.size()), *layer);
    layers_.push_back(std::move(layer));
    return *this;
}

// One check of the sum serves all layers, since it is not finite if any term is not. The first such
// layer of the pass is named: its NaN reaches all later ones.
void Composition::check_finite(const Tensor& total, const std::vector<Tensor>& log_dets,
                               Pass pass) const {
    if (all_finite(total)) return;
    const std::size_t count = log_dets.size();
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t k = pass == Pass::transform ? i : count - 1 - i;
        check(all_finite(log_dets[k]), kOp, "the log-determinant of layer ", k, ", ",
              layers_[k]->name(),
              ", is not finite; hint: a lower learning rate, or gradients clipped");
    }
    fail(kOp, "the log-determinants of ", size(), " layers overflow in their sum");
}

Transformed Composition::transform(const Tensor& z, const Tensor& context) {
    check(z.defined() && z.rank() >= 1, kOp, "needs a batch [B, ...]");
    Transformed now{z, zero_log_det(z)};
    std::vector<Tensor> log_dets;
    for (const auto& layer : layers_) {
        Transformed next = layer->transform(now.z, context);
        now = {std::move(next.z), now.log_det + next.log_det};
        log_dets.push_back(std::move(next.log_det));
    }
    check_finite(now.log_det, log_dets, Pass::transform);
    return now;
}

Tensor Composition::map(const Tensor& z, const Tensor& context) {
    Tensor now = z;
    for (const auto& layer : layers_) now = layer->map(now, context);
    return now;
}

Transformed Composition::inverse(const Tensor& z, const Tensor& context) {
    check(z.defined() && z.rank() >= 1, kOp, "needs a batch [B, ...]");
    Transformed now{z, zero_log_det(z)};
    std::vector<Tensor> log_dets(layers_.size());
    for (std::size_t k = layers_.size(); k-- > 0;) {
        Transformed next = layers_[k]->inverse(now.z, context);
        now = {std::move(next.z), now.log_det + next.log_det};
        log_dets[k] = std::move(next.log_det);
    }
    check_finite(now.log_det, log_dets, Pass::inverse);
    return now;
}

bool Composition::has_inverse() const {
    for (const auto& layer : layers_)
        if (!layer->has_inverse()) return false;
    return true;
}

Bijector& Composition::layer(std::int64_t index) {
    check(index >= 0 && index < size(), kOp, "no such layer; got ", index, "; there are ", size());
    return *layers_[static_cast<std::size_t>(index)];
}

std::vector<Transformed> Composition::steps(const Tensor& z, const Tensor& context) {
    std::vector<Transformed> steps;
    for (const auto& layer : layers_)
        steps.push_back(layer->transform(steps.empty() ? z : steps.back().z, context));
    return steps;
}

Tensor zero_log_det(const Tensor& x) { return zeros({x.size(0)}, x.options()); }

void check_vectors(const char* flow, const Tensor& z, std::int64_t dim) {
    check(z.defined() && is_floating(z.dtype()) && z.rank() == 2 && z.size(1) == dim, flow, "got ",
          describe(z), "; expected points [B, ", dim, "]");
}

void check_context(const char* flow, const Tensor& z, const Tensor& context, std::int64_t width) {
    if (width == 0) return;  // a layer that takes none may stand beside one that does
    check(context.defined(), flow, "is conditioned on a context, and got none; expected [",
          z.size(0), ", ", width, "]");
    check(context.rank() == 2 && context.size(0) == z.size(0) && context.size(1) == width, flow,
          "bad context; got ", describe(context), "; expected [", z.size(0), ", ", width, "]");
}

}  // namespace eps::models
