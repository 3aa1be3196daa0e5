#pragma once
// CsrMatrix: a sparse matrix that acts along one dimension. Resizing, average pooling, reflection
// at an edge, windows: each is linear, treats every dimension by itself, and needs few inputs for
// an output. So each is a table, and one kernel does them all.
#include <cstdint>
#include <vector>

namespace eps {

/// out[i] = sum of weights[t] in[sources[t]] over t in [starts[i], starts[i + 1]): rows of a sparse
/// matrix, appended in order.
struct CsrMatrix {
    std::int64_t inputs = 0;
    std::vector<std::int64_t> starts{0}, sources;
    std::vector<double> weights;

    explicit CsrMatrix(std::int64_t extent) : inputs(extent) {}
    std::int64_t outputs() const { return static_cast<std::int64_t>(starts.size()) - 1; }
    /// Adds an input to the output that is being written, and ends that output.
    void add(std::int64_t source, double weight = 1) {
        sources.push_back(source);
        weights.push_back(weight);
    }
    void end_row() { starts.push_back(static_cast<std::int64_t>(sources.size())); }

    /// Is each output one of the inputs, or zero? Then elements are copied, whatever their dtype.
    bool selects() const;
    /// Are all weights whole numbers, so that integers may be combined?
    bool whole() const;
    /// The adjoint.
    CsrMatrix transposed() const;
};

}  // namespace eps
