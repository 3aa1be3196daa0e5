#pragma once
// The numbers that the kernel arange writes.
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "tensor/dtype.h"
#include "tensor/scalar/hd.h"

namespace eps {

/// Element i is start + i step as a T. Integers are computed as such if both numbers are whole,
/// because f64 holds no odd number beyond 2^53.
template <class T> class ArithmeticSequence {
public:
    ArithmeticSequence(double start, double step) : start_(start), step_(step) {
        const auto whole = [](double x) {
            return x == std::floor(x) && x >= -0x1p63 && x < 0x1p63;
        };
        exact_ = std::is_integral_v<T> && whole(start) && whole(step);
        if (!exact_) return;
        whole_start_ = static_cast<std::int64_t>(start);
        whole_step_ = static_cast<std::int64_t>(step);
    }
    EPS_HD T operator()(std::int64_t i) const {
        if (exact_) return convert<T>(whole_start_ + i * whole_step_);
        return convert<T>(start_ + static_cast<double>(i) * step_);
    }

private:
    double start_, step_;
    std::int64_t whole_start_ = 0, whole_step_ = 0;
    bool exact_;
};

}  // namespace eps
