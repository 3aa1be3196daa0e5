#pragma once
// The transforms of minimal filtering, on whole registers: y = A^T [(G g) * (B^T d)] in one
// dimension, and the adjoints of A^T and G for the gradient of the filter. In two dimensions they
// are applied to the columns, then to the rows.
#include <type_traits>
#include <utility>

namespace eps::kernels::cpu {

template <class V> using Element = std::remove_cvref_t<decltype(std::declval<V>()[0])>;

/// F(4, 3) with the points 0, p, -p, q, -q, infinity. Lavin & Gray (2016, section 4.3) have p = 1
/// and q = 2; the p and q here, which are exact in binary as well, halve the error in f32.
/// Source: Barabasz et al. 2020 on the choice of points.
struct F43 {
    static constexpr int results = 4, positions = 3, points = 6;
    static constexpr float p = 0.75f, q = 1.5f, p2 = p * p, q2 = q * q;
    template <class V> static constexpr Element<V> to_p = Element<V>(1 / (2.0 * p2 * (p2 - q2)));
    template <class V> static constexpr Element<V> to_q = Element<V>(1 / (2.0 * q2 * (q2 - p2)));
    template <class V> static constexpr Element<V> to_0 = Element<V>(1 / (1.0 * p2 * q2));
    template <class V> static void input(const V (&d)[6], V (&v)[6]) {  // B^T d
        const V even1 = d[4] - q2 * d[2], odd1 = p * (d[3] - q2 * d[1]);
        const V even2 = d[4] - p2 * d[2], odd2 = q * (d[3] - p2 * d[1]);
        v[0] = p2 * q2 * d[0] - (p2 + q2) * d[2] + d[4];
        v[1] = even1 + odd1;
        v[2] = even1 - odd1;
        v[3] = even2 + odd2;
        v[4] = even2 - odd2;
        v[5] = p2 * q2 * d[1] - (p2 + q2) * d[3] + d[5];
    }
    template <class V> static void filter(const V (&g)[3], V (&u)[6]) {  // G g
        const V even1 = to_p<V> * (g[0] + p2 * g[2]), odd1 = to_p<V> * p * g[1];
        const V even2 = to_q<V> * (g[0] + q2 * g[2]), odd2 = to_q<V> * q * g[1];
        u[0] = to_0<V> * g[0];
        u[1] = even1 + odd1;
        u[2] = even1 - odd1;
        u[3] = even2 + odd2;
        u[4] = even2 - odd2;
        u[5] = g[2];
    }
    template <class V> static void output(const V (&m)[6], V (&y)[4]) {  // A^T m
        const V sum1 = m[1] + m[2], difference1 = m[1] - m[2];
        const V sum2 = m[3] + m[4], difference2 = m[3] - m[4];
        y[0] = m[0] + sum1 + sum2;
        y[1] = p * difference1 + q * difference2;
        y[2] = p2 * sum1 + q2 * sum2;
        y[3] = p2 * p * difference1 + q2 * q * difference2 + m[5];
    }
    template <class V> static void output_adjoint(const V (&y)[4], V (&m)[6]) {  // A y
        const V even1 = y[0] + p2 * y[2], odd1 = p * (y[1] + p2 * y[3]);
        const V even2 = y[0] + q2 * y[2], odd2 = q * (y[1] + q2 * y[3]);
        m[0] = y[0];
        m[1] = even1 + odd1;
        m[2] = even1 - odd1;
        m[3] = even2 + odd2;
        m[4] = even2 - odd2;
        m[5] = y[3];
    }
    template <class V> static void filter_adjoint(const V (&u)[6], V (&g)[3]) {  // G^T u
        const V sum1 = to_p<V> * (u[1] + u[2]), sum2 = to_q<V> * (u[3] + u[4]);
        g[0] = to_0<V> * u[0] + sum1 + sum2;
        g[1] = to_p<V> * p * (u[1] - u[2]) + to_q<V> * q * (u[3] - u[4]);
        g[2] = p2 * sum1 + q2 * sum2 + u[5];
    }
};

/// F(4, 2) with the points 0, 1, -1, 2, infinity.
struct F42 {
    static constexpr int results = 4, positions = 2, points = 5;
    template <class V> static void input(const V (&d)[5], V (&v)[5]) {
        const V odd = d[3] - d[1];
        v[0] = 2 * (d[0] - d[2]) + odd;
        v[1] = odd - (d[1] + d[2]);
        v[2] = odd + 3 * (d[1] - d[2]);
        v[3] = odd;
        v[4] = d[4] - d[2] - 2 * odd;
    }
    template <class V> static void filter(const V (&g)[2], V (&u)[5]) {
        u[0] = g[0] / 2;
        u[1] = (g[0] + g[1]) / -2;
        u[2] = (g[1] - g[0]) / 6;
        u[3] = g[0] / 6 + g[1] / 3;
        u[4] = g[1];
    }
    template <class V> static void output(const V (&m)[5], V (&y)[4]) {
        const V sum = m[1] + m[2], difference = m[1] - m[2];
        y[0] = m[0] + sum + m[3];
        y[1] = difference + 2 * m[3];
        y[2] = sum + 4 * m[3];
        y[3] = difference + 8 * m[3] + m[4];
    }
    template <class V> static void output_adjoint(const V (&y)[4], V (&m)[5]) {
        const V even = y[0] + y[2], odd = y[1] + y[3];
        m[0] = y[0];
        m[1] = even + odd;
        m[2] = even - odd;
        m[3] = y[0] + 4 * y[2] + (2 * y[1] + 8 * y[3]);
        m[4] = y[3];
    }
    template <class V> static void filter_adjoint(const V (&u)[5], V (&g)[2]) {
        g[0] = (u[0] - u[1]) / 2 + (u[3] - u[2]) / 6;
        g[1] = u[2] / 6 - u[1] / 2 + u[3] / 3 + u[4];
    }
};

// Defines to = f(f(from^T)^T): the one-dimensional transform of every column, then of every row.
// clang-format off
#define EPS_TRANSFORM_2D(name, function, inputs, outputs)                                        \
    template <class F, class V>                                                                  \
    inline __attribute__((always_inline)) void name(const V (&from)[F::inputs][F::inputs],       \
                                                    V (&to)[F::outputs][F::outputs]) {           \
        V columns[F::outputs][F::inputs];                                                        \
        _Pragma("GCC unroll 8")                                                                  \
        for (int j = 0; j < F::inputs; ++j) {                                                    \
            V in[F::inputs], out[F::outputs];                                                    \
            _Pragma("GCC unroll 8")                                                              \
            for (int i = 0; i < F::inputs; ++i) in[i] = from[i][j];                              \
            F::function(in, out);                                                                \
            _Pragma("GCC unroll 8")                                                              \
            for (int i = 0; i < F::outputs; ++i) columns[i][j] = out[i];                         \
        }                                                                                        \
        _Pragma("GCC unroll 8")                                                                  \
        for (int i = 0; i < F::outputs; ++i) F::function(columns[i], to[i]);                     \
    }
// clang-format on
EPS_TRANSFORM_2D(transform_input, input, points, points)
EPS_TRANSFORM_2D(transform_filter, filter, positions, points)
EPS_TRANSFORM_2D(transform_output, output, points, results)
EPS_TRANSFORM_2D(transform_output_adjoint, output_adjoint, results, points)
EPS_TRANSFORM_2D(transform_filter_adjoint, filter_adjoint, points, positions)
#undef EPS_TRANSFORM_2D

}  // namespace eps::kernels::cpu
