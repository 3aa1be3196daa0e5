#pragma once
// What turns losses into steps of a model: Adam, its learning rate, loss scaling, gradient clipping
// and the average of the weights.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "experiments/run/task.h"
#include "experiments/run/train_state.h"
#include "nn/optim/ema.h"
#include "nn/optim/grad_scaler.h"
#include "nn/optim/optimizer.h"

namespace eps::models {

struct LearnerOptions {
    double lr;
    std::string lr_decay = "none";  // "linear" or "cosine": from lr to 0 at step `steps`
    std::int64_t steps = 0;
    double grad_clip = 0;          // largest norm of all gradients together; 0: no clipping
    double ema = 0;                // decay of the average; 0: no average
    bool average_buffers = false;  // the average has the model's buffers, too
    nn::GradScalerOptions loss_scaling = {.enabled = false};
};

/// A mean over samples, with a graph, and numbers to show, which are means over samples as well.
struct Loss {
    Tensor value;
    NamedTensors shown;
};

class Learner {
public:
    /// The model must be on its device, and outlive this.
    Learner(nn::Module& model, LearnerOptions options);

    /// Begins step `index`, on the host: sets its learning rate, and drops the gradients of a step
    /// that failed between its parts.
    void begin(std::int64_t index);

    /// One step down the gradient of the loss.
    /// Returns: the numbers to show: those of the loss, "grad_norm" if gradients are clipped, and
    /// "loss_scale" if losses are scaled.
    /// Throws: before weights, optimiser, scale or average have changed; gradients are dropped.
    NamedTensors step(const Loss& loss);
    /// The same for a batch that is taken in parts, in the memory that one part needs: add() each
    /// part's loss with its share of the batch, then step(). The gradients are those of the mean
    /// loss over the batch, to rounding, unless samples meet in batch norm.
    void add(const Loss& part, double share);
    NamedTensors step();

    /// Erases the "grad_norm" of a step that was skipped because scaled gradients overflowed.
    void erase_skipped(Scalars& numbers) const;

    /// Null if there is none.
    nn::EMA* average() { return average_ ? &*average_ : nullptr; }
    /// Adds "optimizer", "scaler" and, if there is one, "ema".
    void add_to(TrainState& state);

private:
    /// f(), or, where it throws, the state before the first part of the batch: no gradients.
    template <class F> void or_start_anew(const F& f);
    void start_anew();

    LearnerOptions options_;
    std::vector<Tensor> parameters_;
    nn::Adam optimizer_;
    nn::GradScaler scaler_;
    std::optional<nn::EMA> average_;
    NamedTensors shown_;  // sums over the parts that were added
};

/// Rows start .. start + count - 1 of a batch, and their share of it.
struct BatchPart {
    std::int64_t start, count;
    double share;
};
/// Cuts a batch of n rows into parts of n / parts rows; the first n % parts have a row more.
/// Throws: unless 1 <= parts <= n.
std::vector<BatchPart> batch_parts(std::int64_t n, std::int64_t parts);

}  // namespace eps::models
