#pragma once
// Learning rates as pure functions of the step, counted from 0: nothing to save, nothing to advance, and a run that resumes at step n
// continues with at(n).
//
//     optimizer.set_learning_rate(schedule.at(optimizer.step_count()));
//
// at() throws on a negative step and where an option makes no sense.
#include <concepts>
#include <cstdint>
#include <functional>

namespace eps::nn {

/// Holds any of the schedules below, or your own struct with `double at(std::int64_t step) const`.
class Schedule {
public:
    template <class S>
        requires(!std::same_as<S, Schedule> && requires(const S& s) { { s.at(std::int64_t{}) } -> std::convertible_to<double>; })
    Schedule(S schedule) : at_([schedule](std::int64_t step) { return static_cast<double>(schedule.at(step)); }) {}
    double at(std::int64_t step) const { return at_(step); }

private:
    std::function<double(std::int64_t)> at_;
};

/// lr
struct ConstantLR {
    double lr = 1e-3;
    double at(std::int64_t step) const;
};
/// lr gamma^floor(step / every)
struct StepLR {
    double lr = 1e-3;
    std::int64_t every = 1;
    double gamma = 0.1;
    double at(std::int64_t step) const;
};
/// lr gamma^step
struct ExponentialLR {
    double lr = 1e-3;
    double gamma = 0.999;
    double at(std::int64_t step) const;
};
/// floor + (lr - floor) (1 + cos(pi step / steps)) / 2, and floor from `steps` on   (Loshchilov & Hutter 2017, eq. 5)
struct CosineLR {
    double lr = 1e-3;
    std::int64_t steps = 1;
    double floor = 0;
    double at(std::int64_t step) const;
};
/// lr min((step + 1) / warmup, sqrt(warmup / (step + 1))): rises linearly to lr, which it has at step warmup - 1, then falls
/// (Vaswani et al. 2017, eq. 3, with lr for its peak)
struct InverseSqrt {
    double lr = 1e-3;
    std::int64_t warmup = 1;
    double at(std::int64_t step) const;
};
/// then.at(0) (step + 1) / steps before `steps`; from there on then.at(step - steps)   (Goyal et al. 2017, section 2.2)
struct LinearWarmup {
    std::int64_t steps = 1;
    Schedule then = ConstantLR{};
    double at(std::int64_t step) const;
};

}  // namespace eps::nn
