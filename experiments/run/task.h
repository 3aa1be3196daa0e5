#pragma once
// What a model family gives to the shared loop (trainer.h) and to the program: a Task, made from a
// Config (family.h).
#include <string>
#include <utility>
#include <vector>

#include "experiments/run/config.h"
#include "nn/module.h"
#include "tensor/random.h"

namespace eps::models {

/// Named numbers, in the order in which they are shown: {"loss", 103.2}, {"kl", 11.9}.
using Scalars = std::vector<std::pair<std::string, double>>;

/// A picture f32 [H, W] (gray) or [H, W, 3] in [0, 1], or a film of F of them, [F, H, W, 1] or
/// [F, H, W, 3].
struct Picture {
    std::string name;  // the file name, without a suffix
    Tensor pixels;
    // The pictures that training saves under this name are joined into a film at the end.
    bool filmed = false;
    // Screen pixels along the side of a pixel: small images look better with two, plots with one.
    int scale = 2;
};

/// A model that the shared loop trains, and that `eps sample` and `eps eval` draw from and measure.
class Task {
public:
    virtual ~Task() = default;

    /// Makes one optimiser step; `index` counts from 0. Everything random comes from the task's own
    /// generators, so state() makes it resumable. One that throws, for want of memory, has updated
    /// each network wholly or not at all; load_state() of what state() was before it undoes it.
    virtual Scalars step(std::int64_t index) = 0;
    /// Sentences for the user that came up since the last call: what looks wrong and what to try.
    /// The loop asks after every step.
    virtual std::vector<std::string> notes() { return {}; }
    /// Why steps are not captured into a graph (tensor/capture/captured_step.h); empty if they are,
    /// and on a CPU.
    virtual const std::string& capture_fallback() const;
    /// Steps of one pass over the data, for the display; 0 if data are drawn fresh. Reads the data,
    /// and throws if they are missing.
    virtual std::int64_t steps_per_epoch() { return 0; }
    /// Pictures that show how far the model is. Must not change what later steps compute.
    virtual std::vector<Picture> pictures() = 0;

    /// Sets how sample() and evaluate() draw samples from here on. `given` has the options of
    /// Family::sample_options that the user gave, each checked; a family without such options gets
    /// none. Throws if they do not go together, or do not fit the run.
    virtual void set_sampling(const Config& given) { static_cast<void>(given); }
    /// `count` samples drawn with `generator`, as pictures; the first is named "samples".
    virtual std::vector<Picture> sample(std::int64_t count, Generator& generator) = 0;
    /// Metrics on held-out data; docs/eval.md describes the keys.
    virtual Scalars evaluate(Generator& generator) = 0;

    /// Everything that step() reads and writes, by name: parameters, optimiser, EMA, generators.
    virtual NamedTensors state() const = 0;
    virtual void load_state(const NamedTensors& state) = 0;
    /// The number of trainable parameters, for the display.
    virtual std::int64_t parameter_count() const = 0;
};

inline const std::string& Task::capture_fallback() const {
    static const std::string none;
    return none;
}

}  // namespace eps::models
