#include "nn/optim/plateau.h"

#include <algorithm>
#include <cmath>

#include "tensor/create.h"

namespace eps::nn {
namespace {

constexpr const char* kOp = "ReduceLROnPlateau";

}  // namespace

ReduceLROnPlateau::ReduceLROnPlateau(PlateauOptions options) : options_(options), lr_(options.lr) {
    const PlateauOptions& o = options_;
    check(std::isfinite(o.lr) && o.lr > 0, kOp, "bad lr; got ", o.lr,
          "; expected a positive number");
    check(o.factor > 0 && o.factor < 1, kOp, "bad factor; got ", o.factor,
          "; expected a number between 0 and 1");
    check(o.patience >= 0 && o.cooldown >= 0, kOp, "negative count; got patience ", o.patience,
          ", cooldown ", o.cooldown);
    check(o.threshold >= 0 && o.least >= 0 && o.least_change >= 0, kOp,
          "negative bound; got threshold ", o.threshold, ", least ", o.least, ", least_change ",
          o.least_change);
}

bool ReduceLROnPlateau::is_progress(double measure) const {
    if (!std::isfinite(measure) || !has_best_) return std::isfinite(measure);
    const double t = options_.threshold;
    if (options_.maximise) return measure > (options_.relative ? best_ * (1 + t) : best_ + t);
    return measure < (options_.relative ? best_ * (1 - t) : best_ - t);
}

double ReduceLROnPlateau::read(double measure) {
    if (is_progress(measure)) {
        best_ = measure;
        has_best_ = true;
        bad_ = 0;
    } else {
        ++bad_;
    }
    if (cooling_ > 0) {
        --cooling_;
        bad_ = 0;
    }
    if (bad_ > options_.patience) {
        const double lower = std::max(lr_ * options_.factor, options_.least);
        if (lr_ - lower > options_.least_change) lr_ = lower;
        cooling_ = options_.cooldown;
        bad_ = 0;
    }
    return lr_;
}

NamedTensors ReduceLROnPlateau::state_dict() const {
    const std::vector<double> rates{lr_, best_};
    const std::vector<std::int64_t> counts{has_best_, bad_, cooling_};
    return {{"rates", from_span(std::span(rates), {2})},
            {"counts", from_span(std::span(counts), {3})}};
}

void ReduceLROnPlateau::load_state_dict(const NamedTensors& state) {
    NamedTensors copies = state_dict();
    copy_by_name(kOp, copies, state);
    const double* rates = copies[0].second.data<double>();
    const auto* counts = copies[1].second.data<std::int64_t>();
    lr_ = rates[0];
    best_ = rates[1];
    has_best_ = counts[0] != 0;
    bad_ = counts[1];
    cooling_ = counts[2];
}

}  // namespace eps::nn
