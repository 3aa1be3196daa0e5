#pragma once
// Images [B, C, H, W] as kernels want them: channels-last, which is memory in the order B H W C.
// Nothing here is recorded for gradients.
#include "autograd/ops/checker.h"
#include "tensor/tensor.h"

namespace eps {

bool is_channels_last(const Tensor& x);
/// x itself if it is channels-last, else a copy that is.
Tensor channels_last_data(const Tensor& x);
/// Uninitialised and channels-last.
Tensor empty_image(const Shape& shape, Options options);

/// Throws unless x is a volume [B, C, D, H, W] (rank 5), an image [B, C, H, W] (rank 4) or a signal
/// [B, C, L] (rank 3).
void check_image(const Checker& check, const Tensor& x, int rank);

}  // namespace eps
