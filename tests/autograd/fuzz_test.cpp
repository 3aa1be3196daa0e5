// Random graphs against finite differences: combinations of shapes, sharing and reuse that no other
// test has.
#include <cmath>
#include <random>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tests/autograd/support.h"

using namespace eps;
using namespace eps::test;

namespace {

// Smooth ops with bounded derivatives, so that finite differences hold for a chain of twenty.
using Unary = Tensor (*)(const Tensor&);
using Binary = Tensor (*)(const Tensor&, const Tensor&);
const Unary unaries[] = {
    [](const Tensor& x) { return tanh(x); },
    [](const Tensor& x) { return sin(x); },
    [](const Tensor& x) { return sigmoid(x); },
    [](const Tensor& x) { return silu(x); },
    [](const Tensor& x) { return gelu(x); },
    [](const Tensor& x) { return x * 0.7; },
    [](const Tensor& x) { return -x; },
    [](const Tensor& x) { return atan(x) + 0.1; },
    [](const Tensor& x) { return sqrt(square(x) + 1.0); },
    [](const Tensor& x) { return 1.0 / (square(x) + 1.0); },
};
const Binary binaries[] = {
    [](const Tensor& a, const Tensor& b) { return a + b; },
    [](const Tensor& a, const Tensor& b) { return a - b; },
    [](const Tensor& a, const Tensor& b) { return sin(a) * b; },
    [](const Tensor& a, const Tensor& b) { return a / (square(b) + 1.0); },
    [](const Tensor& a, const Tensor& b) { return lerp(a, b, sigmoid(b)); },
};

/// A random program: the same draws give the same graph, so it can be evaluated again at other
/// leaves.
class Program {
public:
    explicit Program(std::uint32_t seed) : seed_(seed) {}

    Tensor operator()(const std::vector<Tensor>& leaves) const {
        std::mt19937 random(seed_);
        std::vector<Tensor> nodes = leaves;
        for (int i = 0; i < 20; ++i) nodes.push_back(next(nodes, random));
        Tensor total = zeros({}, {.dtype = f64});
        for (std::size_t i = nodes.size() - 4; i < nodes.size(); ++i)
            total = total + mean(nodes[i]);
        return total;
    }

private:
    static Tensor next(const std::vector<Tensor>& nodes, std::mt19937& random) {
        const auto pick = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
        const auto dim_of = [&](const Tensor& x) {
            return static_cast<std::int64_t>(pick(static_cast<std::size_t>(x.rank())));
        };
        const Tensor x = nodes[pick(nodes.size())], y = nodes[pick(nodes.size())];
        switch (pick(10)) {
            case 0:
            case 1: return unaries[pick(std::size(unaries))](x);
            case 2:
            case 3:
            case 4:
                return compatible(x, y) ? binaries[pick(std::size(binaries))](x, y)
                                        : binaries[pick(std::size(binaries))](x, mean(y));
            case 5:
                if (x.rank() == 0) return x * y;
                return pick(2) ? mean(x, {dim_of(x)}, pick(2) == 0)
                               : logsumexp(x, {dim_of(x)}, pick(2) == 0);
            case 6:
                if (x.rank() == 0) return x * y;
                if (y.rank() >= 2 && y.size(-2) == x.size(-1)) return tanh(matmul(x, y));
                return matmul(tanh(x), transpose(reshape(tanh(x), {-1, x.size(-1)})));
            case 7:
                if (x.rank() < 2) return x.rank() < 4 ? unsqueeze(x, 0) : x;
                return pick(2) ? transpose(x, dim_of(x), dim_of(x)) : reshape(x, {-1});
            case 8:
                if (x.rank() == 0 || x.size(0) < 2) return x * x * 0.3;
                return pick(2) ? slice(x, 0, 1, INT64_MAX, 2) : cumsum(x, dim_of(x)) * 0.5;
            default:
                if (x.rank() == 0 || x.numel() > 40) return tanh(x) * tanh(x);
                return concat({x, x * 0.5}, dim_of(x));
        }
    }
    static bool compatible(const Tensor& a, const Tensor& b) {
        return broadcastable_to(a.shape(), b.shape()) || broadcastable_to(b.shape(), a.shape());
    }

    std::uint32_t seed_;
};

double dot(const Tensor& a, const Tensor& b) { return sum(a * b).item(); }

}  // namespace

TEST_CASE("fuzz: a thousand random graphs agree with finite differences") {
    const Shape shapes[] = {{2, 3}, {3}, {}, {3, 2}, {2, 1, 3}};
    std::size_t leaves_reached = 0;
    for (std::uint32_t seed = 0; seed < 1000; ++seed) {
        const Program program(seed);
        std::vector<Tensor> leaves;
        for (std::size_t i = 0; i < std::size(shapes); ++i)
            leaves.push_back(uniform(shapes[i], -1.5, 1.5, 100 + seed * 10 + i).requires_grad_());
        const Tensor loss = program(leaves);
        REQUIRE(loss.requires_grad());
        const std::vector<Tensor> gradients = grad(loss, leaves, {.allow_unused = true});
        NoGrad guard;
        for (int direction = 0; direction < 2; ++direction) {
            constexpr double h = 1e-5;
            std::vector<Tensor> above, below;
            double analytic = 0;
            for (std::size_t i = 0; i < leaves.size(); ++i) {
                const Tensor step =
                    uniform(leaves[i].shape(), -1, 1,
                            7 + seed * 10 + i + 100'000 * static_cast<std::uint64_t>(direction));
                above.push_back(leaves[i] + step * h);
                below.push_back(leaves[i] - step * h);
                if (gradients[i].defined()) analytic += dot(gradients[i], step), ++leaves_reached;
            }
            const double up = program(above).item(), down = program(below).item(),
                         numeric = (up - down) / (2 * h);
            CHECK_MESSAGE(
                std::abs(analytic - numeric) <= 1e-7 * (1 + std::abs(numeric) + std::abs(up)),
                "seed ", seed, ": analytic ", analytic, ", numeric ", numeric);
        }
    }
    CHECK(leaves_reached > 4000);
}
