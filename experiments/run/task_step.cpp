#include "experiments/run/task_step.h"

#include <cmath>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"

namespace eps::models {

void append_scale(NamedTensors& scalars, const std::string& prefix, const nn::GradScaler& scaler) {
    if (scaler.is_enabled()) scalars.emplace_back(prefix + "loss_scale", scaler.current_scale());
}

void drop_skipped(Scalars& scalars, const std::string& name, const nn::GradScaler& scaler) {
    if (!scaler.is_enabled()) return;
    std::erase_if(scalars, [&](const auto& scalar) {
        return scalar.first == name && !std::isfinite(scalar.second);
    });
}

TaskStep::TaskStep(Device device, std::function<NamedTensors()> body)
    : body_(std::move(body)), step_(device, [this] {
          return NamedTensors{{"numbers", packed()}};
      }) {}

Tensor TaskStep::packed() {
    const NamedTensors numbers = body_();
    const NoGrad guard;
    std::vector<Tensor> parts;
    names_.clear();
    for (const auto& [name, x] : numbers) {
        for (std::int64_t i = 0; i < x.numel(); ++i)
            names_.push_back(x.numel() == 1 ? name : str(name, i));
        parts.push_back(reshape(to(x, f64), {x.numel()}));
    }
    return concat(parts);
}

Scalars TaskStep::operator()() {
    const std::vector<double> values = step_().at("numbers").to_vector();
    Scalars scalars;
    for (std::size_t i = 0; i < values.size(); ++i) scalars.emplace_back(names_[i], values[i]);
    return scalars;
}

std::vector<std::string> TaskStep::notes() {
    if (noted_ || step_.fallback_reason().empty()) return {};
    noted_ = true;
    return {"steps are not captured into a graph, and slower than they could be: " +
            step_.fallback_reason()};
}

}  // namespace eps::models
