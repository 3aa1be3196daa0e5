#include "tests/fuzz/naive.h"

#include <algorithm>

namespace eps::fuzz {

std::size_t Naive::place(const Shape& index) const {
    std::int64_t place = 0;
    for (int d = 0; d < shape.rank(); ++d) place = place * shape[d] + index[d];
    return static_cast<std::size_t>(place);
}

std::int64_t count_of(const Shape& shape) {
    std::int64_t count = 1;
    for (std::int64_t extent : shape) count *= extent;
    return count;
}

Naive naive_zeros(const Shape& shape, DType dtype) {
    return naive_from(shape, dtype, [](const Shape&) { return Jet{}; });
}

std::optional<int> dimension(std::int64_t dim, int rank) {
    if (dim < -rank || dim >= rank) return std::nullopt;
    return static_cast<int>(dim < 0 ? dim + rank : dim);
}

std::optional<std::vector<bool>> dimensions(const Dims& list, int rank) {
    std::vector<bool> named(static_cast<std::size_t>(rank), list.empty());
    for (std::int64_t dim : list) {
        const auto d = dimension(dim, rank);
        if (!d || named[static_cast<std::size_t>(*d)]) return std::nullopt;
        named[static_cast<std::size_t>(*d)] = true;
    }
    return named;
}

std::optional<Shape> common_shape(const Shape& a, const Shape& b) {
    const int rank = std::max(a.rank(), b.rank());
    Shape out = Shape::filled(rank, 1);
    for (const Shape* shape : {&a, &b})
        for (int d = 0; d < shape->rank(); ++d) {
            const std::int64_t extent = (*shape)[d];
            std::int64_t& common = out[rank - shape->rank() + d];
            if (extent == 1) continue;
            if (common != 1 && common != extent) return std::nullopt;
            common = extent;
        }
    return out;
}

const Jet& broadcast_at(const Naive& x, const Shape& index) {
    Shape own;
    for (int d = 0; d < x.rank(); ++d)
        own.push_back(x.shape[d] == 1 ? 0 : index[index.rank() - x.rank() + d]);
    return x[own];
}

bool broadcasts_to(const Shape& from, const Shape& to) {
    const auto common = common_shape(from, to);
    return common && *common == to;
}

Shape with(Shape index, int d, std::int64_t value) {
    index[d] = value;
    return index;
}
Shape without(Shape index, int d) {
    index.erase(d);
    return index;
}
Shape inserted(Shape index, int d, std::int64_t value) {
    index.insert(d, value);
    return index;
}

}  // namespace eps::fuzz
