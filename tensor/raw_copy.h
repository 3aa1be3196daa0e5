#pragma once
// Copies that autograd never records, for kernels, files and the forward functions of ops.
// Everywhere else use the functions of the same names in autograd/ops: to(), contiguous(), clone().
#include "tensor/tensor.h"

namespace eps::raw {

/// x converted to a dtype, or copied to a device; x itself if nothing changes.
Tensor to(const Tensor& x, DType dtype);
Tensor to(const Tensor& x, Device device);
/// x itself if it is row-major, else a row-major copy.
Tensor contiguous(const Tensor& x);
/// x itself if it is dense (tensor/create.h), else a row-major copy.
Tensor dense(const Tensor& x);
/// x.as_strided() without its checks, for kernels that walk along a view's strides and read nothing
/// outside the storage: the starts of lines of x may be a view of one element where x has none.
Tensor view(const Tensor& x, const Shape& shape, const Strides& strides, std::int64_t offset);
/// A row-major copy with its own storage.
Tensor clone(const Tensor& x);

}  // namespace eps::raw
