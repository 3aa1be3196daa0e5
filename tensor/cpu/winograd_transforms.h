#pragma once
// One-dimensional transforms of minimal filtering, on whole registers: y = A^T [(G g) * (B^T d)], and the adjoints of A^T and G for the
// gradient of the filter. Two dimensions apply them to columns, then to rows.
namespace eps::kernels::cpu {

/// F(4, 3), points 0, 1, -1, 2, -2, infinity; Lavin and Gray (2016), section 4.3.
struct F43 {
    static constexpr int results = 4, taps = 3, points = 6;
    template <class V> static void input(const V (&d)[6], V (&v)[6]) {  // B^T d
        const V even1 = d[4] - 4 * d[2], odd1 = d[3] - 4 * d[1], even2 = d[4] - d[2], odd2 = 2 * (d[3] - d[1]);
        v[0] = 4 * d[0] - 5 * d[2] + d[4];
        v[1] = even1 + odd1;
        v[2] = even1 - odd1;
        v[3] = even2 + odd2;
        v[4] = even2 - odd2;
        v[5] = 4 * d[1] - 5 * d[3] + d[5];
    }
    template <class V> static void filter(const V (&g)[3], V (&u)[6]) {  // G g
        const V ends = (g[0] + g[2]) / -6, wide = g[0] / 24 + g[2] / 6;
        u[0] = g[0] / 4;
        u[1] = ends - g[1] / 6;
        u[2] = ends + g[1] / 6;
        u[3] = wide + g[1] / 12;
        u[4] = wide - g[1] / 12;
        u[5] = g[2];
    }
    template <class V> static void output(const V (&m)[6], V (&y)[4]) {  // A^T m
        const V sum1 = m[1] + m[2], difference1 = m[1] - m[2], sum2 = m[3] + m[4], difference2 = m[3] - m[4];
        y[0] = m[0] + sum1 + sum2;
        y[1] = difference1 + 2 * difference2;
        y[2] = sum1 + 4 * sum2;
        y[3] = difference1 + 8 * difference2 + m[5];
    }
    template <class V> static void output_adjoint(const V (&y)[4], V (&m)[6]) {  // A y
        const V even1 = y[0] + y[2], odd1 = y[1] + y[3], even2 = y[0] + 4 * y[2], odd2 = 2 * y[1] + 8 * y[3];
        m[0] = y[0];
        m[1] = even1 + odd1;
        m[2] = even1 - odd1;
        m[3] = even2 + odd2;
        m[4] = even2 - odd2;
        m[5] = y[3];
    }
    template <class V> static void filter_adjoint(const V (&u)[6], V (&g)[3]) {  // G^T u
        const V sum1 = u[1] + u[2], sum2 = u[3] + u[4];
        g[0] = u[0] / 4 - sum1 / 6 + sum2 / 24;
        g[1] = (u[2] - u[1]) / 6 + (u[3] - u[4]) / 12;
        g[2] = (sum2 - sum1) / 6 + u[5];
    }
};

/// F(4, 2), points 0, 1, -1, 2, infinity.
struct F42 {
    static constexpr int results = 4, taps = 2, points = 5;
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

// to[n][n] = f(f(from^T)^T): the one-dimensional transform of every column, then of every row.
#define EPS_TRANSFORM_2D(name, function, inputs, outputs)                          \
    template <class F, class V>                                                    \
    inline __attribute__((always_inline)) void name(const V (&from)[F::inputs][F::inputs], V (&to)[F::outputs][F::outputs]) { \
        V columns[F::outputs][F::inputs];                                          \
        _Pragma("GCC unroll 8") for (int j = 0; j < F::inputs; ++j) {              \
            V in[F::inputs], out[F::outputs];                                      \
            _Pragma("GCC unroll 8") for (int i = 0; i < F::inputs; ++i) in[i] = from[i][j]; \
            F::function(in, out);                                                  \
            _Pragma("GCC unroll 8") for (int i = 0; i < F::outputs; ++i) columns[i][j] = out[i]; \
        }                                                                          \
        _Pragma("GCC unroll 8") for (int i = 0; i < F::outputs; ++i) F::function(columns[i], to[i]); \
    }
EPS_TRANSFORM_2D(transform_input, input, points, points)
EPS_TRANSFORM_2D(transform_filter, filter, taps, points)
EPS_TRANSFORM_2D(transform_output, output, points, results)
EPS_TRANSFORM_2D(transform_output_adjoint, output_adjoint, results, points)
EPS_TRANSFORM_2D(transform_filter_adjoint, filter_adjoint, points, taps)
#undef EPS_TRANSFORM_2D

}  // namespace eps::kernels::cpu
