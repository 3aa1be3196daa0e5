#include "nn/scheduler.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tensor/error.h"

namespace eps::nn {
namespace {

// The step as a number, after the checks all schedules share.
double checked(const char* schedule, std::int64_t step, std::int64_t period = 1) {
    check(step >= 0, schedule, "negative step; got ", step);
    check(period >= 1, schedule, "needs a period of at least one step; got ", period);
    return static_cast<double>(step);
}

}  // namespace

double ConstantLR::at(std::int64_t step) const {
    checked("ConstantLR", step);
    return lr;
}

double StepLR::at(std::int64_t step) const {
    checked("StepLR", step, every);
    return lr * std::pow(gamma, static_cast<double>(step / every));
}

double ExponentialLR::at(std::int64_t step) const { return lr * std::pow(gamma, checked("ExponentialLR", step)); }

double CosineLR::at(std::int64_t step) const {
    const double t = checked("CosineLR", step, steps);
    if (step >= steps) return floor;
    return floor + (lr - floor) * (1 + std::cos(std::numbers::pi * t / static_cast<double>(steps))) / 2;
}

double InverseSqrt::at(std::int64_t step) const {
    const double t = checked("InverseSqrt", step, warmup) + 1, peak = static_cast<double>(warmup);
    return lr * std::min(t / peak, std::sqrt(peak / t));
}

double LinearWarmup::at(std::int64_t step) const {
    const double t = checked("LinearWarmup", step, steps);
    return step < steps ? then.at(0) * (t + 1) / static_cast<double>(steps) : then.at(step - steps);
}

}  // namespace eps::nn
