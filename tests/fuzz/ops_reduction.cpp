// Reductions over lists of dimensions, running sums and products, sorting.
#include <algorithm>
#include <numeric>

#include "autograd/ops/indexing/index.h"
#include "autograd/ops/norm/softmax.h"
#include "autograd/ops/reduction/norms.h"
#include "autograd/ops/reduction/reduce.h"
#include "tests/fuzz/chain.h"

namespace eps::fuzz {
namespace {

using Line = std::vector<Jet>;

Jet sum_of(const Line& line) { return std::accumulate(line.begin(), line.end(), Jet{}); }
Jet product_of(const Line& line) {
    Jet product = constant(1);
    for (Jet x : line) product = product * x;
    return product;
}
Jet mean_of(const Line& line) { return 1.0 / static_cast<double>(line.size()) * sum_of(line); }
Jet variance_of(const Line& line) {
    const Jet mean = mean_of(line);
    Jet sum{};
    for (Jet x : line) sum = sum + (x - mean) * (x - mean);
    return 1.0 / static_cast<double>(line.size() - 1) * sum;
}
Jet largest_of(const Line& line) {
    return *std::max_element(line.begin(), line.end(),
                             [](Jet a, Jet b) { return a.value < b.value; });
}
Jet smallest_of(const Line& line) {
    Line negative = line;
    for (Jet& x : negative) x = -x;
    return -largest_of(negative);
}
Jet log_sum_exp_of(const Line& line) {
    const double most = largest_of(line).value;
    Jet sum{};
    for (Jet x : line) sum = sum + exponential(x + -most);
    return logarithm(sum) + most;
}
Jet square_sum_of(const Line& line) {
    Jet sum{};
    for (Jet x : line) sum = sum + x * x;
    return sum;
}

// Whether no two numbers are nearly equal.
bool all_apart(const Line& numbers) {
    Line line = numbers;
    std::sort(line.begin(), line.end(), [](Jet a, Jet b) { return a.value < b.value; });
    for (std::size_t i = 1; i < line.size(); ++i)
        if (line[i].value - line[i - 1].value < 1e-2) return false;
    return true;
}

struct Reduction {
    Tensor (*op)(const Tensor& x, const Dims& dims, bool keepdim);
    Jet (*of)(const Line& line);
    bool (*smooth)(const Line& line);
    bool empty_throws = false;
};

Call reduce(Chain& chain, const Reduction& reduction) {
    const Operand x = chain.x();
    Dims dims;
    for (std::int64_t n = chain.draws.below(x.naive.rank() + 1); n > 0; --n)
        dims.push_back(chain.dim(x.naive.rank()));
    const bool keepdim = chain.draws.one_in(2);
    const auto run = [=] { return reduction.op(x.tensor, dims, keepdim); };
    const auto reduced = dimensions(dims, x.naive.rank());
    if (!reduced) return throws(run);
    Shape kept, shape, over;
    for (int d = 0; d < x.naive.rank(); ++d) {
        const bool is_reduced = (*reduced)[static_cast<std::size_t>(d)];
        kept.push_back(is_reduced ? 1 : x.naive.shape[d]);
        over.push_back(is_reduced ? x.naive.shape[d] : 1);
        if (!is_reduced || keepdim) shape.push_back(kept[d]);
    }
    if (reduction.empty_throws && count_of(over) == 0) return throws(run);
    bool smooth = true;
    Naive out = naive_from(kept, x.naive.dtype, [&](const Shape& i) {
        Line line;
        for_each_index(over, [&](const Shape& j) {
            Shape at = i;
            for (int d = 0; d < at.rank(); ++d) at[d] += j[d];
            line.push_back(x.naive[at]);
        });
        smooth = smooth && reduction.smooth(line);
        return smooth ? reduction.of(line) : Jet{};
    });
    out.shape = shape;
    return smooth ? gives(out, run) : open(run);
}

// A function of whole lines along a dimension that keeps their length.
template <class Op, class Of, class Smooth>
Call along(Chain& chain, const Op& op, const Of& of, const Smooth& smooth, bool needs_rank) {
    const Operand x = chain.x();
    const std::int64_t dim = chain.dim(x.naive.rank());
    const auto run = [=] { return op(x.tensor, dim); };
    const auto d = dimension(dim, x.naive.rank());
    if (!d) return throws(run);
    if (needs_rank && x.naive.rank() == 0) return throws(run);
    Naive out = x.naive;
    bool is_smooth = true;
    for_each_index(without(x.naive.shape, *d), [&](const Shape& i) {
        Line line;
        const std::int64_t length = x.naive.shape[*d];
        for (std::int64_t k = 0; k < length; ++k) line.push_back(x.naive[inserted(i, *d, k)]);
        is_smooth = is_smooth && smooth(line);
        if (!line.empty()) line = of(line);
        for (std::int64_t k = 0; k < length; ++k)
            out[inserted(i, *d, k)] = line[static_cast<std::size_t>(k)];
    });
    return is_smooth ? gives(out, run) : open(run);
}

bool always(const Line&) { return true; }
bool some(const Line& line) { return !line.empty(); }
bool two(const Line& line) { return line.size() >= 2; }

Line running(const Line& line, Jet (*join)(Jet, Jet)) {
    Line out = line;
    for (std::size_t i = 1; i < out.size(); ++i) out[i] = join(out[i - 1], line[i]);
    return out;
}
Line softmax_of(const Line& line) {
    Line out;
    const Jet total = log_sum_exp_of(line);
    for (Jet x : line) out.push_back(exponential(x - total));
    return out;
}
Line sorted(Line line) {
    std::sort(line.begin(), line.end(), [](Jet a, Jet b) { return a.value < b.value; });
    return line;
}

const NamedOp ops[] = {
    {"sum",
     [](Chain& c) {
         return reduce(c, {sum, sum_of, always});
     }},
    {"mean",
     [](Chain& c) {
         return reduce(c, {mean, mean_of, some});
     }},
    {"prod",
     [](Chain& c) {
         return reduce(c, {prod, product_of, always});
     }},
    {"max",
     [](Chain& c) {
         return reduce(c, {max, largest_of, all_apart, true});
     }},
    {"min",
     [](Chain& c) {
         return reduce(c, {min, smallest_of, all_apart, true});
     }},
    {"logsumexp",
     [](Chain& c) {
         return reduce(c, {logsumexp, log_sum_exp_of, some});
     }},
    {"var",
     [](Chain& c) {
         return reduce(c, {[](const Tensor& x, const Dims& dims, bool keepdim) {
                               return var(x, dims, keepdim);
                           },
                           variance_of, two});
     }},
    {"stddev",
     [](Chain& c) {
         return reduce(c, {[](const Tensor& x, const Dims& dims, bool keepdim) {
                               return stddev(x, dims, keepdim);
                           },
                           [](const Line& line) { return root(variance_of(line)); },
                           [](const Line& line) {
                               return line.size() >= 2 && variance_of(line).value > 0.05;
                           }});
     }},
    {"norm",
     [](Chain& c) {
         return reduce(c, {[](const Tensor& x, const Dims& dims, bool keepdim) {
                               return norm(x, 2, dims, keepdim);
                           },
                           [](const Line& line) { return root(square_sum_of(line)); },
                           [](const Line& line) { return square_sum_of(line).value > 0.05; }});
     }},
    {"cumsum",
     [](Chain& c) {
         return along(
             c, [](const Tensor& x, std::int64_t dim) { return cumsum(x, dim); },
             [](const Line& line) { return running(line, [](Jet a, Jet b) { return a + b; }); },
             always, false);
     }},
    {"cumsum reversed",
     [](Chain& c) {
         return along(
             c, [](const Tensor& x, std::int64_t dim) { return cumsum(x, dim, true); },
             [](Line line) {
                 std::reverse(line.begin(), line.end());
                 line = running(line, [](Jet a, Jet b) { return a + b; });
                 std::reverse(line.begin(), line.end());
                 return line;
             },
             always, false);
     }},
    {"cumprod",
     [](Chain& c) {
         return along(
             c, [](const Tensor& x, std::int64_t dim) { return cumprod(x, dim); },
             [](const Line& line) { return running(line, [](Jet a, Jet b) { return a * b; }); },
             always, false);
     }},
    {"softmax",
     [](Chain& c) {
         return along(
             c, [](const Tensor& x, std::int64_t dim) { return softmax(x, dim); }, softmax_of,
             always, true);
     }},
    {"log_softmax",
     [](Chain& c) {
         return along(
             c, [](const Tensor& x, std::int64_t dim) { return log_softmax(x, dim); },
             [](Line line) {
                 const Jet total = log_sum_exp_of(line);
                 for (Jet& x : line) x = x - total;
                 return line;
             },
             always, true);
     }},
    {"sort",
     [](Chain& c) {
         return along(
             c, [](const Tensor& x, std::int64_t dim) { return sort(x, dim).values; }, sorted,
             all_apart, false);
     }},
    {"sort descending",
     [](Chain& c) {
         return along(
             c, [](const Tensor& x, std::int64_t dim) { return sort(x, dim, true).values; },
             [](const Line& line) {
                 Line out = sorted(line);
                 std::reverse(out.begin(), out.end());
                 return out;
             },
             all_apart, false);
     }},
};

}  // namespace

std::span<const NamedOp> reduction_ops() { return ops; }

}  // namespace eps::fuzz
