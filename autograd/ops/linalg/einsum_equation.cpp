#include "autograd/ops/linalg/einsum_equation.h"

#include <algorithm>

#include "autograd/ops/checker.h"

namespace eps::einsum_detail {
namespace {

constexpr Checker check("einsum");

int label_of(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return 26 + c - 'a';
    return kEllipsis;
}

std::string name_of(int label) {
    if (label >= kLetters) return "...";
    return {static_cast<char>(label < 26 ? 'A' + label : 'a' + label - 26)};
}

// `count` dimensions of "...", the first of which is the farthest from its last.
void append_ellipsis(Labels& labels, int count) {
    for (int d = count; d-- > 0;) labels.push_back(kLetters + d);
}

// The output of an equation without "->": "...", then the letters that occur once.
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

}  // namespace

LabelSet set_of(const Labels& labels) {
    LabelSet set;
    for (int label : labels) set.set(static_cast<std::size_t>(label));
    return set;
}

bool has(const Labels& labels, int label) {
    return std::find(labels.begin(), labels.end(), label) != labels.end();
}

Equation parse(std::string_view text) {
    Equation equation;
    equation.text = text;
    for (std::size_t at = 0; at < text.size(); ++at) {
        Labels& term = equation.output ? *equation.output : equation.inputs.back();
        const char c = text[at];
        if (c == ' ') continue;
        if (label_of(c) != kEllipsis) {
            term.push_back(label_of(c));
        } else if (text.substr(at, 3) == "...") {
            check(!has(term, kEllipsis), "a second \"...\" in one term at position ", at,
                  "; got \"", text, "\"");
            term.push_back(kEllipsis);
            at += 2;
        } else if (text.substr(at, 2) == "->" && !equation.output) {
            equation.output.emplace();
            at += 1;
        } else if (c == ',' && !equation.output) {
            equation.inputs.emplace_back();
        } else {
            check.fail("unexpected '", std::string(1, c), "' at position ", at, "; got \"", text,
                       "\"; expected letters, \"...\", \",\" and one \"->\"");
        }
    }
    return equation;
}

Labels labels_of_operand(const Equation& equation, std::size_t number, const Tensor& x) {
    const Labels& term = equation.inputs[number];
    const bool ellipsis = has(term, kEllipsis);
    const int letters = static_cast<int>(term.size()) - (ellipsis ? 1 : 0);
    const int rest = x.rank() - letters;
    check(ellipsis ? rest >= 0 : rest == 0, "operand ", number,
          " has another number of dimensions; got ", x.shape(), "; expected ",
          ellipsis ? "at least " : "", letters);
    Labels labels;
    for (int label : term) {
        if (label == kEllipsis)
            append_ellipsis(labels, rest);
        else
            labels.push_back(label);
    }
    return labels;
}

Labels labels_of_output(const Equation& equation, const LabelSet& occurring) {
    int ellipsis = kMaxRank;  // dimensions of the longest "..."
    while (ellipsis > 0 && !occurring[static_cast<std::size_t>(kLetters + ellipsis - 1)])
        --ellipsis;
    const Labels wanted = equation.output ? *equation.output : implied_output(equation);
    check(ellipsis == 0 || has(wanted, kEllipsis), "the output leaves out \"...\"; got \"",
          equation.text, "\"");
    Labels output;
    for (int label : wanted) {
        if (label == kEllipsis) {
            append_ellipsis(output, ellipsis);
            continue;
        }
        check(occurring[static_cast<std::size_t>(label)], "'", name_of(label),
              "' of the output is in no operand; got \"", equation.text, "\"");
        check(!has(output, label), "'", name_of(label), "' is twice in the output; got \"",
              equation.text, "\"");
        output.push_back(label);
    }
    return output;
}

void note_extents(Extents& extents, const Labels& labels, std::size_t number, const Tensor& x) {
    for (int d = 0; d < x.rank(); ++d) {
        const int label = labels[static_cast<std::size_t>(d)];
        for (int e = 0; e < d; ++e)
            check(labels[static_cast<std::size_t>(e)] != label || x.size(e) == x.size(d), "'",
                  name_of(label), "' is twice in operand ", number, " with different extents; got ",
                  x.shape());
        std::int64_t& known = extents[static_cast<std::size_t>(label)];
        check(known == 1 || x.size(d) == 1 || known == x.size(d), "the extents of '",
              name_of(label), "' differ; got ", x.size(d), " in operand ", number, ", ", x.shape(),
              "; expected ", known, " or 1");
        if (known == 1) known = x.size(d);
    }
}

}  // namespace eps::einsum_detail
