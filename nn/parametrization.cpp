#include "nn/parametrization.h"

#include <cmath>

#include "autograd/checkpoint.h"
#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/reduction/norms.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"

namespace eps::nn {
namespace {

constexpr std::int64_t kFirstIterations = 15;

std::int64_t checked_dim(const char* op, std::int64_t dim, const Tensor& weight) {
    check(dim >= -weight.rank() && dim < weight.rank(), op, "no such dimension; got dim ", dim,
          " of ", describe(weight));
    return dim < 0 ? dim + weight.rank() : dim;
}

Dims others(std::int64_t rank, std::int64_t dim) {
    Dims out;
    for (std::int64_t d = 0; d < rank; ++d)
        if (d != dim) out.push_back(d);
    return out;
}

/// The singular vectors u and v of the largest singular value, by the power method.
class PowerIteration final : public Module {
public:
    PowerIteration(const Tensor& matrix, const SpectralNormOptions& o)
        : iterations_(o.iterations), epsilon_(o.epsilon) {
        Generator& generator = o.generator ? *o.generator : default_generator();
        NoGrad guard;
        u_ = unit(randn({matrix.size(0)}, {matrix.dtype(), matrix.device()}, generator));
        v_ = unit(randn({matrix.size(1)}, {matrix.dtype(), matrix.device()}, generator));
        add_buffer("_u", u_);
        add_buffer("_v", v_);
        iterate(matrix, kFirstIterations);
    }

    /// u^T W v. In training u and v are iterated first. The graph saves copies of them, because a
    /// later forward may iterate before backward.
    Tensor sigma(const Tensor& matrix) {
        const std::vector<Tensor> uv = run_once([&]() -> std::vector<Tensor> {
            if (is_training()) iterate(matrix, iterations_);
            return {clone(u_), clone(v_)};
        });
        return sum(uv[0] * matmul(matrix, uv[1]));
    }

private:
    Tensor unit(const Tensor& x) const { return x / clamp(norm(x), {.lo = epsilon_}); }
    void iterate(const Tensor& matrix, std::int64_t count) {
        const Tensor transposed = transpose(matrix);
        for (std::int64_t i = 0; i < count; ++i) {
            u_.copy_(unit(matmul(matrix, v_)));
            v_.copy_(unit(matmul(transposed, u_)));
        }
    }

    Tensor u_, v_;
    std::int64_t iterations_;
    double epsilon_;
};

class SpectralNorm final : public Parametrization {
public:
    SpectralNorm(Tensor& weight, std::int64_t dim, const SpectralNormOptions& o)
        : original_(weight), dim_(dim), power_(matrix(), o) {
        add_parameter("original", original_);
        add("0", power_);
    }
    Tensor value() override { return original_ / power_.sigma(matrix()); }

private:
    Tensor matrix() const {
        Dims order{dim_};
        for (const std::int64_t d : others(original_.rank(), dim_)) order.push_back(d);
        return flatten(permute(original_, order), 1);
    }

    Tensor& original_;
    std::int64_t dim_;
    PowerIteration power_;
};

class WeightNorm final : public Parametrization {
public:
    WeightNorm(Tensor& weight, std::int64_t dim)
        : others_(others(weight.rank(), dim)), direction_(weight) {
        NoGrad guard;
        length_ = norm(direction_, 2, others_, true);
        add_parameter("original0", length_);
        add_parameter("original1", direction_);
    }
    Tensor value() override { return direction_ * (length_ / norm(direction_, 2, others_, true)); }

private:
    Dims others_;
    Tensor& direction_;
    Tensor length_;
};

}  // namespace

Module& spectral_norm(Module& layer, const SpectralNormOptions& options) {
    check(options.iterations >= 1, "spectral_norm", "needs at least one iteration; got ",
          options.iterations);
    check(std::isfinite(options.epsilon) && options.epsilon > 0, "spectral_norm",
          "epsilon must be positive; got ", options.epsilon);
    layer.parametrize("weight", [&](Tensor& weight, std::int64_t output_dim) {
        return std::make_unique<SpectralNorm>(
            weight, checked_dim("spectral_norm", options.dim.value_or(output_dim), weight),
            options);
    });
    return layer;
}

Module& weight_norm(Module& layer, const WeightNormOptions& options) {
    layer.parametrize("weight", [&](Tensor& weight, std::int64_t output_dim) {
        return std::make_unique<WeightNorm>(
            weight, checked_dim("weight_norm", options.dim.value_or(output_dim), weight));
    });
    return layer;
}

}  // namespace eps::nn
