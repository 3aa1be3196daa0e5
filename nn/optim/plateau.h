#pragma once
#include <cstdint>

#include "nn/module.h"

namespace eps::nn {

struct PlateauOptions {
    double lr = 1e-3;            // to begin with
    double factor = 0.1;         // of each reduction
    std::int64_t patience = 10;  // readings without progress that are forgiven
    double threshold = 1e-4;     // a reading is progress if it beats the best by this
    bool relative = true;        // .. fraction of the best, or else by this much
    bool maximise = false;       // progress is upwards
    std::int64_t cooldown = 0;   // readings after a reduction that do not count
    double least = 0;            // lr never falls below
    double least_change = 1e-8;  // a reduction by no more than this is not made
};

/// A learning rate that falls where a measure has stopped improving: PyTorch's ReduceLROnPlateau.
/// With best the best reading so far, a reading is progress if reading < best (1 - threshold)
/// (relative), < best - threshold (absolute), or > best (1 + threshold), > best + threshold to
/// maximise; what is not finite is never progress. After more than `patience` readings in a row
/// without, lr <- max(factor lr, least). Throws unless 0 < factor < 1, lr > 0, and the others are
/// not negative.
///
///     optimizer.set_learning_rate(plateau.read(validation_loss));
class ReduceLROnPlateau {
public:
    explicit ReduceLROnPlateau(PlateauOptions options);
    /// Takes a reading; returns the rate of the steps to come.
    double read(double measure);
    double learning_rate() const { return lr_; }

    /// "rates" (f64 [2]: lr, best) and "counts" (i64 [3]: is there a best, readings without
    /// progress, those left of the cooldown): what a checkpoint needs to go on bitwise. Options are
    /// not in it.
    NamedTensors state_dict() const;
    /// Throws, naming what does not fit; then nothing was changed.
    void load_state_dict(const NamedTensors& state);

private:
    bool is_progress(double measure) const;

    PlateauOptions options_;
    double lr_, best_ = 0;  // no best before the first finite reading
    bool has_best_ = false;
    std::int64_t bad_ = 0, cooling_ = 0;
};

}  // namespace eps::nn
