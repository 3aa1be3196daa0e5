// Steps of a Learner: batches in parts, learning rates, clipping, the average, and its state.
#include "experiments/run/learner.h"

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "nn/layers/activation.h"
#include "nn/layers/linear.h"
#include "nn/loss.h"
#include "nn/sequential.h"
#include "tensor/create.h"
#include "tests/nn/support.h"

using namespace eps;
using namespace nn_test;
using models::batch_parts;
using models::BatchPart;
using models::Learner;
using models::LearnerOptions;

namespace {

// A regression on ten rows of data.
struct Regression {
    Generator generator{1};
    nn::Sequential net;
    Tensor data, target;

    Regression() {
        const nn::LinearOptions options{.dtype = f64, .generator = &generator};
        net.add<nn::Linear>(3, 5, options).add<nn::Tanh>().add<nn::Linear>(5, 2, options);
        data = randn({10, 3}, {.dtype = f64}, generator);
        target = randn({10, 2}, {.dtype = f64}, generator);
    }
    models::Loss loss_of(const BatchPart& part) {
        const Tensor x = narrow(data, 0, part.start, part.count);
        const Tensor loss = nn::mse_loss(net(x), narrow(target, 0, part.start, part.count));
        return {loss, {{"loss", loss}, {"rows", Tensor(static_cast<double>(part.count))}}};
    }
    std::vector<double> parameters() const {
        std::vector<double> all;
        for (const Tensor& p : net.parameters())
            for (const double v : p.to_vector()) all.push_back(v);
        return all;
    }
};

// The losses shown in three steps, each taken in this many parts, and then the parameters.
std::vector<double> trained(std::int64_t parts,
                            nn::GradScalerOptions scaling = {.enabled = false}) {
    Regression regression;
    Learner learner(regression.net, {.lr = 0.1, .loss_scaling = scaling});
    std::vector<double> out;
    for (int step = 0; step < 3; ++step) {
        for (const BatchPart& part : batch_parts(10, parts))
            learner.add(regression.loss_of(part), part.share);
        const NamedTensors shown = learner.step();
        CHECK(shown.size() == (scaling.enabled ? 3 : 2));
        out.push_back(shown[0].second.item());
    }
    for (const double p : regression.parameters()) out.push_back(p);
    return out;
}

}  // namespace

TEST_CASE("Learner: a batch in parts, equal or not, makes the step of the whole batch") {
    const std::vector<double> whole = trained(1);
    for (const std::int64_t parts : {2, 3, 10}) CHECK(distance(trained(parts), whole) < 1e-12);
    CHECK(trained(3, {.init_scale = 1024}) == trained(3));
}

TEST_CASE("the parts of a batch are its rows, each once and in order") {
    const auto parts_of = [](std::int64_t n, std::int64_t parts) {
        std::vector<std::pair<std::int64_t, std::int64_t>> all;
        double share = 0;
        for (const BatchPart& part : batch_parts(n, parts)) {
            all.emplace_back(part.start, part.count);
            share += part.share;
        }
        CHECK(share == doctest::Approx(1));
        return all;
    };
    using Parts = std::vector<std::pair<std::int64_t, std::int64_t>>;
    CHECK(parts_of(7, 3) == Parts{{0, 3}, {3, 2}, {5, 2}});
    CHECK(parts_of(4, 1) == Parts{{0, 4}});
    CHECK(contains(error_of([] { batch_parts(2, 3); }), "cannot take 2 rows in 3 parts"));
    CHECK(contains(error_of([] { batch_parts(2, 0); }), "in 0 parts"));
}

TEST_CASE("Learner: the numbers shown are means over the parts, then the norm of gradients") {
    Regression regression;
    Learner learner(regression.net, {.lr = 0.1, .grad_clip = 1e-3});
    for (const BatchPart& part : batch_parts(10, 3))
        learner.add(regression.loss_of(part), part.share);
    const NamedTensors shown = learner.step();
    REQUIRE(shown.size() == 3);
    CHECK(shown[1].first == "rows");
    CHECK(shown[1].second.item() == doctest::Approx((4 * 4 + 3 * 3 + 3 * 3) / 10.0));
    CHECK(shown[2].first == "grad_norm");
    CHECK(shown[2].second.item() > 1e-3);  // before clipping
    for (const Tensor& p : regression.net.parameters()) CHECK_FALSE(p.grad().defined());
}

TEST_CASE("Learner: a state that is loaded continues bitwise, with the average") {
    const LearnerOptions options{
        .lr = 0.1, .lr_decay = "cosine", .steps = 8, .grad_clip = 1, .ema = 0.9};
    const BatchPart all{0, 10, 1};
    Regression first, second;
    Learner one(first.net, options), other(second.net, options);
    models::TrainState saved, loaded;
    saved.add("model", first.net);
    one.add_to(saved);
    saved.add("noise", first.generator);
    loaded.add("model", second.net);
    other.add_to(loaded);
    loaded.add("noise", second.generator);
    for (int step = 0; step < 4; ++step) {
        one.begin(step);
        one.step(first.loss_of(all));
    }
    first.generator.set_state(5, 6);
    loaded.load(saved.save());
    CHECK(second.generator.counter() == 6);
    for (int step = 4; step < 8; ++step) {
        one.begin(step);
        one.step(first.loss_of(all));
        other.begin(step);
        other.step(second.loss_of(all));
    }
    const NamedTensors a = saved.save(), b = loaded.save();
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        CHECK(a[i].first == b[i].first);
        CHECK(a[i].second.to_vector() == b[i].second.to_vector());
    }
    CHECK(contains(error_of([&] { loaded.load({}); }), "load"));
}
