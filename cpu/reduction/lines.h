#pragma once
// The lines of several tensors along one dimension: what scans, sorting, gather and scatter loop
// over.
#include <algorithm>
#include <array>
#include <cstdint>

#include "tensor/contract/loop.h"
#include "tensor/numbers.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {

/// `line` runs along dimension dim, `starts` over the first element of every line.
template <int N> struct Lines {
    Loop<N> starts;
    LoopDimension<N> line;

    Lines(const std::array<const Tensor*, N>& tensors, const Shape& shape, int dim) {
        for (int d = 0; d < shape.rank(); ++d)
            if (d != dim) starts.append(dimension_of<N>(tensors, shape, d));
        // A tensor of rank 0 is one line of one element.
        if (shape.rank() > 0) line = dimension_of<N>(tensors, shape, dim);
    }
};

/// Lines side by side: `inner` is the innermost of the dimensions after dim, of extent 1 if there
/// is none, so that a loop over it inside the loop along `line` walks along memory. `outer` holds
/// all other dimensions.
template <int N> struct LineBlocks {
    Loop<N> outer;
    LoopDimension<N> line, inner;

    LineBlocks(const std::array<const Tensor*, N>& tensors, const Shape& shape, int dim) {
        Loop<N> after;
        for (int d = 0; d < dim; ++d) outer.append(dimension_of<N>(tensors, shape, d));
        for (int d = dim + 1; d < shape.rank(); ++d)
            after.append(dimension_of<N>(tensors, shape, d));
        inner = after.pop();
        for (int d = 0; d < after.rank; ++d) outer.append(after[d]);
        if (shape.rank() > 0) line = dimension_of<N>(tensors, shape, dim);
        // Lines of one element, as labels select them: go along the starts of the lines instead.
        if (inner.size == 1 && line.size == 1) inner = outer.pop();
    }
};

/// Elements that are worth a second thread.
inline constexpr std::int64_t kLineGrain = 32 * 1024;
/// Elements of a cache line: two threads that write to the same one slow each other down.
inline constexpr std::int64_t kCacheLine = 16;

/// Calls work(outer begin, outer end, inner begin, inner end) on several threads; no line is cut.
template <int N, class Work> void parallel_lines(const LineBlocks<N>& blocks, Work&& work) {
    const std::int64_t outer = blocks.outer.count(), width = blocks.inner.size;
    const std::int64_t length = blocks.line.size;
    const auto grain_of = [](std::int64_t elements) {
        return std::max<std::int64_t>(1, kLineGrain / std::max<std::int64_t>(1, elements));
    };
    if (outer >= kCacheLine || width < 2 * kCacheLine) {
        parallel_for(outer, grain_of(length * width),
                     [&](std::int64_t begin, std::int64_t end) { work(begin, end, 0, width); });
        return;
    }
    // Few blocks of wide lines: cut the width.
    parallel_for(ceil_div(width, kCacheLine), grain_of(outer * length * kCacheLine),
                 [&](std::int64_t begin, std::int64_t end) {
                     work(0, outer, begin * kCacheLine, std::min(width, end * kCacheLine));
                 });
}

}  // namespace eps::kernels::cpu
