#pragma once
// Amortised parameters of a flow: a function of the context, one set for each sample.
#include <memory>

#include "nn/init.h"
#include "nn/layers/linear.h"

namespace eps::models::flow {

/// A linear map from context [B, width] to parameters [B, count]. At first its output is near
/// U(-.1, .1) for every context, as parameters without a context are.
inline std::unique_ptr<nn::Linear> amortised_head(std::int64_t width, std::int64_t count,
                                                  Generator& generator) {
    auto head =
        std::make_unique<nn::Linear>(width, count, nn::LinearOptions{.generator = &generator});
    nn::init::normal_(head->weight, 0, 0.01, generator);
    nn::init::uniform_(head->bias, -0.1, 0.1, generator);
    return head;
}

}  // namespace eps::models::flow
