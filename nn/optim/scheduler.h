#pragma once
// Learning rates as pure functions of the step, counted from 0. A schedule has no state to save: a
// run that resumes at step n continues with at(n).
//
//     optimizer.set_learning_rate(schedule.at(optimizer.step_count()));
//
// at() throws on a negative step and on options that make no sense. A rate that depends on the
// progress of training is no function of the step: see nn/optim/plateau.h.
#include <concepts>
#include <cstdint>
#include <functional>

namespace eps::nn {

/// Holds any of the schedules below, or your own struct with `double at(std::int64_t step) const`.
class Schedule {
public:
    template <class S>
    requires(!std::same_as<S, Schedule> &&
             requires(const S& s) {
                 { s.at(std::int64_t{}) } -> std::convertible_to<double>;
             }) Schedule(S schedule)
        : at_([schedule](std::int64_t step) { return static_cast<double>(schedule.at(step)); }) {}
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

/// floor + (lr - floor) (1 + cos(pi step / steps)) / 2, and floor from `steps` on.
/// Source: Loshchilov & Hutter 2017, eq. 5.
struct CosineLR {
    double lr = 1e-3;
    std::int64_t steps = 1;
    double floor = 0;
    double at(std::int64_t step) const;
};

/// CosineLR that restarts after periods of `first`, first * factor, first * factor^2, .. steps.
/// Source: Loshchilov & Hutter 2017, section 3 (SGDR).
struct CosineWarmRestarts {
    double lr = 1e-3;
    std::int64_t first = 1, factor = 1;
    double floor = 0;
    double at(std::int64_t step) const;
};

/// lr (start + (end - start) min(step / steps, 1))
struct LinearLR {
    double lr = 1e-3;
    std::int64_t steps = 1;
    double start = 1, end = 0;  // fractions of lr
    double at(std::int64_t step) const;
};

/// lr (1 - step / steps)^power, and 0 from `steps` on
struct PolynomialLR {
    double lr = 1e-3;
    std::int64_t steps = 1;
    double power = 1;
    double at(std::int64_t step) const;
};

/// Rises from peak / divisor to the peak at step rise * steps - 1, then falls to
/// peak / divisor / final_divisor at step `steps` - 1 and stays there; each way along half a
/// cosine, or a line. With three phases, as in the paper, the way down mirrors the way up, and the
/// rest leads from peak / divisor to the end. Rates are PyTorch's; momentum is not cycled. Throws:
/// unless divisors are positive and every phase has a step. Source: Smith & Topin 2018.
struct OneCycleLR {
    double peak = 1e-3;
    std::int64_t steps = 1;
    double rise = 0.3, divisor = 25, final_divisor = 1e4;
    bool linear = false, three_phases = false;
    double at(std::int64_t step) const;
};

/// lr min((step + 1) / warmup, sqrt(warmup / (step + 1))): rises linearly to lr, which it reaches
/// at step warmup - 1, then falls. Source: Vaswani et al. 2017, eq. 3, with lr for its peak.
struct InverseSqrt {
    double lr = 1e-3;
    std::int64_t warmup = 1;
    double at(std::int64_t step) const;
};

/// then.at(0) (step + 1) / steps before `steps`; from there on then.at(step - steps).
/// Source: Goyal et al. 2017, section 2.2.
struct LinearWarmup {
    std::int64_t steps = 1;
    Schedule then = ConstantLR{};
    double at(std::int64_t step) const;
};

}  // namespace eps::nn
