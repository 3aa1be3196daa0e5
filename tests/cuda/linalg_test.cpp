// Factorisations on the GPU, from one thread's work to more rows than a block has threads; and that
// they do not wait to find an error.
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/linalg/linalg.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/random.h"
#include "tensor/raw_copy.h"
#include "tests/cuda/twins.h"

using namespace eps;
using namespace eps::test;

TEST_CASE("cuda: factors multiply to the matrix, solutions solve") {
    if (no_gpu()) return;
    Generator generator(5);
    for (DType dtype : {f32, f64})
        for (std::int64_t n : {1, 40, 300}) {
            INFO(std::string(name_of(dtype)), " ", n);
            const auto check_equal = [&](const Tensor& a, const Tensor& b) {
                CHECK(difference(raw::to(a, cpu), raw::to(b, cpu)) < (dtype == f32 ? 1e-3 : 1e-11));
            };
            const Tensor x =
                raw::to(rand({2, n, n}, {.dtype = dtype}, generator), cuda) * 2.0 - 1.0;
            const Tensor unit = expand(eye(n, x.options()), x.shape()),
                         positive = matmul(x, transpose(x)) + unit, l = cholesky(positive);
            check_equal(matmul(l, transpose(l)), positive);
            const Lu f = lu(x);
            check_equal(matmul(f.p, matmul(f.l, f.u)), x);
            const Qr o = qr(narrow(x, -1, 0, (n + 1) / 2));
            check_equal(matmul(o.q, o.r), narrow(x, -1, 0, (n + 1) / 2));
            check_equal(matmul(transpose(o.q), o.q),
                        expand(eye((n + 1) / 2, x.options()), o.r.shape()));
            const Tensor tall = narrow(x, -1, 0, (n + 1) / 2);
            for (const Tensor& rectangle : {tall, transpose(tall)}) {
                const Lu some = lu(rectangle);
                check_equal(matmul(some.p, matmul(some.l, some.u)), rectangle);
                const Svd s = svd(rectangle);
                check_equal(matmul(s.u * unsqueeze(s.s, -2), s.vt), rectangle);
                check_equal(matmul(transpose(s.u), s.u),
                            expand(eye((n + 1) / 2, x.options()), o.r.shape()));
            }
            const Eigh e = eigh(positive);
            check_equal(
                matmul(e.eigenvectors * unsqueeze(e.eigenvalues, -2), transpose(e.eigenvectors)),
                positive);
            check_equal(matmul(positive, solve(positive, x)), x);
        }
}

TEST_CASE("cuda: a matrix without what was asked for gives NaN or infinity, and no wait") {
    if (no_gpu()) return;
    const Tensor zero = zeros({2, 3, 3}, {.device = cuda});
    for (const Tensor& x : {cholesky(zero), eigh(zero + NAN).eigenvalues, inverse(zero)})
        for (double value :
             {raw::to(x, cpu).to_vector().front(), raw::to(x, cpu).to_vector().back()})
            CHECK_FALSE(std::isfinite(value));
    CHECK(raw::to(slogdet(zero).sign, cpu).to_vector() == std::vector<double>{0, 0});
}
