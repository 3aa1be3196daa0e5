// Random numbers: CPU against CUDA.
#include "tests/cuda/twins.h"

using namespace eps;
using namespace eps::test;
using kernels::Distribution;
using kernels::PhiloxState;

TEST_CASE("cuda: the same random numbers as on the CPU") {
    if (no_gpu()) return;
    // the counter carries into its upper word
    const PhiloxState state{0x123456789abcdefull, 0xfffffffeull};
    for (std::int64_t n : {1, 2, 3, 4, 5, 1000, 4099})
        for (Memory layout : {Memory::row_major, Memory::shifted}) {
            const auto compare = [&](DType dtype, Distribution distribution, double a, double b,
                                     double allowed) {
                Twin out = random_twin({n}, layout, dtype, 0, 2);
                cpu_kernels::random(out.host, distribution, state, a, b);
                cuda_kernels::random(out.device, distribution, state, a, b);
                INFO(n, " of distribution ", int(distribution), " in ", name_of(dtype));
                CHECK(difference(out) <= allowed);
            };
            for (DType dtype : {f32, f64}) {
                compare(dtype, Distribution::uniform, 0, 1, 0);  // the words themselves
                compare(dtype, Distribution::uniform, -1, 3, dtype == f32 ? 1e-6 : 1e-15);
                compare(dtype, Distribution::normal, 2, 0.5, dtype == f32 ? 1e-6 : 1e-14);
            }
            for (DType dtype : {DType::boolean, DType::u8, DType::f32})
                compare(dtype, Distribution::bernoulli, 0.3, 0, 0);
            compare(i64, Distribution::randint, -5, 1e12, 0);
            for (DType dtype : {f32, f64}) {
                const Twin p = random_twin({n}, Memory::row_major, dtype, 0, 1);
                Twin out = random_twin({n}, layout, dtype);
                cpu_kernels::random_bernoulli(out.host, p.host, state);
                cuda_kernels::random_bernoulli(out.device, p.device, state);
                CHECK(difference(out) == 0);
            }
        }
}
