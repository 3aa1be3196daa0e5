#include "models/flow/actnorm.h"

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps::models::flow {
namespace {

constexpr double kLeastDeviation = 1e-6;

// [C] as it meets z [B, C] or [B, C, H, W]
Tensor beside(const Tensor& of_channels, const Tensor& z) {
    return z.rank() == 2 ? of_channels : reshape(of_channels, {-1, 1, 1});
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
    const Tensor centre = mean(z, dims),
                 log_deviation = log(stddev(z, dims, false, 0) + kLeastDeviation);
    log_scale.copy_(forwards ? -log_deviation : log_deviation);
    shift.copy_(forwards ? -centre * exp(-log_deviation) : centre);
    initialised.fill_(1);
}

// On a GPU the host waits for the answer until it is yes, and then asks no more.
bool ActNorm::is_initialised() {
    if (known_) return true;
    const bool answer = initialised.item() != 0;
    known_ = answer && initialised.device().is_cuda();
    return answer;
}

Transformed ActNorm::moved(const Tensor& z, const Tensor& y, const Tensor& log_derivative) const {
    const double places = z.rank() == 2 ? 1 : static_cast<double>(z.size(2) * z.size(3));
    return {y, expand(places * sum(log_derivative), {z.size(0)})};
}

Transformed ActNorm::transform(const Tensor& z, const Tensor&) {
    prepare(z, true);
    return moved(z, affine_coupling(z, beside(log_scale, z), beside(shift, z)), log_scale);
}

Transformed ActNorm::inverse(const Tensor& z, const Tensor&) {
    prepare(z, false);
    return moved(z, (z - beside(shift, z)) * exp(-beside(log_scale, z)), -log_scale);
}

}  // namespace eps::models::flow
