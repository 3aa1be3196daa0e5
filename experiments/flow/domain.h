#pragma once
// What a flow is fitted to: its loss, and how it is shown and measured. An energy, a plane of
// points and images differ in all of it.
#include <memory>

#include "experiments/flow/model.h"
#include "experiments/run/accumulate.h"
#include "models/distributions/estimate.h"

namespace eps::models::flow {

class Domain {
public:
    virtual ~Domain() = default;
    /// Of step index(), which is asked for where a captured step runs its host parts. What is drawn
    /// comes from `generator`; what comes in epochs is a function of the index alone.
    virtual PartLoss loss(Model& model, const std::function<std::int64_t()>& index,
                          Generator& generator) = 0;
    /// 0 where data are drawn fresh.
    virtual std::int64_t batches_per_epoch() { return 0; }

    /// Of training, drawn with `generator`, the same each time.
    virtual std::vector<Picture> pictures(Model& model, Generator& generator) = 0;
    virtual std::vector<Picture> samples(Model& model, std::int64_t count,
                                         Generator& generator) = 0;
    /// For `eps eval`.
    virtual Scalars evaluate(Model& model, Generator& generator) = 0;
};

std::unique_ptr<Domain> energy_domain(const Settings& settings);
std::unique_ptr<Domain> plane(const Settings& settings);
std::unique_ptr<Domain> images(const Settings& settings);

/// name, and name + "_se", of the mean of all values added.
void append(Scalars& scalars, const std::string& name, const Estimate& estimate);
/// The mean of each layer's log-determinant, "log_det_1" the one next to the base.
class LayerMeans {
public:
    void add(const std::vector<Tensor>& log_det);
    void append_to(Scalars& scalars) const;

private:
    std::vector<Estimate> of_layer_;
};
/// Throws, naming the first, unless every number is finite: what is printed is.
void check_finite(const Scalars& scalars);

}  // namespace eps::models::flow
