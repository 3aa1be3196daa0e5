// einsum: diagonals are taken and sums done as early as possible, and pairs of operands are joined
// by one batched matrix product each.
#include "autograd/ops/linalg/einsum.h"

#include <algorithm>

#include "autograd/ops/checker.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/linalg/einsum_equation.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"

namespace eps::einsum_detail {
namespace {

constexpr Checker check("einsum");

/// One factor of the product that is left to compute.
struct Term {
    Tensor x;
    Labels labels;  // one for each dimension of x, no two equal
};

bool in(const LabelSet& set, int label) { return set[static_cast<std::size_t>(label)]; }

std::size_t position(const Labels& labels, int label) {
    return static_cast<std::size_t>(std::find(labels.begin(), labels.end(), label) -
                                    labels.begin());
}

Labels operator+(Labels a, const Labels& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

// Where a label stands twice, its two dimensions become their diagonal, which is the last one.
void take_diagonals(Term& term) {
    Labels& labels = term.labels;
    for (std::size_t second = 1; second < labels.size();) {
        const int label = labels[second];
        const std::size_t first = position(labels, label);
        if (first == second) {
            ++second;
            continue;
        }
        term.x = diagonal(term.x, 0, static_cast<std::int64_t>(first),
                          static_cast<std::int64_t>(second));
        labels.erase(labels.begin() + static_cast<std::ptrdiff_t>(second));
        labels.erase(labels.begin() + static_cast<std::ptrdiff_t>(first));
        labels.push_back(label);
        second = 1;
    }
}

// Sums over the dimensions whose label is not in `wanted`.
Term summed(const Term& term, const LabelSet& wanted) {
    Dims over;
    Labels labels;
    for (std::size_t d = 0; d < term.labels.size(); ++d) {
        if (in(wanted, term.labels[d]))
            labels.push_back(term.labels[d]);
        else
            over.push_back(static_cast<std::int64_t>(d));
    }
    return over.empty() ? term : Term{sum(term.x, over), labels};
}

// The extents of `labels` in a term; 1 for those that it does not have.
Shape shape_of(const Term& term, const Labels& labels) {
    Shape shape;
    for (int label : labels) {
        const std::size_t d = position(term.labels, label);
        shape.push_back(d < term.labels.size() ? term.x.size(static_cast<std::int64_t>(d)) : 1);
    }
    return shape;
}

// The term with its dimensions in the order of `labels`, and that shape.
Tensor arranged(const Term& term, const Labels& labels) {
    Dims order;
    for (int label : labels)
        if (has(term.labels, label))
            order.push_back(static_cast<std::int64_t>(position(term.labels, label)));
    return reshape(permute(term.x, order), shape_of(term, labels));
}

/// The labels of a pair of terms, by their part in the product.
struct Split {
    Labels batch;        // in both terms, and in the result
    Labels inner;        // in both terms, and summed over
    Labels left, right;  // in one term, and in the result
    Split(const Term& a, const Term& b, const LabelSet& wanted) {
        for (int label : a.labels) {
            if (!has(b.labels, label))
                left.push_back(label);
            else
                (in(wanted, label) ? batch : inner).push_back(label);
        }
        for (int label : b.labels)
            if (!has(a.labels, label)) right.push_back(label);
    }
};

// The product of two terms as one batched matrix product: [batch, left, inner] times
// [batch, inner, right].
Term matrix_product(const Term& a, const Term& b, const Split& split) {
    const auto extents = [&](const Labels& labels) {
        return broadcast_shapes(shape_of(a, labels), shape_of(b, labels), check.op);
    };
    const std::int64_t batch = numel(extents(split.batch));
    const std::int64_t rows = numel(extents(split.left));
    const std::int64_t columns = numel(extents(split.right));
    const std::int64_t inner = numel(extents(split.inner));
    const Labels order_a = split.batch + split.left + split.inner;
    const Labels order_b = split.batch + split.inner + split.right;
    const Tensor left =
        reshape(expand(arranged(a, order_a), extents(order_a)), {batch, rows, inner});
    const Tensor right =
        reshape(expand(arranged(b, order_b), extents(order_b)), {batch, inner, columns});
    const Labels outer = split.batch + split.left + split.right;
    return {reshape(matmul(left, right), extents(outer)), outer};
}

// The product of two terms, summed over the labels that are not in `wanted`: those that neither the
// output nor another term has.
Term product(const Term& whole_a, const Term& whole_b, const LabelSet& wanted) {
    const Term a = summed(whole_a, wanted | set_of(whole_b.labels));
    const Term b = summed(whole_b, wanted | set_of(whole_a.labels));
    const Split split(a, b, wanted);
    const Labels outer = split.batch + split.left + split.right;
    check(outer.size() <= kMaxRank, "a product on the way has ", outer.size(),
          " dimensions; expected at most ", kMaxRank, "; hint: multiply in several calls");
    if (split.inner.empty()) return {arranged(a, outer) * arranged(b, outer), outer};
    if (is_floating(a.x.dtype())) return matrix_product(a, b, split);
    const Labels all = outer + split.inner;  // matmul does not take integers
    return summed({arranged(a, all) * arranged(b, all), all}, set_of(outer));
}

// How many multiplications the product of two terms takes.
double cost(const Term& a, const Term& b, const Extents& extents) {
    const LabelSet all = set_of(a.labels) | set_of(b.labels);
    double count = 1;
    for (std::size_t label = 0; label < kLabels; ++label)
        if (all[label]) count *= static_cast<double>(extents[label]);
    return count;
}

// Joins the cheapest pair to one term.
void join_a_pair(std::vector<Term>& terms, const LabelSet& output, const Extents& extents) {
    std::size_t best_i = 0;
    std::size_t best_j = 1;
    for (std::size_t i = 0; i < terms.size(); ++i)
        for (std::size_t j = i + 1; j < terms.size(); ++j)
            if (cost(terms[i], terms[j], extents) < cost(terms[best_i], terms[best_j], extents)) {
                best_i = i;
                best_j = j;
            }
    LabelSet wanted = output;
    for (std::size_t i = 0; i < terms.size(); ++i)
        if (i != best_i && i != best_j) wanted |= set_of(terms[i].labels);
    terms[best_i] = product(terms[best_i], terms[best_j], wanted);
    terms.erase(terms.begin() + static_cast<std::ptrdiff_t>(best_j));
}

void check_operand(const Tensor& x, std::size_t number, const Tensor& first) {
    check(x.defined(), "operand ", number, " is an undefined tensor");
    check(x.dtype() == first.dtype() && !is_storage_type(x.dtype()),
          "dtypes differ or are not for computing; got ", describe(x), " as operand ", number,
          " and ", first.dtype(), " as operand 0; hint: to(x, f32)");
    check(x.device() == first.device(), "operands on different devices; got ", x.device(), " and ",
          first.device());
}

Tensor evaluate(std::string_view text, std::span<const Tensor> operands) {
    const Equation equation = parse(text);
    check(equation.inputs.size() == operands.size(),
          "the equation has another number of operands; got ", operands.size(), "; expected ",
          equation.inputs.size(), " for \"", text, "\"");
    std::vector<Term> terms;
    LabelSet occurring;
    Extents extents;
    extents.fill(1);
    for (std::size_t i = 0; i < operands.size(); ++i) {
        check_operand(operands[i], i, operands[0]);
        terms.push_back({operands[i], labels_of_operand(equation, i, operands[i])});
        note_extents(extents, terms.back().labels, i, operands[i]);
        occurring |= set_of(terms.back().labels);
        take_diagonals(terms.back());
    }
    const Labels output = labels_of_output(equation, occurring);
    while (terms.size() > 1) join_a_pair(terms, set_of(output), extents);
    return arranged(summed(terms[0], set_of(output)), output);
}

}  // namespace
}  // namespace eps::einsum_detail

namespace eps {

Tensor einsum(std::string_view equation, std::span<const Tensor> operands) {
    return einsum_detail::evaluate(equation, operands);
}

}  // namespace eps
