#pragma once
// A tensor as lines along one dimension: what gather, scatter, scans and sorting walk over.
#include <cstdint>

#include "tensor/tensor.h"

namespace eps::kernels::cpu {

/// The lines of shapes that differ along `dim` only. Line l has the same place in each of them.
class Lines {
public:
    Lines(const Shape& shape, int dim) : shape_(shape), dim_(dim) {
        for (int d = 0; d < shape.rank(); ++d)
            if (d != dim) count_ *= shape[d];
    }
    std::int64_t count() const { return count_; }
    /// Offset of the first element of line l in a tensor of these strides.
    std::int64_t offset(std::int64_t line, const Strides& strides) const {
        std::int64_t at = 0;
        for (int d = shape_.rank() - 1; d >= 0; --d) {
            if (d == dim_) continue;
            at += line % shape_[d] * strides[d];
            line /= shape_[d];
        }
        return at;
    }

private:
    Shape shape_;
    int dim_;
    std::int64_t count_ = 1;
};

}  // namespace eps::kernels::cpu
