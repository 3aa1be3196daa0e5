#include "tensor/shape.h"

#include <algorithm>

#include "tensor/error.h"
#include "tensor/extent.h"

namespace eps {

Dims::Dims(std::span<const std::int64_t> values) {
    check(values.size() <= kMaxRank, "shape", "too many dimensions; got ", values.size(),
          "; expected at most ", kMaxRank);
    std::copy(values.begin(), values.end(), values_.begin());
    rank_ = static_cast<int>(values.size());
}

Dims Dims::filled(int rank, std::int64_t value) {
    check(rank >= 0 && rank <= kMaxRank, "shape", "bad rank; got ", rank, "; expected 0 to ",
          kMaxRank);
    Dims dims;
    dims.rank_ = rank;
    for (int i = 0; i < rank; ++i) dims[i] = value;
    return dims;
}

void Dims::push_back(std::int64_t value) { insert(rank_, value); }

void Dims::insert(int at, std::int64_t value) {
    check(rank_ < kMaxRank, "shape", "too many dimensions; ", *this,
          " cannot grow; expected at most ", kMaxRank);
    for (int i = rank_; i > at; --i) (*this)[i] = (*this)[i - 1];
    (*this)[at] = value;
    ++rank_;
}

void Dims::erase(int at) {
    for (int i = at; i + 1 < rank_; ++i) (*this)[i] = (*this)[i + 1];
    --rank_;
}

bool Dims::contains(std::int64_t value) const { return std::find(begin(), end(), value) != end(); }

std::string Dims::to_string() const {
    std::string text = "[";
    for (int i = 0; i < rank_; ++i) text += (i ? ", " : "") + std::to_string((*this)[i]);
    return text + "]";
}

std::int64_t numel(const Shape& shape, const char* op) {
    std::int64_t count = 1;
    for (std::int64_t extent : shape)
        check(!__builtin_mul_overflow(count, extent, &count), op, "element count overflows; got ",
              shape);
    return count;
}

void Extent::throw_overflow(const char* op) {
    fail(op, "an extent of the result overflows; expected less than 2^63");
}

Strides contiguous_strides(const Shape& shape) {
    Strides strides = shape;
    std::int64_t stride = 1;
    for (int d = shape.rank() - 1; d >= 0; --d) {
        strides[d] = stride;
        if (shape[d] > 1 && __builtin_mul_overflow(stride, shape[d], &stride)) [[unlikely]]
            fail("shape", "element count overflows; got ", shape);
    }
    return strides;
}

Shape broadcast_shapes(const Shape& a, const Shape& b, const char* op) {
    if (a == b) return a;
    const int rank = std::max(a.rank(), b.rank());
    Shape out = Dims::filled(rank, 1);
    for (int i = 1; i <= rank; ++i) {  // aligned at the last dimension
        const std::int64_t da = i <= a.rank() ? a[a.rank() - i] : 1;
        const std::int64_t db = i <= b.rank() ? b[b.rank() - i] : 1;
        check(da == db || da == 1 || db == 1, op, "shapes do not broadcast: got ", a, " and ", b,
              ", which differ at dim -", i, " (", da, " against ", db,
              "); expected equal extents or 1");
        out[rank - i] = da == 1 ? db : da;
    }
    return out;
}

bool broadcastable_to(const Shape& from, const Shape& to) {
    if (from.rank() > to.rank()) return false;
    for (int i = 1; i <= from.rank(); ++i) {
        const std::int64_t extent = from[from.rank() - i];
        if (extent != 1 && extent != to[to.rank() - i]) return false;
    }
    return true;
}

std::string in_range(std::int64_t low, std::int64_t end) {
    return low < end ? str("expected ", low, " to ", end - 1) : "there are none";
}

int normalize_dim(std::int64_t dim, int rank, const char* op) {
    if (dim < -rank || dim >= rank) [[unlikely]]
        fail(op, "dim ", dim, " is out of range for a tensor of rank ", rank, "; ",
             in_range(-rank, rank));
    return static_cast<int>(dim < 0 ? dim + rank : dim);
}

Dims normalize_dims(const Dims& dims, int rank, const char* op) {
    Dims out;
    for (std::int64_t dim : dims) {
        const int d = normalize_dim(dim, rank, op);
        check(!out.contains(d), op, "dim ", dim, " is named twice in ", dims);
        out.push_back(d);
    }
    if (dims.empty())
        for (int d = 0; d < rank; ++d) out.push_back(d);
    std::sort(&out[0], &out[0] + out.rank());
    return out;
}

}  // namespace eps
