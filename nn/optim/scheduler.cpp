#include "nn/optim/scheduler.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tensor/error.h"

namespace eps::nn {
namespace {

// The step as a double, after the checks that all schedules share.
double checked(const char* schedule, std::int64_t step, std::int64_t period = 1) {
    check(step >= 0, schedule, "negative step; got ", step);
    check(period >= 1, schedule, "needs a period of at least one step; got ", period);
    return static_cast<double>(step);
}

// From a (t = 0) to b (t = 1) along half a cosine.
double cosine_between(double a, double b, double t) {
    return b + (a - b) * (1 + std::cos(std::numbers::pi * t)) / 2;
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

double ExponentialLR::at(std::int64_t step) const {
    return lr * std::pow(gamma, checked("ExponentialLR", step));
}

double CosineLR::at(std::int64_t step) const {
    const double t = checked("CosineLR", step, steps);
    if (step >= steps) return floor;
    return cosine_between(lr, floor, t / static_cast<double>(steps));
}

double CosineWarmRestarts::at(std::int64_t step) const {
    double t = checked("CosineWarmRestarts", step, first);
    double period = static_cast<double>(first);
    check(factor >= 1, "CosineWarmRestarts", "periods must not shrink; got factor ", factor);
    if (factor == 1) t = std::fmod(t, period);
    while (t >= period) {
        t -= period;
        period *= static_cast<double>(factor);
    }
    return cosine_between(lr, floor, t / period);
}

double LinearLR::at(std::int64_t step) const {
    const double t = checked("LinearLR", step, steps);
    return lr * (start + (end - start) * std::min(t / static_cast<double>(steps), 1.0));
}

double PolynomialLR::at(std::int64_t step) const {
    const double t = checked("PolynomialLR", step, steps);
    return step >= steps ? 0 : lr * std::pow(1 - t / static_cast<double>(steps), power);
}

double OneCycleLR::at(std::int64_t step) const {
    const double t = checked("OneCycleLR", step, steps);
    const auto all = static_cast<double>(steps);
    check(divisor > 0 && final_divisor > 0, "OneCycleLR", "divisors must be positive; got ",
          divisor, " and ", final_divisor);
    const double low = peak / divisor;
    const double end = low / final_divisor;
    const double top = rise * all - 1;
    const double middle = three_phases ? 2 * top : top;
    check(top > 0 && middle < all - 1, "OneCycleLR", "a phase has no step; got steps ", steps,
          ", rise ", rise, three_phases ? ", three phases" : "");
    const auto between = [&](double since, double until, double a, double b) {
        const double part = (t - since) / (until - since);
        return linear ? std::lerp(a, b, part) : cosine_between(a, b, part);
    };
    if (t <= top) return between(0, top, low, peak);
    if (t <= middle) return between(top, middle, peak, low);
    return t <= all - 1 ? between(middle, all - 1, three_phases ? low : peak, end) : end;
}

double InverseSqrt::at(std::int64_t step) const {
    const double t = checked("InverseSqrt", step, warmup) + 1;
    const auto peak = static_cast<double>(warmup);
    return lr * std::min(t / peak, std::sqrt(peak / t));
}

double LinearWarmup::at(std::int64_t step) const {
    const double t = checked("LinearWarmup", step, steps);
    return step < steps ? then.at(0) * (t + 1) / static_cast<double>(steps) : then.at(step - steps);
}

}  // namespace eps::nn
