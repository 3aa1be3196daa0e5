#include "nn/init.h"

#include <cmath>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"

namespace eps::nn::init {
namespace {

// gain / sqrt(fan)
double kaiming_deviation(const Tensor& x, const KaimingOptions& options) {
    return std::sqrt(2 / ((1 + options.slope * options.slope) *
                          static_cast<double>(fan(x.shape(), options.mode))));
}

double xavier_deviation(const Tensor& x, double gain) {
    return gain *
           std::sqrt(2 / static_cast<double>(fan(x.shape(), Fan::in) + fan(x.shape(), Fan::out)));
}

}  // namespace

std::int64_t fan(const Shape& shape, Fan fan) {
    check(shape.rank() >= 2, "fan", "needs weights [out, in, ..]; got the shape ", shape);
    check(numel(shape) > 0, "fan", "the weights are empty; got the shape ", shape);
    return numel(shape) / (fan == Fan::in ? shape[0] : shape[1]);
}

Tensor& uniform_(Tensor& x, double lo, double hi, Generator& generator) {
    check(std::isfinite(lo) && std::isfinite(hi) && lo <= hi, "uniform_", "bad bounds; got ", lo,
          " and ", hi, "; expected lo <= hi");
    NoGrad guard;
    return x.copy_(rand(x.shape(), x.options(), generator) * (hi - lo) + lo);
}

Tensor& normal_(Tensor& x, double mean, double deviation, Generator& generator) {
    check(deviation >= 0, "normal_", "negative deviation; got ", deviation);
    NoGrad guard;
    return x.copy_(randn(x.shape(), x.options(), generator) * deviation + mean);
}

Tensor& zeros_(Tensor& x) {
    NoGrad guard;
    return x.zero_();
}

Tensor& xavier_uniform_(Tensor& x, Generator& generator, double gain) {
    const double a = std::sqrt(3) * xavier_deviation(x, gain);
    return uniform_(x, -a, a, generator);
}

Tensor& xavier_normal_(Tensor& x, Generator& generator, double gain) {
    return normal_(x, 0, xavier_deviation(x, gain), generator);
}

Tensor& kaiming_uniform_(Tensor& x, Generator& generator, KaimingOptions options) {
    const double a = std::sqrt(3) * kaiming_deviation(x, options);
    return uniform_(x, -a, a, generator);
}

Tensor& kaiming_normal_(Tensor& x, Generator& generator, KaimingOptions options) {
    return normal_(x, 0, kaiming_deviation(x, options), generator);
}

}  // namespace eps::nn::init
