// Numbers picked by index, and put there.
#include "autograd/ops/indexing/index.h"
#include "tests/fuzz/chain.h"

namespace eps::fuzz {
namespace {

bool in_range(const Naive& index, std::int64_t end) {
    for (const Jet& i : index.numbers)
        if (i.value >= static_cast<double>(end)) return false;
    return true;
}
std::int64_t whole(const Jet& x) { return static_cast<std::int64_t>(x.value); }

// x, an index along one of its dimensions, and for writers a source.
struct Indexed {
    Operand x, index, source;
    std::int64_t dim;
    std::optional<int> d;
};

// For gather and scatter: an index of x's rank, in every other dimension at most x's extent.
Indexed index_of_rank(Chain& chain) {
    Indexed out{chain.x(), {}, {}, chain.dim(chain.x().naive.rank()), {}};
    out.d = dimension(out.dim, out.x.naive.rank());
    Shape shape = out.x.naive.shape;
    for (int d = 0; d < shape.rank(); ++d) {
        if (d == out.d) shape[d] = chain.draws.below(4);
        if (d != out.d && shape[d] > 0 && chain.draws.one_in(3)) --shape[d];
        if (chain.draws.one_in(24)) ++shape[d];
    }
    out.index = chain.indices(shape, out.d ? out.x.naive.shape[*out.d] : 1);
    return out;
}

bool fits(const Indexed& a) {
    for (int d = 0; d < a.x.naive.rank(); ++d)
        if (d != *a.d && a.index.naive.shape[d] > a.x.naive.shape[d]) return false;
    return in_range(a.index.naive, a.x.naive.shape[*a.d]);
}

Call gather_call(Chain& chain) {
    const Indexed a = index_of_rank(chain);
    const auto run = [=] { return gather(a.x.tensor, a.dim, a.index.tensor); };
    if (!a.d || !fits(a)) return throws(run);
    return gives(naive_from(a.index.naive.shape, a.x.naive.dtype,
                            [&](const Shape& i) {
                                return a.x.naive[with(i, *a.d, whole(a.index.naive[i]))];
                            }),
                 run);
}

template <class Op> Call scatter_by(Chain& chain, const Op& op, bool adds) {
    Indexed a = index_of_rank(chain);
    a.source = chain.partner(a.index.naive.shape);
    const auto run = [=] { return op(a.x.tensor, a.dim, a.index.tensor, a.source.tensor); };
    const bool alike =
        a.source.naive.shape == a.index.naive.shape && a.source.naive.dtype == a.x.naive.dtype;
    if (!a.d || !alike || !fits(a)) return throws(run);
    Naive out = a.x.naive;
    for_each_index(a.index.naive.shape, [&](const Shape& i) {
        Jet& target = out[with(i, *a.d, whole(a.index.naive[i]))];
        target = adds ? target + a.source.naive[i] : a.source.naive[i];
    });
    return gives(out, run);
}

// For index_select and its kin: an index of rank 1.
Indexed index_line(Chain& chain) {
    Indexed out{chain.x(), {}, {}, chain.dim(chain.x().naive.rank()), {}};
    out.d = dimension(out.dim, out.x.naive.rank());
    const Shape shape = chain.draws.one_in(12) ? Shape{2, 2} : Shape{chain.draws.below(5)};
    out.index = chain.indices(shape, out.d ? out.x.naive.shape[*out.d] : 1);
    return out;
}

Call index_select_call(Chain& chain) {
    const Indexed a = index_line(chain);
    const auto run = [=] { return index_select(a.x.tensor, a.dim, a.index.tensor); };
    if (!a.d || a.index.naive.rank() != 1) return throws(run);
    if (!in_range(a.index.naive, a.x.naive.shape[*a.d])) return throws(run);
    return gives(naive_from(with(a.x.naive.shape, *a.d, a.index.naive.count()), a.x.naive.dtype,
                            [&](const Shape& i) {
                                const Jet& from = a.index.naive[Shape{i[*a.d]}];
                                return a.x.naive[with(i, *a.d, whole(from))];
                            }),
                 run);
}

template <class Op> Call write_slices(Chain& chain, const Op& op, bool adds) {
    Indexed a = index_line(chain);
    Shape shape = a.x.naive.shape;
    if (a.d) shape[*a.d] = a.index.naive.count();
    a.source = chain.partner(shape);
    const auto run = [=] { return op(a.x.tensor, a.dim, a.index.tensor, a.source.tensor); };
    if (!a.d || a.index.naive.rank() != 1 || !(a.source.naive.shape == shape)) return throws(run);
    if (a.source.naive.dtype != a.x.naive.dtype) return throws(run);
    if (!in_range(a.index.naive, a.x.naive.shape[*a.d])) return throws(run);
    Naive out = a.x.naive;
    for_each_index(shape, [&](const Shape& i) {
        Jet& target = out[with(i, *a.d, whole(a.index.naive[Shape{i[*a.d]}]))];
        target = adds ? target + a.source.naive[i] : a.source.naive[i];
    });
    return gives(out, run);
}

Call embedding_call(Chain& chain) {
    const Operand weight = chain.partner({chain.draws.between(1, 4), chain.draws.below(4)});
    const Operand index = chain.indices(chain.shape(2), chain.draws.between(1, 4));
    const auto run = [=] { return embedding(weight.tensor, index.tensor); };
    if (weight.naive.rank() != 2 || !in_range(index.naive, weight.naive.shape[0]))
        return throws(run);
    Shape shape = index.naive.shape;
    shape.push_back(weight.naive.shape[1]);
    return gives(naive_from(shape, weight.naive.dtype,
                            [&](const Shape& i) {
                                const Shape at = without(i, i.rank() - 1);
                                return weight.naive[Shape{whole(index.naive[at]), i.back()}];
                            }),
                 run);
}

Call real_index_call(Chain& chain) {
    const Operand x = chain.x(), index = chain.leaf({2});
    return throws([=] { return index_select(x.tensor, 0, index.tensor); });
}

const NamedOp ops[] = {
    {"gather", gather_call},
    {"scatter", [](Chain& chain) { return scatter_by(chain, scatter, false); }},
    {"scatter_add", [](Chain& chain) { return scatter_by(chain, scatter_add, true); }},
    {"index_select", index_select_call},
    {"index_add", [](Chain& chain) { return write_slices(chain, index_add, true); }},
    {"index_copy", [](Chain& chain) { return write_slices(chain, index_copy, false); }},
    {"embedding", embedding_call},
    {"index_select by reals", real_index_call},
};

}  // namespace

std::span<const NamedOp> index_ops() { return ops; }

}  // namespace eps::fuzz
