#include "models/gan/discriminator_input.h"

#include <cmath>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/capture/host_input.h"

namespace eps::models::gan {

Tensor condition(const Tensor& x, const Tensor& y, std::int64_t classes) {
    check(x.defined() && x.rank() >= 2, "condition", "needs x [m, F] or [m, C, H, W]; got ",
          describe(x));
    check(y.defined() && y.dtype() == i64 && y.shape() == Shape{x.size(0)}, "condition",
          "needs one class for each sample; got ", describe(y), "; expected i64 [", x.size(0), "]");
    Tensor hot = one_hot(y, classes, x.dtype());
    Shape planes = x.shape();
    planes[1] = classes;
    for (int d = 2; d < x.rank(); ++d) hot = unsqueeze(hot, -1);
    return concat({x, expand(hot, planes)}, 1);
}

Tensor pack(const Tensor& x, std::int64_t pac) {
    check(x.defined() && x.rank() >= 2, "pack", "needs x [m, F] or [m, C, H, W]; got ",
          describe(x));
    check(pac >= 1 && x.size(0) % pac == 0, "pack", "packs must divide the batch; got pac ", pac,
          " and a batch of ", x.size(0));
    if (pac == 1) return x;
    Shape packed = x.shape();
    packed[0] /= pac;
    packed[1] *= pac;
    return reshape(x, packed);
}

Tensor DiscriminatorInput::operator()(const Minibatch& batch, Generator& generator) const {
    check(std::isfinite(instance_noise) && instance_noise >= 0, "gan",
          "the deviation of instance noise must not be negative; got ", instance_noise);
    Tensor x = batch.x;
    if (instance_noise > 0)
        x = x + host_number(x.options(), [this] { return instance_noise; }) *
                    randn(x.shape(), x.options(), generator);
    if (classes > 0) x = condition(x, batch.y, classes);
    return pack(x, pac);
}

Tensor generator_input(const Minibatch& noise, std::int64_t classes) {
    return classes > 0 ? condition(noise.x, noise.y, classes) : noise.x;
}

}  // namespace eps::models::gan
