#pragma once
// Small networks that compute a flow's parameters. The conditioners of couplings end in a layer of
// zeros, so that a flow starts at the identity or near it (Kingma & Dhariwal 2018, section 3.3).
#include <memory>

#include "nn/sequential.h"
#include "tensor/random.h"

namespace eps::models::flow {

/// A multilayer perceptron with `hidden` hidden layers of ReLU, or of Maxout with `maxout` pieces;
/// a linear map with hidden = 0.
/// Shapes: [.., in] -> [.., out]
std::unique_ptr<nn::Sequential> mlp(std::int64_t in, std::int64_t width, std::int64_t hidden,
                                    std::int64_t out, Generator& generator,
                                    std::int64_t maxout = 0);
/// The same with ReLU and a last layer of zeros, for couplings of points.
std::unique_ptr<nn::Module> conditioner(std::int64_t in, std::int64_t width, std::int64_t hidden,
                                        std::int64_t out, Generator& generator);
/// Convolutions 3x3, 1x1 and 3x3 with ReLU between them, the last one of zeros, for couplings of
/// images.
/// Shapes: [B, in, H, W] -> [B, out, H, W]
std::unique_ptr<nn::Module> conv_conditioner(std::int64_t in, std::int64_t width, std::int64_t out,
                                             Generator& generator);

}  // namespace eps::models::flow
