#include "tensor/contract/csr_matrix.h"

#include <algorithm>
#include <cmath>

#include "tensor/error.h"

namespace eps {

CsrMatrix::CsrMatrix(const char* op, std::int64_t extent, Extent rows, Extent entries)
    : inputs(extent) {
    check(rows.within(0, kMost) && entries.within(0, kMost), op,
          "the result is too large: the table of which elements it is made of would have more than "
          "2^28 rows or entries");
    starts.reserve(static_cast<std::size_t>(rows.value(op)) + 1);
}

bool CsrMatrix::selects() const {
    for (std::size_t i = 0; i + 1 < starts.size(); ++i)
        if (starts[i + 1] - starts[i] > 1) return false;
    return std::all_of(weights.begin(), weights.end(), [](double w) { return w == 1; });
}

bool CsrMatrix::whole() const {
    return std::all_of(weights.begin(), weights.end(), [](double w) { return w == std::trunc(w); });
}

// A counting sort by source: the entries of a row of the result keep the order of the outputs.
CsrMatrix CsrMatrix::transposed() const {
    CsrMatrix result(outputs());
    result.starts.assign(static_cast<std::size_t>(inputs) + 1, 0);
    for (std::int64_t source : sources) ++result.starts[static_cast<std::size_t>(source) + 1];
    for (std::size_t i = 1; i < result.starts.size(); ++i) result.starts[i] += result.starts[i - 1];

    result.sources.resize(sources.size());
    result.weights.resize(weights.size());
    std::vector<std::int64_t> next(result.starts.begin(), result.starts.end() - 1);
    for (std::size_t i = 0; i + 1 < starts.size(); ++i)
        for (std::int64_t t = starts[i]; t < starts[i + 1]; ++t) {
            const auto from = static_cast<std::size_t>(t);
            const auto row = static_cast<std::size_t>(sources[from]);
            const auto to = static_cast<std::size_t>(next[row]++);
            result.sources[to] = static_cast<std::int64_t>(i);
            result.weights[to] = weights[from];
        }
    return result;
}

}  // namespace eps
