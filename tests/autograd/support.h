#pragma once
// For tests of derivatives: random tensors, the memory layouts that every op must accept, and the
// text of an error.
#include <doctest/doctest.h>

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "tensor/create.h"
#include "tensor/error.h"
#include "tensor/random.h"
#include "tensor/tensor.h"
#include "tests/tensor/layouts.h"

namespace eps::test {

/// f64 values, uniform in [lo, hi): the same for the same seed.
inline Tensor uniform(const Shape& shape, double lo = -2, double hi = 2, std::uint64_t seed = 1) {
    Generator generator(seed);
    Tensor x = rand(shape, Options{.dtype = f64}, generator);
    auto* values = x.data<double>();
    for (std::int64_t i = 0; i < x.numel(); ++i) values[i] = lo + (hi - lo) * values[i];
    return x;
}

enum class Layout { contiguous, transposed, sliced };
inline constexpr Layout all_layouts[] = {Layout::contiguous, Layout::transposed, Layout::sliced};
inline const char* name_of(Layout layout) {
    if (layout == Layout::contiguous) return "contiguous";
    return layout == Layout::transposed ? "transposed" : "sliced";
}

/// The values of x in another layout of memory: with the dimensions in reverse order, or in every
/// second element of a larger buffer, from its second on.
inline Tensor laid_out(const Tensor& x, Layout layout) {
    Shape reversed;
    for (int d = x.rank() - 1; d >= 0; --d) reversed.push_back(x.size(d));
    const bool sliced = layout == Layout::sliced;
    const Strides memory = contiguous_strides(layout == Layout::transposed ? reversed : x.shape());
    Strides strides;
    for (int d = 0; d < x.rank(); ++d)
        strides.push_back(layout == Layout::transposed ? memory[x.rank() - 1 - d]
                                                       : memory[d] * (sliced ? 2 : 1));
    Tensor out =
        full({2 * x.numel() + 1}, 77, x.options()).as_strided(x.shape(), strides, sliced ? 1 : 0);
    out.copy_(x);
    return out;
}

/// A leaf with x's values in the given layout.
inline Tensor leaf(const Tensor& x, Layout layout = Layout::contiguous) {
    return laid_out(x, layout).requires_grad_();
}

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// What a function throws: the op of an eps::Error and its sentence; both are empty if it throws
/// none.
struct Thrown {
    std::string op, sentence;
};
inline Thrown error_of(const std::function<void()>& f) {
    try {
        f();
    } catch (const Error& error) { return {error.op(), error.what()}; }
    return {};
}

}  // namespace eps::test
