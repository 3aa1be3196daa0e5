#pragma once
// What a flow is fitted to: an energy, points of the plane, or images. They differ in the loss, and
// in how the flow is shown and measured.
#include <memory>
#include <vector>

#include "experiments/flow/model.h"
#include "experiments/run/learner.h"
#include "experiments/run/problem.h"
#include "models/distributions/estimate.h"

namespace eps::models::flow {

class FlowProblem : public Problem<Model> {
public:
    /// The loss of a step with these inputs. What the device draws comes from `generator`.
    virtual Loss loss(Model& model, const StepTensors& inputs, Generator& generator) = 0;
};

std::unique_ptr<FlowProblem> energy_problem(const Settings& settings);
std::unique_ptr<FlowProblem> plane_problem(const Settings& settings);
std::unique_ptr<FlowProblem> image_problem(const Settings& settings);

/// Appends the mean of all values added, and its standard error as name + "_se".
void append(Scalars& scalars, const std::string& name, const Estimate& estimate);

/// The mean log-determinant of each layer: "log_det_1" is the one next to the base.
class LayerMeans {
public:
    void add(const std::vector<Tensor>& log_det);
    void append_to(Scalars& scalars) const;

private:
    std::vector<Estimate> layers_;
};

}  // namespace eps::models::flow
