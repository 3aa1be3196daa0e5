// gather, scatter, searchsorted, resample and pooling: CPU against CUDA.
#include "tests/cuda/twins.h"

using namespace eps;
using namespace eps::test;

TEST_CASE("cuda: gather and scatter, to the bit") {
    if (no_gpu()) return;
    for (DType dtype : kNumbers)
        for (Memory layout : kReadable)
            for (Memory index_layout : kReadable)
                for (int dim = 0; dim < 3; ++dim) {
                    const Shape table{4, 6, 8}, picked = with_size(table, dim, 11);
                    const Twin index =
                        random_twin(picked, index_layout, i64, 0, static_cast<double>(table[dim]));
                    INFO(name_of(dtype), ", layouts ", int(layout), " and ", int(index_layout),
                         ", dim ", dim);
                    const Twin src = random_twin(table, layout, dtype);
                    Twin out = random_twin(picked, Memory::row_major, dtype);
                    cpu_kernels::gather(out.host, src.host, dim, index.host);
                    cuda_kernels::gather(out.device, src.device, dim, index.device);
                    CHECK(difference(out) == 0);
                    const Twin added = random_twin(picked, layout, dtype);
                    for (bool accumulate : {false, true}) {
                        Twin target = random_twin(
                            table,
                            index_layout == Memory::repeated ? Memory::row_major : index_layout,
                            dtype);
                        cpu_kernels::scatter(target.host, dim, index.host, added.host, accumulate);
                        cuda_kernels::scatter(target.device, dim, index.device, added.device,
                                              accumulate);
                        CHECK(difference(target) == 0);
                    }
                }
    // An embedding: one line of indices for all columns.
    const Twin index = random_twin({500}, Memory::row_major, i64, 0, 20);
    const Twin gradient = random_twin({500, 30}, Memory::row_major, f32, -1, 1);
    Twin table = random_twin({20, 30}, Memory::row_major, f32, -1, 1);
    cpu_kernels::scatter(table.host, 0, index.host.as_strided({500, 30}, {1, 0}, 0), gradient.host,
                         true);
    cuda_kernels::scatter(table.device, 0, index.device.as_strided({500, 30}, {1, 0}, 0),
                          gradient.device, true);
    CHECK(difference(table) == 0);
}

TEST_CASE("cuda: searchsorted") {
    if (no_gpu()) return;
    for (DType dtype : kNumbers)
        for (Memory layout : kReadable)
            for (bool right : {false, true}) {
                const Twin loose = random_twin({3, 17}, Memory::row_major, dtype, 0, 20),
                           values = random_twin({3, 40}, layout, dtype, 0, 20);
                Twin order = random_twin({3, 17}, Memory::row_major, i64, 0, 1), sorted = loose;
                Twin out = random_twin({3, 40}, Memory::row_major, i64, 0, 1);
                cpu_kernels::argsort(order.host, loose.host, 1, false);
                cuda_kernels::argsort(order.device, loose.device, 1, false);
                sorted.host = raw::clone(loose.host);
                sorted.device = raw::clone(loose.device);
                cpu_kernels::gather(sorted.host, loose.host, 1, order.host);
                cuda_kernels::gather(sorted.device, loose.device, 1, order.device);
                cpu_kernels::searchsorted(out.host, sorted.host, values.host, right);
                cuda_kernels::searchsorted(out.device, sorted.device, values.device, right);
                CHECK(difference(out) == 0);
            }
}

TEST_CASE("cuda: resample, with tables shorter and longer than a launch takes") {
    if (no_gpu()) return;
    struct Table {
        std::int64_t outputs, longest;
    };
    for (const auto [outputs, longest] :
         {Table{5, 3}, Table{500, 2}, Table{3, 1000}, Table{1, 0}, Table{400, 1}})
        for (DType dtype : kNumbers)
            for (int dim = 0; dim < 3; ++dim)
                for (Memory layout : kReadable) {
                    CsrMatrix matrix(6);
                    for (std::int64_t i = 0; i < outputs; ++i, matrix.end_row())
                        for (std::int64_t t = longest - i % (longest + 1); t > 0; --t)
                            matrix.add((i + t) % 6, longest == 1 || !is_floating(dtype)
                                                        ? 1
                                                        : 0.25 * static_cast<double>(t % 5));
                    const Twin src = random_twin({6, 6, 6}, layout, dtype, 0, 4, dtype != u8);
                    Twin out =
                        random_twin(with_size({6, 6, 6}, dim, outputs), Memory::reversed, dtype);
                    cpu_kernels::resample(out.host, src.host, dim, matrix);
                    cuda_kernels::resample(out.device, src.device, dim, matrix);
                    INFO(name_of(dtype), ", dim ", dim, ", layout ", int(layout), ", ",
                         out.host.size(dim), " outputs");
                    CHECK(difference(out) <= (longest == 1 ? 0 : tolerance(dtype)));
                }
}

TEST_CASE("cuda: max_pool2d, to the bit") {
    if (no_gpu()) return;
    const auto image = [](const Shape& s, DType dtype) {  // small numbers: many are equal
        return twin_of(
            [&] {
                std::vector<double> values(static_cast<std::size_t>(numel(s)));
                for (double& x : values) x = static_cast<double>(numbers()() % 7);
                if (is_floating(dtype)) values[values.size() / 2] = kNaN;
                return values;
            }(),
            s, {s[1] * s[2] * s[3], 1, s[3] * s[1], s[1]}, 0, dtype);
    };
    for (DType dtype : kNumbers)
        for (const auto& g : {kernels::PoolGeometry{{2, 3}, {2, 1}, {1, 1}, {1, 1}},
                              kernels::PoolGeometry{{2, 2}, {1, 3}, {0, 0}, {3, 2}}}) {
            const Twin x = image({3, 5, 8, 9}, dtype);
            const auto extent = [&](std::int64_t size, std::size_t d) {
                return (size + 2 * g.padding[d] - (g.size[d] - 1) * g.dilation[d] - 1) /
                           g.stride[d] +
                       1;
            };
            const Shape out{3, 5, extent(8, 0), extent(9, 1)};
            Twin values = image(out, dtype), indices = image(out, i64);
            cpu_kernels::max_pool2d(values.host, indices.host, x.host, g);
            cuda_kernels::max_pool2d(values.device, indices.device, x.device, g);
            CHECK(difference(values) == 0);
            CHECK(difference(indices) == 0);
        }
}
