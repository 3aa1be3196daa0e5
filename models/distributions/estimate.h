#pragma once
// A running mean with its standard error.
#include <cmath>

#include "tensor/tensor.h"

namespace eps::models {

class Estimate {
public:
    /// Adds every element of a tensor, by Welford's update.
    void add(const Tensor& values) {
        for (double value : values.to_vector()) {
            ++count_;
            const double delta = value - mean_;
            mean_ += delta / static_cast<double>(count_);
            squares_ += delta * (value - mean_);
        }
    }
    std::int64_t count() const { return count_; }
    double mean() const { return mean_; }
    /// sqrt(variance / count); 0 for fewer than two values.
    double standard_error() const {
        return count_ < 2 ? 0
                          : std::sqrt(squares_ / static_cast<double>(count_ - 1) /
                                      static_cast<double>(count_));
    }

private:
    std::int64_t count_ = 0;
    double mean_ = 0, squares_ = 0;
};

}  // namespace eps::models
