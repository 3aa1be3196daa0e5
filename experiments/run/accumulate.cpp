#include "experiments/run/accumulate.h"

#include "autograd/engine.h"
#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/shape.h"

namespace eps::models {

NamedTensors accumulate(const Tensor& indices, std::int64_t parts, nn::GradScaler& scaler,
                        const std::function<PartLoss(const Tensor& rows)>& loss) {
    const std::int64_t n = indices.numel();
    check(parts >= 1 && parts <= n, "accumulate", "cannot take ", n, " rows in ", parts, " parts");
    NamedTensors total;
    for (std::int64_t part = 0, start = 0; part < parts; ++part) {
        const std::int64_t count = n / parts + (part < n % parts);
        const double share = static_cast<double>(count) / static_cast<double>(n);
        const PartLoss given = loss(narrow(indices, 0, start, count));
        backward(scaler.scale(parts == 1 ? given.loss : given.loss * share));
        for (std::size_t i = 0; i < given.scalars.size(); ++i) {
            const NoGrad guard;
            const auto& [name, mean] = given.scalars[i];
            const Tensor weighted = to(detach(mean), f64) * share;
            if (part == 0)
                total.emplace_back(name, weighted);
            else
                total.at(i).second = total.at(i).second + weighted;
        }
        start += count;
    }
    return total;
}

}  // namespace eps::models
