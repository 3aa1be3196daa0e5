#pragma once
// The options of the normalisation and attention kernels.
#include <cstdint>

namespace eps::kernels {

/// Group norm takes the mean over each of `groups` runs of C/groups channels of x [B, C, S],
/// separately for every sample. With across_batch and C groups it is batch norm, whose mean runs
/// over all samples together. With `silu`, z sigmoid(z) is applied to the result.
struct GroupNormOptions {
    std::int64_t groups = 1;
    double epsilon = 0;
    bool across_batch = false;
    bool silu = false;
};

/// scores = scale q k^T. With `causal`, query i attends to the keys 0 to i only.
struct AttentionOptions {
    double scale = 1;
    bool causal = false;
};

}  // namespace eps::kernels
