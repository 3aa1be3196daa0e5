#pragma once
// A measured value with its standard error.
#include <cmath>

namespace eps::metrics {

struct Measured {
    double value = 0;
    double se = 0;
};

/// The share of `hits` among n independent trials, with its binomial standard error.
inline Measured share_of(double hits, double n) {
    const double share = hits / n;
    return {share, std::sqrt(share * (1 - share) / n)};
}

}  // namespace eps::metrics
