// Products of matrices, norms, losses.
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/norm/norm.h"
#include "nn/loss.h"
#include "tests/fuzz/chain.h"

namespace eps::fuzz {
namespace {

// A right factor for a: a vector or matrices, with leading dimensions that broadcast.
Shape right_of(Chain& chain, const Shape& a) {
    const std::int64_t inner = a.empty() ? 2 : a.back();
    if (chain.draws.one_in(4)) return {inner};
    Shape out;
    for (int d = 0; d + 2 < a.rank(); ++d) out.push_back(chain.draws.one_in(3) ? 1 : a[d]);
    out.push_back(inner);
    out.push_back(chain.draws.below(5));
    return out;
}

Call matmul_call(Chain& chain) {
    const Operand a = chain.x(), b = chain.partner(right_of(chain, a.naive.shape));
    const auto run = [=] { return matmul(a.tensor, b.tensor); };
    if (a.naive.rank() == 0 || b.naive.rank() == 0 || a.naive.dtype != b.naive.dtype)
        return throws(run);
    Naive left = a.naive, right = b.naive;
    if (left.rank() == 1) left.shape.insert(0, 1);
    if (right.rank() == 1) right.shape.push_back(1);
    const int ra = left.rank(), rb = right.rank();
    const auto leading = [](const Shape& shape) {
        return without(without(shape, shape.rank() - 1), shape.rank() - 2);
    };
    const auto batch = common_shape(leading(left.shape), leading(right.shape));
    const std::int64_t inner = left.shape[ra - 1];
    if (!batch || inner != right.shape[rb - 2]) return throws(run);
    Shape full = *batch;
    full.push_back(left.shape[ra - 2]);
    full.push_back(right.shape[rb - 1]);
    const int rank = full.rank();
    const auto part = [&](const Naive& x, const Shape& i, std::int64_t row, std::int64_t column) {
        Shape at;
        for (int d = 0; d < x.rank() - 2; ++d)
            at.push_back(x.shape[d] == 1 ? 0 : i[rank - x.rank() + d]);
        at.push_back(row);
        at.push_back(column);
        return x[at];
    };
    Naive out = naive_from(full, a.naive.dtype, [&](const Shape& i) {
        Jet sum{};
        for (std::int64_t k = 0; k < inner; ++k)
            sum = sum + part(left, i, i[rank - 2], k) * part(right, i, k, i[rank - 1]);
        return sum;
    });
    if (b.naive.rank() == 1) out.shape.erase(rank - 1);
    if (a.naive.rank() == 1) out.shape.erase(rank - 2);
    return gives(out, run);
}

Call linear_call(Chain& chain) {
    const Operand x = chain.x();
    const std::int64_t inputs = x.naive.rank() > 0 ? x.naive.shape.back() : 2;
    const Operand weight = chain.partner({chain.draws.between(1, 4), inputs});
    const Operand bias = chain.partner({weight.naive.rank() > 0 ? weight.naive.shape[0] : 1});
    const auto run = [=] { return linear(x.tensor, weight.tensor, bias.tensor); };
    const bool fits = x.naive.rank() > 0 && weight.naive.rank() == 2 &&
                      weight.naive.shape[1] == inputs &&
                      bias.naive.shape == Shape{weight.naive.shape[0]};
    const DType dtype = x.naive.dtype;
    if (!fits || weight.naive.dtype != dtype || bias.naive.dtype != dtype) return throws(run);
    return gives(naive_from(with(x.naive.shape, x.naive.rank() - 1, weight.naive.shape[0]), dtype,
                            [&](const Shape& i) {
                                Jet sum = bias.naive[Shape{i.back()}];
                                for (std::int64_t k = 0; k < inputs; ++k)
                                    sum = sum + x.naive[with(i, i.rank() - 1, k)] *
                                                    weight.naive[Shape{i.back(), k}];
                                return sum;
                            }),
                 run);
}

using Line = std::vector<Jet>;

// A norm over the last dimension: `of` makes its numbers from those of x.
template <class Op, class Of> Call last_norm(Chain& chain, const Op& op, const Of& of) {
    const Operand x = chain.x();
    const int rank = x.naive.rank();
    const std::int64_t n = rank > 0 ? x.naive.shape.back() : 2;
    const Operand weight = chain.partner({n});
    const auto run = [=] { return op(x.tensor, Shape{n}, weight.tensor); };
    if (rank == 0 || !(weight.naive.shape == Shape{n}) || weight.naive.dtype != x.naive.dtype)
        return throws(run);
    if (x.naive.count() == 0) return open(run);
    Naive out = x.naive;
    bool smooth = true;
    for_each_index(without(x.naive.shape, rank - 1), [&](const Shape& i) {
        Line line;
        for (std::int64_t k = 0; k < n; ++k) line.push_back(x.naive[inserted(i, rank - 1, k)]);
        smooth = of(line) && smooth;
        for (std::int64_t k = 0; k < n; ++k)
            out[inserted(i, rank - 1, k)] =
                line[static_cast<std::size_t>(k)] * weight.naive[Shape{k}];
    });
    return smooth ? gives(out, run) : open(run);
}

// Divides by the root of the mean square. Returns false if that is so small that rounding grows.
bool divide_by_rms(Line& line, double epsilon) {
    Jet squares{};
    for (Jet x : line) squares = squares + x * x;
    const Jet mean = 1.0 / static_cast<double>(line.size()) * squares;
    const Jet scale = power(mean + epsilon, -0.5);
    for (Jet& x : line) x = x * scale;
    return mean.value > 0.05;
}
bool standardize(Line& line) {
    Jet sum{};
    for (Jet x : line) sum = sum + x;
    const Jet mean = 1.0 / static_cast<double>(line.size()) * sum;
    for (Jet& x : line) x = x - mean;
    return divide_by_rms(line, 1e-5);
}

Call group_norm_call(Chain& chain) {
    const Operand x = chain.x();
    const std::int64_t groups = chain.draws.between(0, 2);
    const auto run = [=] { return group_norm(x.tensor, groups); };
    if (x.naive.rank() < 2 || groups < 1 || x.naive.shape[1] % groups != 0) return throws(run);
    if (x.naive.count() == 0) return open(run);
    Naive out = x.naive;
    const std::int64_t size = x.naive.count() / (x.naive.shape[0] * groups);
    bool smooth = true;
    for (std::int64_t first = 0; first < x.naive.count(); first += size) {
        Line line(out.numbers.begin() + first, out.numbers.begin() + first + size);
        smooth = standardize(line) && smooth;
        std::copy(line.begin(), line.end(), out.numbers.begin() + first);
    }
    return smooth ? gives(out, run) : open(run);
}

Call cross_entropy_call(Chain& chain) {
    const Operand x = chain.x();
    Shape shape = x.naive.shape;
    if (shape.rank() >= 2) shape.erase(1);
    const std::int64_t classes = x.naive.rank() >= 2 ? x.naive.shape[1] : 1;
    const Operand target = chain.indices(shape, classes);
    const auto run = [=] {
        return nn::cross_entropy(x.tensor, target.tensor, {.reduction = nn::Reduction::none});
    };
    if (x.naive.rank() < 2) return throws(run);
    if (x.naive.count() == 0) return open(run);
    for (const Jet& t : target.naive.numbers)
        if (t.value >= static_cast<double>(classes)) return throws(run);
    return gives(naive_from(shape, x.naive.dtype,
                            [&](const Shape& i) {
                                Jet sum{};
                                for (std::int64_t k = 0; k < classes; ++k)
                                    sum = sum + exponential(x.naive[inserted(i, 1, k)]);
                                const auto t = static_cast<std::int64_t>(target.naive[i].value);
                                return logarithm(sum) - x.naive[inserted(i, 1, t)];
                            }),
                 run);
}

Call kl_div_call(Chain& chain) {
    const Operand x = chain.x(), p = chain.leaf(x.naive.shape, x.naive.dtype, 0.1, 1);
    const auto run = [=] {
        return nn::kl_div(x.tensor, p.tensor, {.reduction = nn::Reduction::sum});
    };
    Jet sum{};
    for (std::size_t i = 0; i < p.naive.numbers.size(); ++i)
        sum = sum + p.naive.numbers[i] * (logarithm(p.naive.numbers[i]) - x.naive.numbers[i]);
    return gives({{}, {sum}, x.naive.dtype}, run);
}

const NamedOp ops[] = {
    {"matmul", matmul_call},
    {"linear", linear_call},
    {"layer_norm",
     [](Chain& chain) {
         return last_norm(
             chain,
             [](const Tensor& x, const Shape& shape, const Tensor& w) {
                 return layer_norm(x, shape, w);
             },
             standardize);
     }},
    {"rms_norm",
     [](Chain& chain) {
         return last_norm(
             chain,
             [](const Tensor& x, const Shape& shape, const Tensor& w) {
                 return rms_norm(x, shape, w);
             },
             [](Line& line) { return divide_by_rms(line, 1e-6); });
     }},
    {"group_norm", group_norm_call},
    {"cross_entropy", cross_entropy_call},
    {"kl_div", kl_div_call},
};

}  // namespace

std::span<const NamedOp> network_ops() { return ops; }

}  // namespace eps::fuzz
