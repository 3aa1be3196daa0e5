#pragma once
#include <cstdint>

#include "nn/module.h"

namespace eps::nn {

struct PlateauOptions {
    double lr = 1e-3;            // at the start
    double factor = 0.1;         // the factor of a reduction
    std::int64_t patience = 10;  // readings without progress before a reduction
    double threshold = 1e-4;     // a reading is progress if it beats the best by this
    bool relative = true;        // the threshold is a fraction of the best
    bool maximise = false;       // larger readings are better
    std::int64_t cooldown = 0;   // readings after a reduction that are not counted
    double least = 0;            // the smallest lr
    double least_change = 1e-8;  // smaller reductions are not made
};

/// A learning rate that falls when a measure stops improving: PyTorch's ReduceLROnPlateau. A
/// reading is progress if
///     reading < best (1 - threshold), or best - threshold where not relative;
///     reading > best (1 + threshold), or best + threshold, to maximise,
/// with `best` the best reading so far; a reading that is not finite never is. After more than
/// `patience` readings in a row without progress, lr <- max(factor lr, least).
/// Throws: unless 0 < factor < 1, lr > 0, and the other options are not negative.
///
///     optimizer.set_learning_rate(plateau.read(validation_loss));
class ReduceLROnPlateau {
public:
    explicit ReduceLROnPlateau(PlateauOptions options);
    /// Takes a reading and returns the learning rate from now on.
    double read(double measure);
    double learning_rate() const { return lr_; }

    /// "rates" (f64 [2]: lr, best) and "counts" (i64 [3]: whether there is a best, readings without
    /// progress, readings left of the cooldown). With these a run resumes with the same bits; the
    /// options are not included.
    NamedTensors state_dict() const;
    /// Throws: naming what does not fit; then nothing was changed.
    void load_state_dict(const NamedTensors& state);

private:
    bool is_progress(double measure) const;

    PlateauOptions options_;
    double lr_, best_ = 0;  // no best before the first finite reading
    bool has_best_ = false;
    std::int64_t bad_ = 0, cooling_ = 0;
};

}  // namespace eps::nn
