#pragma once
// Small networks. Those that tell a coupling where its other half goes start with a last layer of
// 0, so that a flow starts as the identity, or nearly (Kingma & Dhariwal 2018, section 3.3).
#include <memory>

#include "nn/sequential.h"
#include "tensor/random.h"

namespace eps::models::flow {

/// in -> width -> .. -> width -> out, `hidden` layers with ReLU, or of Maxout with that many
/// pieces; of none, a linear map: [.., in] -> [.., out]
std::unique_ptr<nn::Sequential> mlp(std::int64_t in, std::int64_t width, std::int64_t hidden,
                                    std::int64_t out, Generator& generator,
                                    std::int64_t maxout = 0);
/// The same with a last layer of 0, for couplings.
std::unique_ptr<nn::Module> conditioner(std::int64_t in, std::int64_t width, std::int64_t hidden,
                                        std::int64_t out, Generator& generator);
/// Convolutions 3x3, 1x1 and 3x3 with ReLU between them: [B, in, H, W] -> [B, out, H, W]
std::unique_ptr<nn::Module> conv_conditioner(std::int64_t in, std::int64_t width, std::int64_t out,
                                             Generator& generator);

}  // namespace eps::models::flow
