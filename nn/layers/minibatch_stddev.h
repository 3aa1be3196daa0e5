#pragma once
#include "nn/module.h"

namespace eps::nn {

/// Shows a discriminator how much the samples of a batch differ: x gets `features` more channels,
/// each constant over a group of samples: sqrt(variance over the group + 1e-8), averaged over the
/// channels of the feature and all pixels. A group has `group` samples, or the whole batch where
/// that is smaller; as in the paper's code, the samples of a group are B / group apart.
/// Shapes: x [B, C, ..] -> [B, C + features, ..].
/// Throws: where groups do not divide the batch or features do not divide the channels.
/// Source: Karras et al. 2018, section 3.
class MinibatchStdDev final : public Module {
public:
    explicit MinibatchStdDev(std::int64_t group = 4, std::int64_t features = 1);
    Tensor forward(const Tensor& x) override;

private:
    std::int64_t group_, features_;
};

}  // namespace eps::nn
