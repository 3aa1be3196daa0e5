#pragma once
#include <varepsilon.h>

/// |a_i - b_j|^2 for every pair of rows: a [M, K], b [N, K] -> [M, N], f32 or f64.
eps::Tensor squared_distances(const eps::Tensor& a, const eps::Tensor& b);

// Its kernels. out [M, N], a [M, K] and b [N, K] are contiguous and of one dtype; out is not empty.
void squared_distances_cpu(eps::Tensor& out, const eps::Tensor& a, const eps::Tensor& b);
void squared_distances_cuda(eps::Tensor& out, const eps::Tensor& a, const eps::Tensor& b);
