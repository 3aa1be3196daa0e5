// copy, fill and arange: CPU against CUDA.
#include "tests/cuda/twins.h"

using namespace eps;
using namespace eps::test;

TEST_CASE("cuda: copy converts every dtype to every other, from every layout to every other") {
    if (no_gpu()) return;
    for (DType from :
         {DType::boolean, DType::u8, DType::i64, DType::f16, DType::bf16, DType::f32, DType::f64})
        for (DType to : {DType::boolean, DType::u8, DType::i64, DType::f16, DType::bf16, DType::f32,
                         DType::f64})
            for (Memory out_layout : kWritable)
                for (Memory layout : kReadable) {
                    Twin out = random_twin({4, 6, 8}, out_layout, to);
                    const Twin src = random_twin({4, 6, 8}, layout, from);
                    cpu_kernels::copy(out.host, src.host);
                    cuda_kernels::copy(out.device, src.device);
                    INFO(name_of(from), " to ", name_of(to), ", layouts ", int(layout), " to ",
                         int(out_layout));
                    CHECK(difference(out) == 0);
                }
}

TEST_CASE("cuda: copy of large transposed matrices, rows of wide words, and broadcasts") {
    if (no_gpu()) return;
    for (DType dtype : {DType::u8, DType::f16, DType::f32, DType::f64})
        for (const Shape& shape :
             {Shape{70, 33}, Shape{3, 65, 40}, Shape{8, 8}, Shape{2, 3, 4, 5}}) {
            const int last = shape.rank() - 1;
            Shape transposed = shape;
            std::swap(transposed[last], transposed[last - 1]);
            Strides strides = contiguous_strides(transposed);
            std::swap(strides[last], strides[last - 1]);
            const Twin whole = random_twin({numel(shape)}, Memory::row_major, dtype);
            Twin out = random_twin(shape, Memory::row_major, dtype);
            cpu_kernels::copy(out.host, whole.host.as_strided(shape, strides, 0));
            cuda_kernels::copy(out.device, whole.device.as_strided(shape, strides, 0));
            INFO(name_of(dtype), " ", shape);
            CHECK(difference(out) == 0);
        }
    // rows cut out of longer ones: 16-byte words where length, distance and address allow
    for (std::int64_t width : {16, 8, 6, 4, 3})
        for (std::int64_t length : {32, 33, 34})
            for (std::int64_t offset : {8, 9, 10}) {
                const Twin wide = random_twin({5 * 7 * length}, Memory::row_major, f32);
                Twin out = random_twin({5, 7, width}, Memory::row_major, f32);
                cpu_kernels::copy(
                    out.host, wide.host.as_strided({5, 7, width}, {7 * length, length, 1}, offset));
                cuda_kernels::copy(out.device, wide.device.as_strided(
                                                   {5, 7, width}, {7 * length, length, 1}, offset));
                CHECK(difference(out) == 0);
            }
    const Twin row = random_twin({8}, Memory::row_major, f32);
    Twin out = random_twin({3, 5, 8}, Memory::row_major, f32);
    cpu_kernels::copy(out.host, row.host);
    cuda_kernels::copy(out.device, row.device);
    CHECK(difference(out) == 0);
}

TEST_CASE("cuda: fill and arange") {
    if (no_gpu()) return;
    for (DType dtype :
         {DType::boolean, DType::u8, DType::i64, DType::f16, DType::bf16, DType::f32, DType::f64}) {
        for (Memory layout : kWritable)
            for (const Number value : {Number(0.0), Number(1.0), Number(3.25), Number(INT64_MAX)}) {
                Twin out = random_twin({4, 6, 8}, layout, dtype);
                cpu_kernels::fill(out.host, value);
                cuda_kernels::fill(out.device, value);
                CHECK(difference(out) == 0);
            }
        Twin out = random_twin({1000}, Memory::row_major, dtype);
        cpu_kernels::arange(out.host, 1, 0.1);
        cuda_kernels::arange(out.device, 1, 0.1);
        // one rounding less where product and sum are fused
        CHECK(difference(out) <= (dtype == f64 ? 1e-15 : 0));
    }
}
