// Matrix products: CPU against CUDA.
#include "tests/cuda/twins.h"

using namespace eps;
using namespace eps::test;

TEST_CASE("cuda: matmul of plain, transposed, strided and repeated operands") {
    if (no_gpu()) return;
    for (DType dtype : {f32, f64})
        for (const Shape& sizes : {Shape{3, 5, 7, 4}, Shape{1, 17, 33, 9}, Shape{4, 1, 6, 5},
                                   Shape{2, 6, 1, 3}, Shape{2, 6, 5, 1}, Shape{2, 3, 0, 4}})
            for (Memory a_layout : kReadable)
                for (Memory b_layout : kReadable)
                    for (bool accumulate : {false, true}) {
                        const std::int64_t batch = sizes[0], m = sizes[1], k = sizes[2],
                                           n = sizes[3];
                        const Twin a = random_twin({batch, m, k}, a_layout, dtype, -1, 1),
                                   b = random_twin({batch, k, n}, b_layout, dtype, -1, 1);
                        Twin out = random_twin({batch, m, n}, Memory::row_major, dtype, -1, 1);
                        cpu_kernels::matmul(out.host, a.host, b.host, accumulate);
                        cuda_kernels::matmul(out.device, a.device, b.device, accumulate);
                        INFO(name_of(dtype), " ", a.host.shape(), " x ", b.host.shape(),
                             ", layouts ", int(a_layout), " and ", int(b_layout));
                        CHECK(difference(out) <= tolerance(dtype));
                        // Columns side by side: the batched transposes that attention and the
                        // gradients of linear layers use.
                        const auto transposed = [](const Tensor& x) {
                            return x.as_strided({x.size(0), x.size(2), x.size(1)},
                                                {x.strides()[0], x.strides()[2], x.strides()[1]},
                                                x.offset());
                        };
                        Twin flipped = random_twin({batch, n, m}, Memory::row_major, dtype, -1, 1);
                        cpu_kernels::matmul(flipped.host, transposed(b.host), transposed(a.host),
                                            accumulate);
                        cuda_kernels::matmul(flipped.device, transposed(b.device),
                                             transposed(a.device), accumulate);
                        CHECK(difference(flipped) <= tolerance(dtype));
                    }
}

TEST_CASE("cuda: linear layers, with rows and weights in every layout") {
    if (no_gpu()) return;
    for (DType dtype : {f32, f64})
        for (Memory x_layout : kReadable)
            for (Memory weight_layout : kReadable)
                for (std::int64_t inputs : {0, 5, 64}) {
                    const Twin x = random_twin({33, inputs}, x_layout, dtype),
                               weight = random_twin({20, inputs}, weight_layout, dtype);
                    const Twin bias = random_twin({20}, Memory::row_major, dtype);
                    Twin out = random_twin({33, 20}, Memory::row_major, dtype);
                    cpu_kernels::linear(out.host, x.host, weight.host, bias.host);
                    cuda_kernels::linear(out.device, x.device, weight.device, bias.device);
                    INFO(name_of(dtype), ", layouts ", int(x_layout), " and ", int(weight_layout),
                         ", inputs ", inputs);
                    CHECK(difference(out) <= tolerance(dtype));
                }
}
