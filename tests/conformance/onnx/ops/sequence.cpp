// Sequences of tensors.
#include "tests/conformance/onnx/ops/common.h"

namespace eps::conformance {
namespace {

// An input as a position in a sequence of this size, or behind its end; `otherwise` if left out.
std::ptrdiff_t position(const Call& c, std::size_t input, std::int64_t size,
                        std::int64_t otherwise) {
    std::int64_t i = c.has(input) ? c.numbers(input).at(0) : otherwise;
    if (i < 0) i += size;
    if (i < 0 || i > size) c.unsupported("a position outside of the sequence");
    return static_cast<std::ptrdiff_t>(i);
}

std::int64_t length(const std::vector<Tensor>& sequence) {
    return static_cast<std::int64_t>(sequence.size());
}

Results sequence_at(const Call& c) {
    const std::vector<Tensor>& sequence = c.sequence(0);
    return sequence.at(static_cast<std::size_t>(position(c, 1, length(sequence), 0)));
}

Results sequence_insert(const Call& c) {
    std::vector<Tensor> sequence = c.sequence(0);
    sequence.insert(sequence.begin() + position(c, 2, length(sequence), length(sequence)), c[1]);
    return {Value(sequence)};
}

Results sequence_erase(const Call& c) {
    std::vector<Tensor> sequence = c.sequence(0);
    const std::ptrdiff_t i = position(c, 1, length(sequence), length(sequence) - 1);
    if (i == length(sequence)) c.unsupported("a position outside of the sequence");
    sequence.erase(sequence.begin() + i);
    return {Value(sequence)};
}

Results sequence_empty(const Call& c) {
    c.ignore("dtype");  // of no elements
    return {Value(std::vector<Tensor>())};
}

Results concat_from_sequence(const Call& c) {
    const std::vector<Tensor>& sequence = c.sequence(0);
    const std::int64_t axis = c.integer("axis", 0);
    return c.flag("new_axis") ? stack(sequence, axis) : concat(sequence, axis);
}

// Parts of one size, or of given sizes; without either, single slices, which may lose their
// dimension.
Results split_to_sequence(const Call& c) {
    const std::int64_t axis = c.integer("axis", 0);
    const bool keep = c.flag("keepdims", true);
    if (c.has(1) && c[1].rank() == 0) return {Value(split(c[0], c.numbers(1).at(0), axis))};
    if (c.has(1)) return {Value(split(c[0], c.numbers(1), axis))};
    std::vector<Tensor> slices = split(c[0], 1, axis);
    if (!keep)
        for (Tensor& slice : slices) slice = squeeze(slice, axis);
    return {Value(slices)};
}

}  // namespace

void add_sequence_ops(OpTable& table) {
    table.insert({
        {"SequenceAt", sequence_at},
        {"SequenceInsert", sequence_insert},
        {"SequenceErase", sequence_erase},
        {"SequenceEmpty", sequence_empty},
        {"SequenceConstruct", [](const Call& c) -> Results { return {Value(c.tensors())}; }},
        {"SequenceLength",
         [](const Call& c) -> Results {
             return Tensor(static_cast<double>(c.sequence(0).size()), {.dtype = i64});
         }},
        {"ConcatFromSequence", concat_from_sequence},
        {"SplitToSequence", split_to_sequence},
    });
}

}  // namespace eps::conformance
