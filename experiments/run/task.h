#pragma once
// What a model family gives to the shared loop and to the program: a Task, made from a Config.
#include <string>
#include <utility>
#include <vector>

#include "experiments/run/config.h"
#include "nn/module.h"
#include "tensor/random.h"

namespace eps::models {

/// Named numbers in the order they are shown: {"loss", 103.2}, {"kl", 11.9}.
using Scalars = std::vector<std::pair<std::string, double>>;
/// A picture: f32 [H, W] (gray) or [H, W, 3] in [0, 1], or a film of F of them, [F, H, W, 1] or [F,
/// H, W, 3]; saved under the file name `name` (no suffix).
struct Picture {
    std::string name;
    Tensor pixels;
    // what training saves of it from step to step is joined into a film at the end
    bool filmed = false;
    // screen pixels a side of one of its pixels: small images look better with two, plots with one
    int scale = 2;
};

class Task {
public:
    virtual ~Task() = default;

    /// One optimiser step; `index` counts from 0. Everything random comes from the task's own
    /// generators, so that state() makes it resumable.
    virtual Scalars step(std::int64_t index) = 0;
    /// Sentences for the person at the screen that came up since the last call: what looks wrong
    /// and what to try. Asked after every step.
    virtual std::vector<std::string> notes() { return {}; }
    /// Steps of one pass over the data, for the display; 0 where data are drawn fresh. Reads the
    /// data: throws where they are missing.
    virtual std::int64_t steps_per_epoch() { return 0; }
    /// Pictures that show how far the model is. Must not change what later steps compute.
    virtual std::vector<Picture> pictures() = 0;
    /// How samples are drawn from here on, in sample() and evaluate(): those of
    /// Family::sample_options that are given, each checked; a task without such options is never
    /// given any. Throws where they do not go together with each other or with the run.
    virtual void set_sampling(const Config& given) { static_cast<void>(given); }
    /// `count` samples drawn with `generator`, as pictures ("samples" first).
    virtual std::vector<Picture> sample(std::int64_t count, Generator& generator) = 0;
    /// Metrics on held-out data, keys as documented in docs/eval.md.
    virtual Scalars evaluate(Generator& generator) = 0;

    /// Everything that step() reads and writes, by name: parameters, optimiser, EMA, generators.
    virtual NamedTensors state() const = 0;
    virtual void load_state(const NamedTensors& state) = 0;
    /// Trainable numbers, for the display.
    virtual std::int64_t parameter_count() const = 0;
};

/// The state of a generator as one i64 tensor [2] (seed, counter), and back.
Tensor pack(const Generator& generator);
void unpack(const Tensor& state, Generator& generator);

}  // namespace eps::models
