#pragma once
#include "nn/module.h"

namespace eps::nn {

/// Lets a discriminator see how much the samples of a batch differ: x [B, C, ..] gets `features`
/// more channels, each constant over a group of samples: sqrt(variance over the group + 1e-8),
/// averaged over the channels of the feature and all places   (Karras et al. 2018, section 3).
/// -> [B, C + features, ..]. A group is `group` samples, or the whole batch where that is smaller;
/// as in the paper's code, the samples of one group are B / group apart. Throws where groups do not
/// divide the batch or features the channels.
class MinibatchStdDev final : public Module {
public:
    explicit MinibatchStdDev(std::int64_t group = 4, std::int64_t features = 1);
    Tensor forward(const Tensor& x) override;

private:
    std::int64_t group_, features_;
};

}  // namespace eps::nn
