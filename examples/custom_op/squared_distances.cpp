#include "squared_distances.h"

#include <varepsilon_op.h>

#include <algorithm>

using namespace eps;

namespace {

struct SquaredDistances {
    static constexpr const char* name = "squared_distances";
    using saves = SaveInputs<0, 1>;  // backward reads both inputs

    Tensor forward(const Tensor& a, const Tensor& b) const {
        check(a.rank() == 2 && b.rank() == 2 && a.size(1) == b.size(1), name,
              "expected a [M, K] and b [N, K]; got ", describe(a), " and ", describe(b));
        check(a.dtype() == b.dtype() && (a.dtype() == f32 || a.dtype() == f64), name,
              "expected f32 or f64, both the same; got ", describe(a), " and ", describe(b),
              "; hint: to(x, f32)");
        Tensor out = empty({a.size(0), b.size(0)}, a.options());
        const auto kernel = a.device().is_cuda() ? squared_distances_cuda : squared_distances_cpu;
        if (out.numel() > 0) kernel(out, contiguous(a), contiguous(b));
        return out;
    }

    // d/da_i = sum_j 2 g_ij (a_i - b_j)
    // d/db_j = sum_i 2 g_ij (b_j - a_i)
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        const Tensor a = context.input(0);
        const Tensor b = context.input(1);
        if (context.needs(0)) out[0] = 2 * (a * sum(g, {1}, true) - matmul(g, b));
        if (context.needs(1))
            out[1] = 2 * (b * unsqueeze(sum(g, {0}), 1) - matmul(transpose(g), a));
    }
};

/// out[i, j] = |a_i - b_j|^2
template <class T> void fill_rows(Tensor& out, const Tensor& a, const Tensor& b) {
    const std::int64_t n = b.size(0);
    const std::int64_t k = b.size(1);
    T* const to = out.data<T>();
    const T* const from_a = a.data<T>();
    const T* const from_b = b.data<T>();
    // A second thread pays from about 16 thousand differences on.
    const std::int64_t row_cost = n * std::max<std::int64_t>(1, k);
    const std::int64_t grain = std::max<std::int64_t>(1, 16384 / row_cost);
    parallel_for(a.size(0), grain, [=](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i)
            for (std::int64_t j = 0; j < n; ++j) {
                T total = 0;
                for (std::int64_t c = 0; c < k; ++c) {
                    const T d = from_a[i * k + c] - from_b[j * k + c];
                    total += d * d;
                }
                to[i * n + j] = total;
            }
    });
}

}  // namespace

Tensor squared_distances(const Tensor& a, const Tensor& b) {
    return apply(SquaredDistances{}, a, b);
}

void squared_distances_cpu(Tensor& out, const Tensor& a, const Tensor& b) {
    out.dtype() == f32 ? fill_rows<float>(out, a, b) : fill_rows<double>(out, a, b);
}

#if !EPS_WITH_CUDA  // without CUDA no tensor is on a GPU, and this is never called
void squared_distances_cuda(Tensor&, const Tensor&, const Tensor&) {}
#endif
