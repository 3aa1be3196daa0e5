// Tensors joined, repeated, and put into a frame.
#include <algorithm>

#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/rearrange.h"
#include "autograd/ops/shape/repeat.h"
#include "autograd/ops/shape/shape.h"
#include "tests/fuzz/chain.h"

namespace eps::fuzz {
namespace {

Call concat_call(Chain& chain) {
    const Operand x = chain.x();
    const int rank = x.naive.rank();
    const std::int64_t dim = chain.dim(rank);
    const auto d = dimension(dim, rank);
    Shape other = x.naive.shape;
    if (d) other[*d] = chain.draws.below(4);
    const Operand y = chain.partner(other);
    const auto run = [=] { return concat({x.tensor, y.tensor, x.tensor}, dim); };
    if (!d || y.naive.rank() != rank) return throws(run);
    const std::int64_t n = x.naive.shape[*d], m = y.naive.shape[*d];
    if (!(with(x.naive.shape, *d, m) == y.naive.shape)) return throws(run);
    const Naive out = naive_from(with(x.naive.shape, *d, 2 * n + m),
                                 wider(x.naive.dtype, y.naive.dtype), [&](const Shape& i) {
                                     if (i[*d] < n) return x.naive[i];
                                     if (i[*d] < n + m) return y.naive[with(i, *d, i[*d] - n)];
                                     return x.naive[with(i, *d, i[*d] - n - m)];
                                 });
    return gives(out, run);
}

Call stack_call(Chain& chain) {
    const Operand x = chain.x(), y = chain.partner(x.naive.shape);
    const int rank = x.naive.rank();
    const std::int64_t dim = chain.draws.between(-rank - 2, rank + 1);
    const auto run = [=] { return stack({x.tensor, y.tensor}, dim); };
    const auto d = dimension(dim, rank + 1);
    if (!d || !(y.naive.shape == x.naive.shape)) return throws(run);
    return gives(
        naive_from(inserted(x.naive.shape, *d, 2), wider(x.naive.dtype, y.naive.dtype),
                   [&](const Shape& i) { return (i[*d] == 0 ? x : y).naive[without(i, *d)]; }),
        run);
}

// The position in a line of n from which a frame takes what stands at i, which may lie outside.
std::int64_t source_of(std::int64_t i, std::int64_t n, PadMode mode) {
    if (mode == PadMode::replicate) return std::min(std::max<std::int64_t>(i, 0), n - 1);
    if (mode == PadMode::circular) return i < 0 ? i + n : i >= n ? i - n : i;
    return i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i;
}

Call pad_call(Chain& chain) {
    const Operand x = chain.x();
    const int rank = x.naive.rank();
    const PadMode modes[] = {PadMode::zeros, PadMode::reflect, PadMode::replicate,
                             PadMode::circular};
    const PadMode mode = chain.draws.pick(modes);
    Dims before, after;
    Shape shape;
    bool fits = true;
    for (int d = 0; d < rank; ++d) {
        const std::int64_t n = x.naive.shape[d];
        before.push_back(std::max<std::int64_t>(chain.draws.between(-6, 2), -1));
        after.push_back(std::max<std::int64_t>(chain.draws.between(-3, 2), 0));
        shape.push_back(before[d] + n + after[d]);
        const std::int64_t widest = std::max(before[d], after[d]);
        fits = fits && before[d] >= 0;
        if (before[d] == 0 && after[d] == 0) continue;
        if (mode == PadMode::replicate) fits = fits && n > 0;
        if (mode == PadMode::circular) fits = fits && n > 0 && widest <= n;
        if (mode == PadMode::reflect) fits = fits && n > 0 && widest < n;
    }
    const auto run = [=] { return pad(x.tensor, before, after, mode); };
    if (!fits) return throws(run);
    return gives(naive_from(shape, x.naive.dtype,
                            [&](Shape i) {
                                for (int d = 0; d < rank; ++d) {
                                    const std::int64_t n = x.naive.shape[d];
                                    i[d] -= before[d];
                                    if (mode == PadMode::zeros && (i[d] < 0 || i[d] >= n))
                                        return Jet{};
                                    i[d] = source_of(i[d], n, mode);
                                }
                                return x.naive[i];
                            }),
                 run);
}

Call tile_call(Chain& chain) {
    const Operand x = chain.x();
    Dims reps;
    for (int d = 0; d < x.naive.rank(); ++d) reps.push_back(chain.draws.below(4));
    if (reps.rank() < 5 && chain.draws.one_in(3)) reps.insert(0, 2);
    const auto run = [=] { return tile(x.tensor, reps); };
    Shape shape = x.naive.shape;
    while (shape.rank() < reps.rank()) shape.insert(0, 1);
    const Naive wide{shape, x.naive.numbers, x.naive.dtype};
    Shape tiled = shape;
    for (int d = 0; d < tiled.rank(); ++d) tiled[d] *= reps[d];
    return gives(naive_from(tiled, x.naive.dtype,
                            [&](Shape i) {
                                for (int d = 0; d < i.rank(); ++d) i[d] %= shape[d];
                                return wide[i];
                            }),
                 run);
}

Call interleave_call(Chain& chain) {
    const Operand x = chain.x();
    const std::int64_t dim = chain.dim(x.naive.rank()), repeats = chain.draws.between(-1, 3);
    const auto run = [=] { return repeat_interleave(x.tensor, repeats, dim); };
    const auto d = dimension(dim, x.naive.rank());
    if (!d || repeats < 0) return throws(run);
    return gives(naive_from(with(x.naive.shape, *d, x.naive.shape[*d] * repeats), x.naive.dtype,
                            [&](const Shape& i) { return x.naive[with(i, *d, i[*d] / repeats)]; }),
                 run);
}

Call split_call(Chain& chain) {
    const Operand x = chain.x();
    const std::int64_t dim = chain.dim(x.naive.rank()), size = chain.draws.below(4);
    const std::int64_t part = chain.draws.below(3);
    const auto d = dimension(dim, x.naive.rank());
    const auto run = [=] {
        const auto parts = split(x.tensor, size, dim);
        return parts[static_cast<std::size_t>(part) % parts.size()];
    };
    if (!d || size < 1) return throws([=] { return split(x.tensor, size, dim).front(); });
    const std::int64_t n = x.naive.shape[*d];
    if (n == 0) return open([=] { return x.tensor; });
    const std::int64_t first = part % ((n + size - 1) / size) * size;
    return gives(naive_from(with(x.naive.shape, *d, std::min(size, n - first)), x.naive.dtype,
                            [&](const Shape& i) { return x.naive[with(i, *d, i[*d] + first)]; }),
                 run);
}

const NamedOp ops[] = {
    {"concat", concat_call},
    {"stack", stack_call},
    {"pad", pad_call},
    {"tile", tile_call},
    {"repeat_interleave", interleave_call},
    {"split", split_call},
};

}  // namespace

std::span<const NamedOp> join_ops() { return ops; }

}  // namespace eps::fuzz
