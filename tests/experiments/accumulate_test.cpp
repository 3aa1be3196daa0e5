// A batch in parts gives the step of the whole batch.
#include "experiments/run/accumulate.h"

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/reduction/reduce.h"
#include "nn/layers/activation.h"
#include "nn/layers/linear.h"
#include "nn/loss.h"
#include "nn/optim/optimizer.h"
#include "nn/sequential.h"
#include "tensor/create.h"
#include "tests/nn/support.h"

using namespace eps;
using namespace nn_test;

namespace {

// Three steps of Adam on 10 rows of data, each taken in this many parts: the parameters, then what
// was shown.
std::vector<double> trained(std::int64_t parts,
                            nn::GradScalerOptions scaling = {.enabled = false}) {
    Generator generator(1);
    nn::Sequential net;
    const nn::LinearOptions options{.dtype = f64, .generator = &generator};
    net.add<nn::Linear>(3, 5, options).add<nn::Tanh>().add<nn::Linear>(5, 2, options);
    const Tensor data = randn({10, 3}, {.dtype = f64}, generator),
                 target = randn({10, 2}, {.dtype = f64}, generator);
    nn::Adam adam(net.parameters(), {.lr = 0.1});
    nn::GradScaler scaler(scaling);
    std::vector<double> out;
    for (int step = 0; step < 3; ++step) {
        adam.zero_grad();
        const NamedTensors shown = models::accumulate(
            arange(0, 10, 1, {.dtype = i64}), parts, scaler,
            [&](const Tensor& rows) -> models::PartLoss {
                const Tensor loss =
                    nn::mse_loss(net(index_select(data, 0, rows)), index_select(target, 0, rows));
                return {loss,
                        {{"loss", loss}, {"rows", Tensor(static_cast<double>(rows.numel()))}}};
            });
        CHECK(shown.size() == 2);
        out.push_back(shown[0].second.item());
        scaler.step(adam);
        scaler.update();
    }
    for (const Tensor& p : net.parameters())
        for (const double v : p.to_vector()) out.push_back(v);
    return out;
}

}  // namespace

TEST_CASE("a batch in parts, equal or not, makes the step of the whole batch, to rounding") {
    const std::vector<double> whole = trained(1);
    for (const std::int64_t parts : {2, 3, 10}) CHECK(distance(trained(parts), whole) < 1e-12);
    CHECK(trained(3, {.init_scale = 1024}) == trained(3));
}

TEST_CASE("the parts of a batch are its rows, each once and in order") {
    nn::GradScaler unscaled({.enabled = false});
    Tensor w = zeros({}).requires_grad_();
    std::vector<std::vector<double>> seen;
    const NamedTensors shown = models::accumulate(
        arange(3, 10, 1, {.dtype = i64}), 3, unscaled, [&](const Tensor& rows) -> models::PartLoss {
            seen.push_back(rows.to_vector());
            return {w * mean(to(rows, f32)), {{"mean", mean(to(rows, f32))}}};
        });
    CHECK(seen == std::vector<std::vector<double>>{{3, 4, 5}, {6, 7}, {8, 9}});
    CHECK(shown[0].second.item() == doctest::Approx(6));
    CHECK(w.grad().item() == doctest::Approx(6));
    const auto none = [](const Tensor&) -> models::PartLoss { return {}; };
    CHECK(contains(
        error_of([&] { models::accumulate(arange(0, 2, 1, {.dtype = i64}), 3, unscaled, none); }),
        "cannot take 2 rows in 3 parts"));
    CHECK(contains(
        error_of([&] { models::accumulate(arange(0, 2, 1, {.dtype = i64}), 0, unscaled, none); }),
        "in 0 parts"));
}
