// The same numbers in another shape, order or selection. Each reference says from which index of x
// a number comes.
#include <numeric>

#include "autograd/ops/shape/rearrange.h"
#include "autograd/ops/shape/repeat.h"
#include "autograd/ops/shape/shape.h"
#include "autograd/ops/shape/windows.h"
#include "tests/fuzz/chain.h"

namespace eps::fuzz {
namespace {

template <class F> Naive picked(const Naive& x, const Shape& shape, const F& source) {
    return naive_from(shape, x.dtype, [&](const Shape& i) { return x[source(i)]; });
}

Call reshape_call(Chain& chain) {
    const Operand x = chain.x();
    Shape shape, flat;
    std::int64_t left = x.naive.count();
    for (std::int64_t n = chain.draws.below(4); n > 0; --n) {
        const std::int64_t divisor = chain.draws.between(1, 4);
        if (left % divisor != 0) continue;
        shape.push_back(divisor);
        left /= divisor;
    }
    const std::int64_t kind = chain.draws.below(8);  // 6: one too many; 7: inferred
    const bool impossible = kind == 7 && count_of(shape) == 0;
    flat = shape;
    shape.push_back(left);
    flat.push_back(kind == 7 ? -1 : kind == 6 ? left + 1 : left);
    const auto run = [=] { return reshape(x.tensor, flat); };
    if (kind == 6 && count_of(flat) != x.naive.count()) return throws(run);
    if (impossible || kind == 6) return open(run);
    return gives({shape, x.naive.numbers, x.naive.dtype}, run);
}

Call permute_call(Chain& chain) {
    const Operand x = chain.x();
    const int rank = x.naive.rank();
    Dims order = Dims::filled(rank, 0);
    for (int d = 0; d < rank; ++d) order[d] = d;
    for (int d = 0; d < rank; ++d) {
        const int other = static_cast<int>(chain.draws.below(rank));
        std::swap(order[d], order[other]);
    }
    if (rank > 0 && chain.draws.one_in(8)) order[0] = chain.dim(rank);
    const auto run = [=] { return permute(x.tensor, order); };
    const auto named = dimensions(order, rank);
    if (!named) return throws(run);
    Shape shape;
    for (std::int64_t d : order) shape.push_back(x.naive.shape[*dimension(d, rank)]);
    return gives(picked(x.naive, shape,
                        [&](const Shape& i) {
                            Shape from = i;
                            for (int d = 0; d < rank; ++d) from[*dimension(order[d], rank)] = i[d];
                            return from;
                        }),
                 run);
}

Call transpose_call(Chain& chain) {
    const Operand x = chain.x();
    const int rank = x.naive.rank();
    const std::int64_t first = chain.dim(rank), second = chain.dim(rank);
    const auto run = [=] { return transpose(x.tensor, first, second); };
    const auto a = dimension(first, rank), b = dimension(second, rank);
    if (!a || !b) return throws(run);
    const auto swapped = [&](Shape i) {
        std::swap(i[*a], i[*b]);
        return i;
    };
    return gives(picked(x.naive, swapped(x.naive.shape), swapped), run);
}

Call expand_call(Chain& chain) {
    const Operand x = chain.x();
    Shape shape = x.naive.shape;
    for (int d = 0; d < shape.rank(); ++d)
        if (shape[d] == 1 || chain.draws.one_in(12)) shape[d] = chain.draws.between(0, 3);
    if (shape.rank() < 5 && chain.draws.one_in(3)) shape.insert(0, chain.draws.between(0, 3));
    const auto run = [=] { return expand(x.tensor, shape); };
    if (!broadcasts_to(x.naive.shape, shape)) return throws(run);
    return gives(
        naive_from(shape, x.naive.dtype, [&](const Shape& i) { return broadcast_at(x.naive, i); }),
        run);
}

Call squeeze_call(Chain& chain) {
    const Operand x = chain.x();
    const std::int64_t dim = chain.dim(x.naive.rank());
    const auto run = [=] { return squeeze(x.tensor, dim); };
    const auto d = dimension(dim, x.naive.rank());
    if (!d || x.naive.shape[*d] != 1) return throws(run);
    return gives({without(x.naive.shape, *d), x.naive.numbers, x.naive.dtype}, run);
}

Call unsqueeze_call(Chain& chain) {
    const Operand x = chain.x();
    const std::int64_t dim = chain.draws.between(-x.naive.rank() - 2, x.naive.rank() + 1);
    const auto run = [=] { return unsqueeze(x.tensor, dim); };
    const auto d = dimension(dim, x.naive.rank() + 1);
    if (!d) return throws(run);
    return gives({inserted(x.naive.shape, *d, 1), x.naive.numbers, x.naive.dtype}, run);
}

Call slice_call(Chain& chain) {
    const Operand x = chain.x();
    const std::int64_t dim = chain.dim(x.naive.rank());
    const std::int64_t begin = chain.draws.between(-6, 6), end = chain.draws.between(-6, 6);
    const std::int64_t step = chain.draws.between(0, 3);
    const auto run = [=] { return slice(x.tensor, dim, begin, end, step); };
    const auto d = dimension(dim, x.naive.rank());
    if (!d || step < 1) return throws(run);
    const std::int64_t n = x.naive.shape[*d];
    // Python's rule, element by element.
    std::vector<std::int64_t> kept;
    const auto bound = [&](std::int64_t b) {
        return std::min(std::max<std::int64_t>(b < 0 ? b + n : b, 0), n);
    };
    for (std::int64_t i = bound(begin); i < bound(end); i += step) kept.push_back(i);
    const Shape shape = with(x.naive.shape, *d, static_cast<std::int64_t>(kept.size()));
    return gives(
        picked(x.naive, shape,
               [&](const Shape& i) { return with(i, *d, kept[static_cast<std::size_t>(i[*d])]); }),
        run);
}

Call narrow_call(Chain& chain) {
    const Operand x = chain.x();
    const std::int64_t dim = chain.dim(x.naive.rank());
    const std::int64_t begin = chain.draws.between(-1, 4), length = chain.draws.between(-1, 4);
    const auto run = [=] { return narrow(x.tensor, dim, begin, length); };
    const auto d = dimension(dim, x.naive.rank());
    if (!d || begin < 0 || length < 0 || begin + length > x.naive.shape[*d]) return throws(run);
    return gives(picked(x.naive, with(x.naive.shape, *d, length),
                        [&](const Shape& i) { return with(i, *d, i[*d] + begin); }),
                 run);
}

Call select_call(Chain& chain) {
    const Operand x = chain.x();
    const std::int64_t dim = chain.dim(x.naive.rank()), index = chain.draws.between(-5, 4);
    const auto run = [=] { return select(x.tensor, dim, index); };
    const auto d = dimension(dim, x.naive.rank());
    if (!d) return throws(run);
    const std::int64_t n = x.naive.shape[*d];
    if (index < -n || index >= n) return throws(run);
    const std::int64_t at = index < 0 ? index + n : index;
    return gives(picked(x.naive, without(x.naive.shape, *d),
                        [&](const Shape& i) { return inserted(i, *d, at); }),
                 run);
}

Call flip_call(Chain& chain) {
    const Operand x = chain.x();
    Dims dims{chain.dim(x.naive.rank())};
    if (chain.draws.one_in(3)) dims.push_back(chain.dim(x.naive.rank()));
    const auto run = [=] { return flip(x.tensor, dims); };
    const auto named = dimensions(dims, x.naive.rank());
    if (!named) return throws(run);
    return gives(picked(x.naive, x.naive.shape,
                        [&](Shape i) {
                            for (int d = 0; d < i.rank(); ++d)
                                if ((*named)[static_cast<std::size_t>(d)])
                                    i[d] = x.naive.shape[d] - 1 - i[d];
                            return i;
                        }),
                 run);
}

Call roll_call(Chain& chain) {
    const Operand x = chain.x();
    const std::int64_t dim = chain.dim(x.naive.rank()), shift = chain.draws.between(-7, 7);
    const auto run = [=] { return roll(x.tensor, {shift}, {dim}); };
    const auto d = dimension(dim, x.naive.rank());
    if (!d) return throws(run);
    const std::int64_t n = x.naive.shape[*d];
    return gives(picked(x.naive, x.naive.shape,
                        [&](Shape i) {
                            i[*d] = (i[*d] + 7 * n - shift) % n;
                            return i;
                        }),
                 run);
}

Call diagonal_call(Chain& chain) {
    const Operand x = chain.x();
    const int rank = x.naive.rank();
    const std::int64_t first = chain.dim(rank), second = chain.dim(rank);
    const std::int64_t offset = chain.draws.between(-3, 3);
    const auto run = [=] { return diagonal(x.tensor, offset, first, second); };
    const auto a = dimension(first, rank), b = dimension(second, rank);
    if (!a || !b || *a == *b) return throws(run);
    if (offset < -x.naive.shape[*a] || offset > x.naive.shape[*b]) return throws(run);
    std::int64_t length = 0;
    while (length + std::max<std::int64_t>(-offset, 0) < x.naive.shape[*a] &&
           length + std::max<std::int64_t>(offset, 0) < x.naive.shape[*b])
        ++length;
    Shape shape = without(without(x.naive.shape, std::max(*a, *b)), std::min(*a, *b));
    shape.push_back(length);
    return gives(picked(x.naive, shape,
                        [&](Shape i) {
                            const std::int64_t k = i.back();
                            i.erase(i.rank() - 1);
                            const std::int64_t row = k + std::max<std::int64_t>(-offset, 0);
                            const std::int64_t column = k + std::max<std::int64_t>(offset, 0);
                            i.insert(std::min(*a, *b), *a < *b ? row : column);
                            i.insert(std::max(*a, *b), *a < *b ? column : row);
                            return i;
                        }),
                 run);
}

Call triangle_call(Chain& chain) {
    const Operand x = chain.x();
    const bool lower = chain.draws.one_in(2);
    const std::int64_t diagonal = chain.draws.between(-3, 3);
    const auto run = [=] { return lower ? tril(x.tensor, diagonal) : triu(x.tensor, diagonal); };
    const int rank = x.naive.rank();
    if (rank < 2) return throws(run);
    return gives(naive_from(x.naive.shape, x.naive.dtype,
                            [&](const Shape& i) {
                                const std::int64_t k = i[rank - 1] - i[rank - 2] - diagonal;
                                return (lower ? k <= 0 : k >= 0) ? x.naive[i] : Jet{};
                            }),
                 run);
}

Call windows_call(Chain& chain) {
    const Operand x = chain.x();
    const std::int64_t dim = chain.dim(x.naive.rank());
    const std::int64_t size = chain.draws.between(-1, 4), step = chain.draws.between(0, 2);
    const auto run = [=] { return unfold(x.tensor, dim, size, step); };
    if (x.naive.rank() == 0) return open(run);  // PyTorch has a rule of its own
    const auto d = dimension(dim, x.naive.rank());
    if (!d || step < 1 || size < 0 || size > x.naive.shape[*d]) return throws(run);
    Shape shape = with(x.naive.shape, *d, (x.naive.shape[*d] - size) / step + 1);
    shape.push_back(size);
    return gives(picked(x.naive, shape,
                        [&](Shape i) {
                            const std::int64_t k = i.back();
                            i.erase(i.rank() - 1);
                            return with(i, *d, i[*d] * step + k);
                        }),
                 run);
}

const NamedOp ops[] = {
    {"reshape", reshape_call}, {"permute", permute_call}, {"transpose", transpose_call},
    {"expand", expand_call},   {"squeeze", squeeze_call}, {"unsqueeze", unsqueeze_call},
    {"slice", slice_call},     {"narrow", narrow_call},   {"select", select_call},
    {"flip", flip_call},       {"roll", roll_call},       {"diagonal", diagonal_call},
    {"tril", triangle_call},   {"unfold", windows_call},
};

}  // namespace

std::span<const NamedOp> shape_ops() { return ops; }

}  // namespace eps::fuzz
