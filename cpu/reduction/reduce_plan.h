#pragma once
// A reduction as a matrix: its rows are the outputs, its columns the elements that are reduced.
#include <algorithm>

#include "tensor/contract/loop.h"

namespace eps::kernels::cpu {

/// Elements that are worth a second thread.
inline constexpr std::int64_t kReduceGrain = 128 * 1024;
inline std::int64_t reduce_grain(std::int64_t elements) {
    return std::max<std::int64_t>(1, kReduceGrain / std::max<std::int64_t>(1, elements));
}

/// The dimensions of src, apart into those that stay and those that are reduced, each in the order
/// of src's memory. Operand 0 is src; operand 1, of the outputs, is out.
struct ReducePlan {
    Loop<2> outputs;
    Loop<1> reduced;

    ReducePlan(const Tensor& out, const Tensor& src, const Dims& dims) {
        for (const std::int64_t dim : dims_by_stride(src.strides())) {
            const int d = static_cast<int>(dim);
            if (dims.contains(d))
                reduced.append({src.size(d), {src.strides()[d]}});
            else
                outputs.append({src.size(d), {src.strides()[d], out.strides()[d]}});
        }
    }
};

}  // namespace eps::kernels::cpu
