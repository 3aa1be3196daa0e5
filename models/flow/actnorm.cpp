#include "models/flow/actnorm.h"

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps::models::flow {
namespace {

constexpr double kLeastDeviation = 1e-6;

// [C], shaped to broadcast against z [B, C] or [B, C, H, W]
Tensor per_channel(const Tensor& values, const Tensor& z) {
    return z.rank() == 2 ? values : reshape(values, {-1, 1, 1});
}

}  // namespace

ActNorm::ActNorm(std::int64_t channels) {
    check(channels >= 1, "actnorm", "needs at least one channel; got ", channels);
    log_scale = zeros({channels});
    shift = zeros({channels});
    initialised = zeros({});
    add_parameter("log_scale", log_scale);
    add_parameter("shift", shift);
    add_buffer("initialised", initialised);
}

void ActNorm::prepare(const Tensor& z, bool forwards) {
    check(z.defined() && is_floating(z.dtype()) && (z.rank() == 2 || z.rank() == 4) &&
              z.size(1) == log_scale.size(0),
          "actnorm", "got ", describe(z), "; expected [B, ", log_scale.size(0), "] or [B, ",
          log_scale.size(0), ", H, W]");
    if (!is_training() || z.size(0) < 2 || is_initialised()) return;
    const NoGrad guard;
    const Dims dims = z.rank() == 2 ? Dims{0} : Dims{0, 2, 3};
    const Tensor centre = mean(z, dims);
    const Tensor log_deviation = log(stddev(z, dims, false, 0) + kLeastDeviation);
    log_scale.copy_(forwards ? -log_deviation : log_deviation);
    shift.copy_(forwards ? -centre * exp(-log_deviation) : centre);
    initialised.fill_(1);
}

// On a GPU the host waits for the answer until it is yes, and remembers that.
bool ActNorm::is_initialised() {
    if (known_initialised_) return true;
    const bool answer = initialised.item() != 0;
    known_initialised_ = answer && initialised.device().is_cuda();
    return answer;
}

Transformed ActNorm::with_log_det(const Tensor& z, const Tensor& y,
                                  const Tensor& log_derivative) const {
    const double pixels = z.rank() == 2 ? 1 : static_cast<double>(z.size(2) * z.size(3));
    return {y, expand(pixels * sum(log_derivative), {z.size(0)})};
}

Transformed ActNorm::transform(const Tensor& z, const Tensor&) {
    prepare(z, true);
    return with_log_det(z, affine_coupling(z, per_channel(log_scale, z), per_channel(shift, z)),
                        log_scale);
}

Transformed ActNorm::inverse(const Tensor& z, const Tensor&) {
    prepare(z, false);
    return with_log_det(z, (z - per_channel(shift, z)) * exp(-per_channel(log_scale, z)),
                        -log_scale);
}

}  // namespace eps::models::flow
