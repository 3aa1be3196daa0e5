// N8, N9 and E6: radial flows (Rezende & Mohamed 2015, section 4 and appendix A.2).
#include <doctest/doctest.h>

#include <cmath>

#include "models/flow/radial.h"
#include "tests/models/flow_case.h"

using namespace eps;
using namespace eps::models;
using namespace eps::models::flow;
using namespace eps::test;

TEST_CASE("N8: radial determinants to 1e-12 and the closed inverse") {
    Generator generator(8);
    for (const std::int64_t dim : {1, 2, 5, 40}) {
        Radial radial(dim, generator);
        disturb(radial, generator, 0.7);
        const Tensor z = randn({8, dim}, doubles, generator);
        const Tensor J = jacobian([&](const Tensor& x) { return radial.map(x); }, z);
        const Transformed there = radial.transform(z);
        CHECK(largest(there.log_det - slogdet(J).logabsdet) < 1e-12);
        CHECK(largest(radial.inverse(there.z).z - z) < 1e-14);
        // The paper's form: (1 + beta h)^(d - 1) (1 + beta h + beta h' r), h = 1 / (alpha + r)
        const RadialMap f = radial.parameters_for(z);
        const Tensor r = norm(z - f.centre, 2, {1}), h = 1.0 / (f.alpha + r), beta = f.s - f.alpha;
        const Tensor base = 1.0 + beta * h;
        const Tensor det = pow(base, static_cast<double>(dim - 1)) * (base - beta * square(h) * r);
        CHECK(largest(exp(there.log_det) / det - 1.0) < 1e-12);
    }
    Radial radial(2, generator);  // at the centre itself
    const Tensor centre = unsqueeze(detach(radial.centre), 0);
    CHECK(largest(radial.map(centre) - centre) == 0);
    CHECK(largest(radial.inverse(centre).z - centre) == 0);
    CHECK(std::isfinite(radial.inverse(centre).log_det.item()));
}

TEST_CASE("N9: alpha > 0 and beta_hat = -alpha + softplus(beta) keep both brackets positive") {
    Generator generator(9);
    const std::int64_t n = 1'000'000;
    for (const DType dtype : {f32, f64}) {
        const Options options{.dtype = dtype};
        const RadialMap f =
            constrain_radial(zeros({n, 1}, options), 2.0 * randn({n}, options, generator),
                             8.0 * randn({n}, options, generator));
        const Tensor r = exp(2.0 * randn({n}, options, generator)), beta = f.s - f.alpha;
        const Tensor h = 1.0 / (f.alpha + r);
        CHECK(min(1.0 + beta * h).item() > 0);
        CHECK(min((r + f.s) * h).item() > 0);
        CHECK(min(square(h) * (r * (r + 2.0 * f.alpha) + f.alpha * f.s)).item() > 0);
    }
}

TEST_CASE("E6: with any alpha and any beta, as if R were enough, a radial map folds") {
    Generator generator(10);
    const Tensor alpha = randn({10000}, doubles, generator);
    const Tensor beta = randn({10000}, doubles, generator) * 2.0;
    const Tensor r = abs(randn({10000}, doubles, generator)), h = 1.0 / (alpha + r);
    const Tensor bracket = 1.0 + beta * h - beta * square(h) * r;
    CHECK(sum(bracket < 0.0).item() > 1000);
    const Tensor positive = abs(alpha), g = 1.0 / (positive + r);  // alpha > 0 alone is not enough
    CHECK(sum(1.0 + beta * g - beta * square(g) * r < 0.0).item() > 100);
}
