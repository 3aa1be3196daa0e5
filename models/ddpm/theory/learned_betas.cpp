#include "models/ddpm/theory/learned_betas.h"

#include <cmath>

#include "autograd/ops/elementwise/pointwise_functions.h"
#include "tensor/create.h"

namespace eps::models::ddpm {

LearnedBetas::LearnedBetas(const Schedule& start) {
    std::vector<double> values;
    for (std::int64_t t = 1; t <= start.steps(); ++t) {
        check(start.beta(t) < 1, "LearnedBetas", "starts from betas below 1; got beta_", t, " = ",
              start.beta(t));
        values.push_back(std::log(start.beta(t)) - std::log1p(-start.beta(t)));
    }
    logits = tensor(values, {start.steps()}, {.dtype = f64});
    add_parameter("logits", logits);
}

Schedule LearnedBetas::schedule() const { return Schedule(sigmoid(logits)); }

}  // namespace eps::models::ddpm
