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
    check(map_ && net_, "coupling", "needs an element map and a network");
    add("net", *net_);
}

Tensor Coupling::parameters_of(const Tensor& stays, const Tensor& context, const Tensor& moves) {
    const Tensor theta = (*net_)(context_ > 0 ? concat({stays, context}, 1) : stays);
    Shape expected = moves.shape();
    expected[1] *= map_->parameters();
    check(theta.shape() == expected, "coupling", "the network gave ", theta.shape(), "; expected ",
          expected);
    return theta;
}

Transformed Coupling::run(const Tensor& z, const Tensor& context, Direction direction) {
    check(z.defined() && is_floating(z.dtype()) && z.rank() >= 2, "coupling", "got ", describe(z),
          "; expected [B, D] or [B, C, H, W]");
    if (z.rank() == 2) check_context("coupling", z, context, context_);
    if (is_checkerboard(mask_)) return run_on_squares(z, context, direction);
    const Parts parts = cut(mask_, z);
    const ElementwiseBijector::Output moved =
        (map_.get()->*direction)(parts.moves, parameters_of(parts.stays, context, parts.moves));
    return {join(mask_, {parts.stays, moved.y}), sum_per_sample(moved.log_derivative)};
}

Transformed Coupling::run_on_squares(const Tensor& z, const Tensor& context, Direction direction) {
    check(z.rank() == 4, "coupling", "a checkerboard is for images [B, C, H, W]; got ",
          describe(z));
    const Tensor stays = squares(mask_, z.size(2), z.size(3), z.device()), zero(0.0, z.options());
    const ElementwiseBijector::Output moved =
        (map_.get()->*direction)(z, parameters_of(where(stays, z, zero), context, z));
    return {where(stays, z, moved.y), sum_per_sample(where(stays, zero, moved.log_derivative))};
}

std::unique_ptr<Coupling> coupling(Mask mask, std::unique_ptr<ElementwiseBijector> map,
                                   std::int64_t dim, const CouplingOptions& options,
                                   Generator& generator) {
    check(!is_checkerboard(mask), "coupling",
          "a checkerboard is for images; hint: Mask::even and Mask::odd for points");
    const std::int64_t stays = staying(mask, dim);
    auto net = conditioner(stays + options.context, options.width, options.hidden,
                           (dim - stays) * map->parameters(), generator);
    return std::make_unique<Coupling>(mask, std::move(map), std::move(net), options.context);
}

std::unique_ptr<Coupling> image_coupling(Mask mask, std::unique_ptr<ElementwiseBijector> map,
                                         std::int64_t channels, std::int64_t width,
                                         Generator& generator) {
    const std::int64_t stays = staying(mask, channels),
                       moves = is_checkerboard(mask) ? channels : channels - stays;
    auto net = conv_conditioner(stays, width, moves * map->parameters(), generator);
    return std::make_unique<Coupling>(mask, std::move(map), std::move(net));
}

}  // namespace eps::models::flow
