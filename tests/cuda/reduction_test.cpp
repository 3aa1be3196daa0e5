// Reductions, argmax, argsort and cumulative sums: CPU against CUDA.
#include "tests/cuda/twins.h"

using namespace eps;
using namespace eps::test;
using kernels::Reduction;

TEST_CASE("cuda: reduce over every set of dimensions") {
    if (no_gpu()) return;
    const Shape shape{4, 6, 8};
    for (Reduction reduction : {Reduction::sum, Reduction::max, Reduction::min})
        for (DType dtype : {DType::boolean, DType::u8, DType::i64, DType::f32, DType::f64})
            for (Memory layout : kReadable)
                for (unsigned set = 0; set < 8; ++set) {
                    Dims dims;
                    Shape kept = shape;
                    for (int d = 0; d < 3; ++d)
                        if (set >> d & 1u) {
                            dims.push_back(d);
                            kept[d] = 1;
                        }
                    const Twin src =
                        random_twin(shape, layout, dtype, 0, dtype == DType::boolean ? 2 : 9);
                    Twin out = random_twin(
                        kept, Memory::row_major,
                        reduction == Reduction::sum && !is_floating(dtype) ? i64 : dtype, 0, 2);
                    cpu_kernels::reduce(reduction, out.host, src.host, dims);
                    cuda_kernels::reduce(reduction, out.device, src.device, dims);
                    INFO("reduction ", int(reduction), " of ", name_of(dtype), ", layout ",
                         int(layout), ", dims ", dims);
                    CHECK(difference(out) <= tolerance(dtype));
                }
}

TEST_CASE(
    "cuda: reduce of long rows, tall columns and nothing; NaN wins; every run gives the same "
    "bits") {
    if (no_gpu()) return;
    struct Case {
        Shape shape;
        Dims dims;
    };
    for (const Case& c : {Case{{3, 70001}, {1}}, Case{{70001, 3}, {0}}, Case{{100003}, {0}},
                          Case{{5, 1000, 7}, {1}}, Case{{3, 0}, {1}}, Case{{300, 2, 200}, {0, 2}}})
        for (Reduction reduction : {Reduction::sum, Reduction::max, Reduction::min})
            for (bool with_nan : {false, true}) {
                const Twin src = random_twin(c.shape, Memory::row_major, f32, 0, 1, true);
                if (with_nan && numel(c.shape) > 0) {
                    src.host.data<float>()[numel(c.shape) / 2] = static_cast<float>(kNaN);
                    Tensor target = src.device;
                    cuda_kernels::copy(target, raw::to(src.host, cuda));
                }
                Shape kept = c.shape;
                for (std::int64_t d : c.dims) kept[static_cast<int>(d)] = 1;
                Twin out = random_twin(kept, Memory::row_major, f32);
                cpu_kernels::reduce(reduction, out.host, src.host, c.dims);
                cuda_kernels::reduce(reduction, out.device, src.device, c.dims);
                INFO("reduction ", int(reduction), " of ", c.shape, " over ", c.dims);
                CHECK(difference(out) <= 1e-4);
                Twin again = random_twin(kept, Memory::row_major, f32);
                cuda_kernels::reduce(reduction, again.device, src.device, c.dims);
                CHECK(difference(raw::to(out.device, cpu), again.device) == 0);
            }
}

TEST_CASE("cuda: argmax and argsort along every dimension, with ties and NaN") {
    if (no_gpu()) return;
    for (const Shape& shape : {Shape{4, 6, 8}, Shape{3, 100, 2}, Shape{1, 1, 1}})
        for (DType dtype : kNumbers)
            for (Memory layout : kReadable)
                for (int dim = 0; dim < 3; ++dim)
                    for (bool flag : {false, true}) {
                        Twin src = random_twin(shape, layout, dtype, 0, 4);
                        if (dtype == f32) {  // many equal values, both zeros, and NaN
                            std::vector<double> buffer = src.host_buffer.to_vector();
                            for (double& x : buffer)
                                x = x > 3 ? kNaN : x > 2 ? -0.0 : std::floor(x);
                            src = twin_of(buffer, shape, src.host.strides(), src.host.offset(),
                                          dtype);
                        }
                        INFO(name_of(dtype), " ", shape, ", layout ", int(layout), ", dim ", dim,
                             flag ? ", smallest or descending" : "");
                        Twin where = random_twin(with_size(shape, dim, 1), Memory::row_major, i64);
                        cpu_kernels::argmax(where.host, src.host, dim, flag);
                        cuda_kernels::argmax(where.device, src.device, dim, flag);
                        CHECK(difference(where) == 0);
                        Twin order = random_twin(shape, Memory::row_major, i64);
                        cpu_kernels::argsort(order.host, src.host, dim, flag);
                        cuda_kernels::argsort(order.device, src.device, dim, flag);
                        CHECK(difference(order) == 0);
                    }
}

TEST_CASE("cuda: cumsum of short and long lines, both ways") {
    if (no_gpu()) return;
    for (const Shape& shape : {Shape{4, 6, 8}, Shape{3, 1000, 2}})
        for (DType dtype : kNumbers)
            for (Memory layout : kReadable)
                for (int dim = 0; dim < 3; ++dim)
                    for (bool reverse : {false, true}) {
                        const Twin src =
                            random_twin(shape, layout, dtype, 0, 1, dtype != DType::u8);
                        Twin out = random_twin(shape, Memory::row_major, dtype);
                        cpu_kernels::cumsum(out.host, src.host, dim, reverse);
                        cuda_kernels::cumsum(out.device, src.device, dim, reverse);
                        INFO(name_of(dtype), " ", shape, ", layout ", int(layout), ", dim ", dim,
                             reverse ? ", reverse" : "");
                        // Two orders of 1000 additions to partial sums of up to 30 or so:
                        // sqrt(1000) roundings of u 30, and the sum may be small.
                        CHECK(difference(out) <= 4 * tolerance(dtype));
                    }
}
