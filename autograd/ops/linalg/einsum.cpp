#include "autograd/ops/linalg/einsum.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <optional>
#include <string>
#include <vector>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"

namespace eps {
namespace {

// A label is a letter (A to Z are 0 to 25, a to z 26 to 51), or a dimension of "...", counted from
// its last.
constexpr int kLetters = 52, kLabels = kLetters + kMaxRank, kEllipsis = -1;
using Labels = std::vector<int>;
using Set = std::bitset<kLabels>;
using Extents = std::array<std::int64_t, kLabels>;

int label_of(char c) {
    return c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ? 26 + c - 'a' : kEllipsis;
}
std::string name_of(int label) {
    return label >= kLetters
               ? "..."
               : std::string(1, static_cast<char>(label < 26 ? 'A' + label : 'a' + label - 26));
}
bool has(const Labels& labels, int label) {
    return std::find(labels.begin(), labels.end(), label) != labels.end();
}
Set set_of(const Labels& labels) {
    Set set;
    for (int label : labels) set.set(static_cast<std::size_t>(label));
    return set;
}

/// The equation, with kEllipsis where it says "...".
struct Equation {
    std::vector<Labels> inputs{{}};
    std::optional<Labels> output;
};

Equation parse(std::string_view text) {
    Equation equation;
    for (std::size_t at = 0; at < text.size(); ++at) {
        Labels& term = equation.output ? *equation.output : equation.inputs.back();
        const char c = text[at];
        if (c == ' ') continue;
        if (label_of(c) != kEllipsis) {
            term.push_back(label_of(c));
        } else if (text.substr(at, 3) == "...") {
            check(!has(term, kEllipsis), "einsum", "a second \"...\" in one term at position ", at,
                  "; got \"", text, "\"");
            term.push_back(kEllipsis);
            at += 2;
        } else if (text.substr(at, 2) == "->" && !equation.output) {
            equation.output.emplace();
            at += 1;
        } else if (c == ',' && !equation.output) {
            equation.inputs.emplace_back();
        } else {
            fail("einsum", "unexpected '", std::string(1, c), "' at position ", at, "; got \"",
                 text, "\"; expected letters, \"...\", \",\" and one \"->\"");
        }
    }
    return equation;
}

/// One factor of what is left to multiply.
struct Term {
    Tensor x;
    Labels labels;  // of its dimensions, no two equal
};

// Labels for the dimensions of one operand: "..." becomes as many as the letters leave.
Labels spelled_out(const Labels& term, std::size_t number, const Tensor& x) {
    const bool ellipsis = has(term, kEllipsis);
    const int letters = static_cast<int>(term.size()) - (ellipsis ? 1 : 0),
              rest = x.rank() - letters;
    check(ellipsis ? rest >= 0 : rest == 0, "einsum", "operand ", number,
          " has another number of dimensions; got ", x.shape(), "; expected ",
          ellipsis ? "at least " : "", letters);
    Labels labels;
    for (int label : term) {
        if (label != kEllipsis)
            labels.push_back(label);
        else
            for (int d = rest; d-- > 0;) labels.push_back(kLetters + d);
    }
    return labels;
}

// What all dimensions of a label broadcast to.
void note_extents(Extents& extents, const Labels& labels, std::size_t number, const Tensor& x) {
    for (int d = 0; d < x.rank(); ++d) {
        const int label = labels[static_cast<std::size_t>(d)];
        for (int e = 0; e < d; ++e)
            check(labels[static_cast<std::size_t>(e)] != label || x.size(e) == x.size(d), "einsum",
                  "'", name_of(label), "' is twice in operand ", number,
                  " with different extents; got ", x.shape());
        std::int64_t& known = extents[static_cast<std::size_t>(label)];
        check(known == 1 || x.size(d) == 1 || known == x.size(d), "einsum", "the extents of '",
              name_of(label), "' differ; got ", x.size(d), " in operand ", number, ", ", x.shape(),
              "; expected ", known, " or 1");
        if (known == 1) known = x.size(d);
    }
}

// A label that stands twice: the diagonal of its dimensions.
void take_diagonals(Term& term) {
    for (std::size_t second = 1; second < term.labels.size();) {
        const int label = term.labels[second];
        const auto first = static_cast<std::size_t>(
            std::find(term.labels.begin(), term.labels.end(), label) - term.labels.begin());
        if (first == second) {
            ++second;
            continue;
        }
        term.x = diagonal(term.x, 0, static_cast<std::int64_t>(first),
                          static_cast<std::int64_t>(second));
        term.labels.erase(term.labels.begin() + static_cast<std::ptrdiff_t>(second));
        term.labels.erase(term.labels.begin() + static_cast<std::ptrdiff_t>(first));
        term.labels.push_back(label);
        second = 1;
    }
}

// The output where the equation does not say: "...", then the letters that occur once.
Labels implied_output(const Equation& equation) {
    std::array<int, kLetters> count{};
    for (const Labels& input : equation.inputs)
        for (int label : input)
            if (label != kEllipsis) ++count[static_cast<std::size_t>(label)];
    Labels output{kEllipsis};
    for (int label = 0; label < kLetters; ++label)
        if (count[static_cast<std::size_t>(label)] == 1) output.push_back(label);
    return output;
}

Labels output_of(const Equation& equation, const std::vector<Term>& terms, std::string_view text) {
    Set seen;
    for (const Term& term : terms) seen |= set_of(term.labels);
    int ellipsis = kMaxRank;  // dimensions of the longest "..."
    while (ellipsis > 0 && !seen[static_cast<std::size_t>(kLetters + ellipsis - 1)]) --ellipsis;
    const Labels wanted = equation.output ? *equation.output : implied_output(equation);
    check(ellipsis == 0 || has(wanted, kEllipsis), "einsum",
          "the output leaves out \"...\"; got \"", text, "\"");
    Labels output;
    for (int label : wanted) {
        if (label == kEllipsis) {
            for (int d = ellipsis; d-- > 0;) output.push_back(kLetters + d);
            continue;
        }
        check(seen[static_cast<std::size_t>(label)], "einsum", "'", name_of(label),
              "' of the output is in no operand; got \"", text, "\"");
        check(!has(output, label), "einsum", "'", name_of(label),
              "' is twice in the output; got \"", text, "\"");
        output.push_back(label);
    }
    return output;
}

// Without the dimensions whose label is not kept.
Term summed(const Term& term, const Set& kept) {
    Dims over;
    Labels labels;
    for (std::size_t d = 0; d < term.labels.size(); ++d) {
        if (kept[static_cast<std::size_t>(term.labels[d])])
            labels.push_back(term.labels[d]);
        else
            over.push_back(static_cast<std::int64_t>(d));
    }
    return over.empty() ? term : Term{sum(term.x, over), labels};
}

Labels operator+(Labels a, const Labels& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

// The extents of `labels`; 1 for those that the term has not.
Shape shape_of(const Term& term, const Labels& labels) {
    Shape shape;
    for (int label : labels) {
        const auto at = std::find(term.labels.begin(), term.labels.end(), label);
        shape.push_back(at == term.labels.end() ? 1 : term.x.size(at - term.labels.begin()));
    }
    return shape;
}

// The dimensions in that order and shape.
Tensor arranged(const Term& term, const Labels& labels) {
    Dims order;
    for (int label : labels)
        if (has(term.labels, label))
            order.push_back(std::find(term.labels.begin(), term.labels.end(), label) -
                            term.labels.begin());
    return reshape(permute(term.x, order), shape_of(term, labels));
}

/// The labels of a pair, by who has them and who still needs them.
struct Split {
    // in both and kept, in both and summed over, only in a, only in b
    Labels batch, inner, left, right;
    Split(const Term& a, const Term& b, const Set& kept) {
        for (int label : a.labels)
            (!has(b.labels, label)                   ? left
             : kept[static_cast<std::size_t>(label)] ? batch
                                                     : inner)
                .push_back(label);
        for (int label : b.labels)
            if (!has(a.labels, label)) right.push_back(label);
    }
};

// sum over inner of a b. The kept labels are those of the output and of the other terms.
Term product(const Term& whole_a, const Term& whole_b, const Set& kept) {
    const Term a = summed(whole_a, kept | set_of(whole_b.labels)),
               b = summed(whole_b, kept | set_of(whole_a.labels));
    const Split split(a, b, kept);
    const Labels outer = split.batch + split.left + split.right;
    check(outer.size() <= kMaxRank, "einsum", "a product on the way has ", outer.size(),
          " dimensions; expected at most ", kMaxRank, "; hint: multiply in several calls");
    if (split.inner.empty()) return {arranged(a, outer) * arranged(b, outer), outer};
    if (!is_floating(a.x.dtype())) {  // matrix products are for real numbers
        const Labels all = outer + split.inner;
        return summed({arranged(a, all) * arranged(b, all), all}, set_of(outer));
    }
    const auto extents = [&](const Labels& labels) {
        return broadcast_shapes(shape_of(a, labels), shape_of(b, labels), "einsum");
    };
    const std::int64_t batch = numel(extents(split.batch)), rows = numel(extents(split.left)),
                       columns = numel(extents(split.right)), inner = numel(extents(split.inner));
    const Labels of_a = split.batch + split.left + split.inner,
                 of_b = split.batch + split.inner + split.right;
    const Tensor left = reshape(expand(arranged(a, of_a), extents(of_a)), {batch, rows, inner});
    const Tensor right = reshape(expand(arranged(b, of_b), extents(of_b)), {batch, inner, columns});
    return {reshape(matmul(left, right), extents(outer)), outer};
}

// Multiplications that joining two terms takes.
double cost(const Term& a, const Term& b, const Extents& extents) {
    const Set all = set_of(a.labels) | set_of(b.labels);
    double count = 1;
    for (std::size_t label = 0; label < kLabels; ++label)
        if (all[label]) count *= static_cast<double>(extents[label]);
    return count;
}

// The cheapest pair becomes one term.
void join_a_pair(std::vector<Term>& terms, const Set& output, const Extents& extents) {
    std::size_t best_i = 0, best_j = 1;
    for (std::size_t i = 0; i < terms.size(); ++i)
        for (std::size_t j = i + 1; j < terms.size(); ++j)
            if (cost(terms[i], terms[j], extents) < cost(terms[best_i], terms[best_j], extents))
                best_i = i, best_j = j;
    Set kept = output;
    for (std::size_t i = 0; i < terms.size(); ++i)
        if (i != best_i && i != best_j) kept |= set_of(terms[i].labels);
    terms[best_i] = product(terms[best_i], terms[best_j], kept);
    terms.erase(terms.begin() + static_cast<std::ptrdiff_t>(best_j));
}

}  // namespace

Tensor einsum(std::string_view text, std::span<const Tensor> operands) {
    const Equation equation = parse(text);
    check(equation.inputs.size() == operands.size(), "einsum",
          "the equation has another number of operands; got ", operands.size(), "; expected ",
          equation.inputs.size(), " for \"", text, "\"");
    std::vector<Term> terms;
    Extents extents;
    extents.fill(1);
    for (std::size_t i = 0; i < operands.size(); ++i) {
        const Tensor& x = operands[i];
        check(x.defined(), "einsum", "operand ", i, " is an undefined tensor");
        check(x.dtype() == operands[0].dtype() && !is_storage_type(x.dtype()), "einsum",
              "dtypes differ or are not for computing; got ", describe(x), " as operand ", i,
              " and ", operands[0].dtype(), " as operand 0; hint: to(x, f32)");
        check(x.device() == operands[0].device(), "einsum", "operands on different devices; got ",
              x.device(), " and ", operands[0].device());
        terms.push_back({x, spelled_out(equation.inputs[i], i, x)});
        note_extents(extents, terms.back().labels, i, x);
        take_diagonals(terms.back());
    }
    const Labels output = output_of(equation, terms, text);
    while (terms.size() > 1) join_a_pair(terms, set_of(output), extents);
    return arranged(summed(terms[0], set_of(output)), output);
}

}  // namespace eps
