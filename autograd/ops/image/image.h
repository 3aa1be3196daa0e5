#pragma once
// Images [B, C, H, W] as kernels want them: channels-last, memory in the order B H W C. No graph.
#include "tensor/tensor.h"

namespace eps {

bool is_channels_last(const Tensor& x);
/// x itself if it lies so, else a copy that does.
Tensor channels_last_data(const Tensor& x);
/// Uninitialised.
Tensor empty_image(const Shape& shape, Options options);

/// Throws unless x is a tensor of that rank, [B, C, ..].
void check_image(const char* op, const Tensor& x, int rank);

}  // namespace eps
