#pragma once
// CsrMatrix: a sparse matrix, in compressed rows, that acts along one dimension of a tensor.
// Resizing, average pooling, reflection padding and windows are linear, treat every dimension
// separately, and need few inputs for each output. So each is a table, and one kernel, resample,
// computes them all.
#include <cstdint>
#include <vector>

#include "tensor/extent.h"

namespace eps {

/// out[i] = sum over t in [starts[i], starts[i + 1]) of weights[t] in[sources[t]]
struct CsrMatrix {
    std::int64_t inputs = 0;  // columns
    std::vector<std::int64_t> starts{0}, sources;
    std::vector<double> weights;

    explicit CsrMatrix(std::int64_t extent) : inputs(extent) {}
    /// A matrix that will have so many rows and, at most, so many entries. Throws, naming `op`,
    /// where either is more than kMost: the table is built row by row, and takes memory and time.
    CsrMatrix(const char* op, std::int64_t extent, Extent rows, Extent entries);
    static constexpr std::int64_t kMost = std::int64_t{1} << 28;  // a table of 6 GiB

    std::int64_t outputs() const { return static_cast<std::int64_t>(starts.size()) - 1; }

    /// Adds an entry to the row that is being written.
    void add(std::int64_t source, double weight = 1) {
        sources.push_back(source);
        weights.push_back(weight);
    }
    /// Ends that row; the next begins.
    void end_row() { starts.push_back(static_cast<std::int64_t>(sources.size())); }

    /// True if each output is one of the inputs, or zero: elements of any dtype can be copied.
    bool selects() const;
    /// True if all weights are whole numbers: integers can be combined.
    bool whole() const;
    /// The transposed matrix, which is the adjoint.
    CsrMatrix transposed() const;
};

}  // namespace eps
