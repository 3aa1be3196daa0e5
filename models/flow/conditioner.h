#pragma once
// Networks that tell a coupling where its other half goes. The last layer starts at 0, so that a flow starts as the identity, or nearly   (Kingma &
// Dhariwal 2018, section 3.3).
#include <memory>

#include "nn/module.h"
#include "tensor/random.h"

namespace eps::models::flow {

/// in -> width -> .. -> width -> out, `hidden` layers with ReLU: [B, in] -> [B, out]
std::unique_ptr<nn::Module> conditioner(std::int64_t in, std::int64_t width, std::int64_t hidden, std::int64_t out, Generator& generator);
/// Convolutions 3x3, 1x1 and 3x3 with ReLU between them: [B, in, H, W] -> [B, out, H, W]
std::unique_ptr<nn::Module> conv_conditioner(std::int64_t in, std::int64_t width, std::int64_t out, Generator& generator);

}  // namespace eps::models::flow
