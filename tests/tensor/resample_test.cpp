// The kernels resample (a sparse matrix along one dimension) and max_pool2d against definitions.
#include "tensor/contract/kernels.h"
#include "tests/tensor/layouts.h"

using namespace eps;
using namespace eps::test;

namespace {

enum class Kind { weights, whole, selection };

CsrMatrix random_matrix(Random& random, std::int64_t inputs, std::int64_t outputs, Kind kind) {
    CsrMatrix matrix(inputs);
    for (std::int64_t i = 0; i < outputs; ++i, matrix.end_row())
        for (std::int64_t left = inputs == 0 ? 0 : pick(random, 0, kind == Kind::selection ? 1 : 5);
             left > 0; --left)
            matrix.add(pick(random, 0, inputs - 1),
                       kind == Kind::selection ? 1
                       : kind == Kind::whole   ? static_cast<double>(pick(random, 0, 3))
                                               : std::normal_distribution<double>()(random));
    return matrix;
}

double expected_at(const Tensor& x, int dim, const CsrMatrix& matrix, Dims index) {
    const auto i = static_cast<std::size_t>(index[dim]);
    double sum = 0;
    for (auto t = static_cast<std::size_t>(matrix.starts[i]);
         t < static_cast<std::size_t>(matrix.starts[i + 1]); ++t) {
        index[dim] = matrix.sources[t];
        sum += matrix.weights[t] * at(x, index);
    }
    return sum;
}

void check_resample(Random& random, const Shape& shape, int dim, std::int64_t outputs, DType dtype,
                    Kind kind) {
    const Tensor x = is_floating(dtype)
                         ? random_tensor(random, shape, dtype)
                         : random_tensor(random, shape, dtype, {.low = 0, .high = 8});
    const CsrMatrix matrix = random_matrix(random, shape[dim], outputs, kind);
    Shape out_shape = shape;
    out_shape[dim] = outputs;
    const Tensor got = same_on_any_threads([&] {
        Tensor out = empty_like(x, out_shape);
        kernels::resample(out, x, dim, matrix);
        return out;
    });
    double worst = 0;
    for_each_index(out_shape, [&](const Dims& index) {
        worst = std::max(worst, std::abs(at(got, index) - expected_at(x, dim, matrix, index)));
    });
    CHECK(worst <= (kind == Kind::selection || !is_floating(dtype) ? 0
                    : dtype == f32                                 ? 1e-4
                                                                   : 1e-12));
}

}  // namespace

TEST_CASE("resample multiplies by the sparse matrix, in every layout") {
    Random random(11);
    for (int round = 0; round < 300; ++round) {
        const int rank = static_cast<int>(pick(random, 1, 4));
        const Shape shape = random_shape(random, rank, round % 10 == 0 ? 0 : 1, 6);
        const int dim = static_cast<int>(pick(random, 0, rank - 1));
        const std::int64_t outputs = pick(random, 0, 7);
        for (DType dtype : {f32, f64})
            check_resample(random, shape, dim, outputs, dtype, Kind::weights);
        for (DType dtype : {u8, i64})
            check_resample(random, shape, dim, outputs, dtype, Kind::whole);
        for (DType dtype : {boolean, u8, i64, f16, bf16, f32, f64})
            check_resample(random, shape, dim, outputs, dtype, Kind::selection);
    }
    // large enough for several threads, with each row in pieces
    for (int dim : {0, 1, 2}) check_resample(random, {7, 30, 5000}, dim, 9, f32, Kind::weights);
    // one long line, in pieces
    check_resample(random, {7000}, 0, 70000, f64, Kind::weights);
}

TEST_CASE("a sparse matrix transposed twice is itself") {
    Random random(12);
    for (int round = 0; round < 50; ++round) {
        CsrMatrix matrix(pick(random, 1, 9));
        // Transposing sorts sources, so they ascend here too.
        for (std::int64_t i = pick(random, 0, 9); i > 0; --i, matrix.end_row())
            for (std::int64_t source = 0; source < matrix.inputs; ++source)
                if (pick(random, 0, 2) == 0)
                    matrix.add(source, static_cast<double>(pick(random, 1, 9)));
        const CsrMatrix once = matrix.transposed(), twice = once.transposed();
        CHECK(once.inputs == matrix.outputs());
        CHECK(once.outputs() == matrix.inputs);
        CHECK(twice.starts == matrix.starts);
        CHECK(twice.sources == matrix.sources);
        CHECK(twice.weights == matrix.weights);
    }
}

TEST_CASE("max_pool2d gives the first largest of each window") {
    Random random(13);
    const auto image = [](const Shape& s, DType dtype) {
        return empty_strided(s, {s[1] * s[2] * s[3], 1, s[3] * s[1], s[1]}, {.dtype = dtype});
    };
    for (int round = 0; round < 60; ++round) {
        const bool large = round == 0;
        const Shape shape{pick(random, 1, 3), large ? 150 : pick(random, 1, 5),
                          large ? 31 : pick(random, 4, 9), pick(random, 4, 9)};
        kernels::PoolGeometry g{{pick(random, 1, 3), pick(random, 1, 3)},
                                {pick(random, 1, 3), pick(random, 1, 3)},
                                {},
                                {pick(random, 1, 2), 1}};
        Shape out = shape;
        for (std::size_t d = 0; d < 2; ++d) {
            g.padding[d] = g.size[d] / 2;
            out[static_cast<int>(d) + 2] = (shape[static_cast<int>(d) + 2] + 2 * g.padding[d] -
                                            (g.size[d] - 1) * g.dilation[d] - 1) /
                                               g.stride[d] +
                                           1;
        }
        for (DType dtype : {u8, i64, f32, f64}) {
            Tensor x = image(shape, dtype);
            // Few different values, so that many are equal.
            kernels::copy(x, random_tensor(random, shape, dtype, {.low = 0, .high = 5}));
            Tensor indices = image(out, i64);
            const Tensor values = same_on_any_threads([&] {
                Tensor y = image(out, dtype);
                kernels::max_pool2d(y, indices, x, g);
                return y;
            });
            for_each_index(out, [&](const Dims& o) {
                double best = -1;
                std::int64_t pixel = -1;
                for (std::int64_t u = 0; u < g.size[0]; ++u)
                    for (std::int64_t v = 0; v < g.size[1]; ++v) {
                        const std::int64_t row = o[2] * g.stride[0] - g.padding[0] +
                                                 u * g.dilation[0],
                                           column = o[3] * g.stride[1] - g.padding[1] + v;
                        if (row < 0 || row >= shape[2] || column < 0 || column >= shape[3])
                            continue;
                        if (const double value = at(x, {o[0], o[1], row, column}); value > best)
                            best = value, pixel = row * shape[3] + column;
                    }
                REQUIRE(at(values, o) == best);
                REQUIRE(at(indices, o) == static_cast<double>(pixel));
            });
        }
    }
}
