#include "models/flow/coupling.h"

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "models/per_sample.h"
#include "models/flow/conditioner.h"
#include "tensor/create.h"

namespace eps::models::flow {

Coupling::Coupling(Mask mask, std::unique_ptr<ElementwiseBijector> map,
                   std::unique_ptr<nn::Module> net, std::int64_t context)
    : mask_(mask), map_(std::move(map)), net_(std::move(net)), context_(context) {
    check(map_ && net_, "coupling", "needs an elementwise bijector and a network");
    add("net", *net_);
}

Tensor Coupling::parameters_of(const Tensor& kept, const Tensor& context, const Tensor& rest) {
    const Tensor theta = (*net_)(context_ > 0 ? concat({kept, context}, 1) : kept);
    Shape expected = rest.shape();
    expected[1] *= map_->parameters();
    check(theta.shape() == expected, "coupling", "the network gave ", theta.shape(), "; expected ",
          expected);
    return theta;
}

Transformed Coupling::run(const Tensor& z, const Tensor& context, Direction direction) {
    check(z.defined() && is_floating(z.dtype()) && z.rank() >= 2, "coupling", "got ", describe(z),
          "; expected [B, D] or [B, C, H, W]");
    if (z.rank() == 2) check_context("coupling", z, context, context_);
    if (is_checkerboard(mask_)) return run_on_checkerboard(z, context, direction);
    const Parts parts = split_parts(mask_, z);
    const ElementwiseBijector::Output out =
        (map_.get()->*direction)(parts.rest, parameters_of(parts.kept, context, parts.rest));
    return {join(mask_, {parts.kept, out.y}), sum_per_sample(out.log_derivative)};
}

Transformed Coupling::run_on_checkerboard(const Tensor& z, const Tensor& context,
                                          Direction direction) {
    check(z.rank() == 4, "coupling", "a checkerboard is for images [B, C, H, W]; got ",
          describe(z));
    const Tensor kept = kept_squares(mask_, z.size(2), z.size(3), z.device()),
                 zero(0.0, z.options());
    const ElementwiseBijector::Output out =
        (map_.get()->*direction)(z, parameters_of(where(kept, z, zero), context, z));
    return {where(kept, z, out.y), sum_per_sample(where(kept, zero, out.log_derivative))};
}

std::unique_ptr<Coupling> coupling(Mask mask, std::unique_ptr<ElementwiseBijector> map,
                                   std::int64_t dim, const CouplingOptions& options,
                                   Generator& generator) {
    check(!is_checkerboard(mask), "coupling",
          "a checkerboard is for images; hint: Mask::even and Mask::odd for points");
    const std::int64_t kept = kept_count(mask, dim);
    auto net = conditioner(kept + options.context, options.width, options.hidden,
                           (dim - kept) * map->parameters(), generator);
    return std::make_unique<Coupling>(mask, std::move(map), std::move(net), options.context);
}

std::unique_ptr<Coupling> image_coupling(Mask mask, std::unique_ptr<ElementwiseBijector> map,
                                         std::int64_t channels, std::int64_t width,
                                         Generator& generator) {
    const std::int64_t kept = kept_count(mask, channels);
    const std::int64_t rest = is_checkerboard(mask) ? channels : channels - kept;
    auto net = conv_conditioner(kept, width, rest * map->parameters(), generator);
    return std::make_unique<Coupling>(mask, std::move(map), std::move(net));
}

}  // namespace eps::models::flow
