#pragma once
// What a family is trained on: a plane of points, images, an energy. A task holds one Problem and
// is the same for all of them.
#include <cstdint>
#include <vector>

#include "experiments/run/task.h"
#include "tensor/capture/step_tensors.h"

namespace eps::models {

/// Model: what pictures and metrics evaluate. Its weights are those to evaluate (nn::Evaluation),
/// and it computes on the device of training; pictures are made on the CPU.
template <class Model> class Problem {
public:
    virtual ~Problem() = default;

    /// What the host makes for step `index`: the indices of a batch, or points that it draws with
    /// `generator`. The step takes it as its inputs.
    virtual StepTensors inputs(std::int64_t index, Generator& generator) = 0;
    /// 0 if data are drawn fresh.
    virtual std::int64_t steps_per_epoch() { return 0; }

    /// Pictures of training, drawn with `generator`, which is the same each time.
    virtual std::vector<Picture> pictures(Model& model, Generator& generator) = 0;
    /// What `eps sample` saves.
    virtual std::vector<Picture> samples(Model& model, std::int64_t count,
                                         Generator& generator) = 0;
    /// What `eps eval` prints.
    virtual Scalars evaluate(Model& model, Generator& generator) = 0;
};

}  // namespace eps::models
