#pragma once
// Tensors as plain lists of jets, and the loops that a reference needs. Nothing here is fast, and
// nothing calls an op of the library; of its types only Shape, a short list, and DType are used.
#include <optional>
#include <vector>

#include "tensor/dtype.h"
#include "tensor/shape.h"
#include "tests/fuzz/jet.h"

namespace eps::fuzz {

struct Naive {
    Shape shape;
    std::vector<Jet> numbers;  // row-major
    DType dtype = f64;

    int rank() const { return shape.rank(); }
    std::int64_t count() const { return static_cast<std::int64_t>(numbers.size()); }
    Jet& operator[](const Shape& index) { return numbers[place(index)]; }
    const Jet& operator[](const Shape& index) const { return numbers[place(index)]; }
    /// The row-major position of an index.
    std::size_t place(const Shape& index) const;
};

std::int64_t count_of(const Shape& shape);
/// All of these are zero.
Naive naive_zeros(const Shape& shape, DType dtype);

/// Calls f(index) for every index of a shape, in row-major order.
template <class F> void for_each_index(const Shape& shape, const F& f) {
    Shape index = Shape::filled(shape.rank(), 0);
    for (std::int64_t left = count_of(shape); left > 0; --left) {
        f(static_cast<const Shape&>(index));
        for (int d = shape.rank() - 1; d >= 0; --d) {
            if (++index[d] < shape[d]) break;
            index[d] = 0;
        }
    }
}
/// The tensor whose number at each index is f(index).
template <class F> Naive naive_from(const Shape& shape, DType dtype, const F& f) {
    Naive out{shape, {}, dtype};
    for_each_index(shape, [&](const Shape& index) { out.numbers.push_back(f(index)); });
    return out;
}

/// dim, counted from the end if it is negative; nothing if there is no such dimension.
std::optional<int> dimension(std::int64_t dim, int rank);
/// For each dimension whether the list names it, and all if the list is empty; nothing if the list
/// is wrong.
std::optional<std::vector<bool>> dimensions(const Dims& list, int rank);

/// The shape to which both broadcast.
std::optional<Shape> common_shape(const Shape& a, const Shape& b);
/// The number of x that stands at `index` of a shape to which x broadcasts.
const Jet& broadcast_at(const Naive& x, const Shape& index);
bool broadcasts_to(const Shape& from, const Shape& to);

/// The index with one entry replaced, left out, or added.
Shape with(Shape index, int d, std::int64_t value);
Shape without(Shape index, int d);
Shape inserted(Shape index, int d, std::int64_t value);

inline DType wider(DType a, DType b) { return a == f64 ? a : b; }

}  // namespace eps::fuzz
