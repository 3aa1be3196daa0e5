#pragma once
// The equation of an einsum: labels of dimensions, and what it says about operands and output.
#include <array>
#include <bitset>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/tensor.h"

namespace eps::einsum_detail {

/// A label names a dimension: letters A to Z are 0 to 25, a to z are 26 to 51, and the dimensions
/// of "..." follow, counted from its last one.
using Labels = std::vector<int>;
inline constexpr int kLetters = 52;
inline constexpr int kLabels = kLetters + kMaxRank;
inline constexpr int kEllipsis = -1;  // "..." before it is known how many dimensions it has

/// The extent that all dimensions of each label broadcast to.
using Extents = std::array<std::int64_t, kLabels>;

using LabelSet = std::bitset<kLabels>;
LabelSet set_of(const Labels& labels);
bool has(const Labels& labels, int label);

struct Equation {
    std::string_view text;
    std::vector<Labels> inputs{{}};
    std::optional<Labels> output;  // none without "->"
};
/// Throws, naming the position, where the text is no equation.
Equation parse(std::string_view text);

/// The labels of one operand's dimensions: "..." becomes as many as the letters leave.
Labels labels_of_operand(const Equation& equation, std::size_t number, const Tensor& x);
/// The labels of the output, given those that occur in the operands.
Labels labels_of_output(const Equation& equation, const LabelSet& occurring);

/// Broadcasts the extents of one operand into those of its labels; throws where they differ.
void note_extents(Extents& extents, const Labels& labels, std::size_t number, const Tensor& x);

}  // namespace eps::einsum_detail
