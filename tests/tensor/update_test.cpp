// The optimiser kernel: every update rule against its formula in a plain loop, on tensors of many
// sizes at once.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "tensor/contract/kernels.h"
#include "tensor/create.h"
#include "tensor/random.h"
#include "tensor/runtime/parallel.h"

using namespace eps;
using kernels::Update, kernels::UpdateCoefficients, kernels::UpdateTensors;

namespace {

constexpr UpdateCoefficients kCoefficients{.lr = 0.1,
                                           .weight_decay = 0.03,
                                           .decoupled_decay = 0.02,
                                           .epsilon = 1e-3,
                                           .beta1 = 0.9,
                                           .beta2 = 0.99,
                                           .bias1 = 0.5,
                                           .bias2 = 0.25,
                                           .momentum = 0.8,
                                           .dampening = 0.1,
                                           .nesterov = 1,
                                           .first_step = 0};

struct Formula {
    Update update;
    const char* name;
    int states;
    std::function<void(const UpdateCoefficients& c, double& p, double g, double& s1, double& s2)>
        step;
};

const std::vector<Formula>& formulas() {
    static const std::vector<Formula> list{
        {Update::sgd, "sgd", 1,
         [](const UpdateCoefficients& c, double& p, double g, double& v, double&) {
             g += c.weight_decay * p;
             v = c.first_step != 0 ? g : c.momentum * v + (1 - c.dampening) * g;
             p -= c.lr * (c.nesterov != 0 ? g + c.momentum * v : v);
         }},
        {Update::adam, "adam", 2,
         [](const UpdateCoefficients& c, double& p, double g, double& m, double& v) {
             g += c.weight_decay * p;
             p *= 1 - c.lr * c.decoupled_decay;
             m = c.beta1 * m + (1 - c.beta1) * g;
             v = c.beta2 * v + (1 - c.beta2) * g * g;
             p -= c.lr * (m / c.bias1) / (std::sqrt(v / c.bias2) + c.epsilon);
         }},
        {Update::rmsprop, "rmsprop", 2,
         [](const UpdateCoefficients& c, double& p, double g, double& v, double& b) {
             g += c.weight_decay * p;
             v = c.beta1 * v + (1 - c.beta1) * g * g;
             b = c.momentum * b + g / (std::sqrt(v) + c.epsilon);
             p -= c.lr * b;
         }},
        {Update::adagrad, "adagrad", 1,
         [](const UpdateCoefficients& c, double& p, double g, double& s, double&) {
             g += c.weight_decay * p;
             s += g * g;
             p -= c.lr * g / (std::sqrt(s) + c.epsilon);
         }},
        {Update::adamax, "adamax", 2,
         [](const UpdateCoefficients& c, double& p, double g, double& m, double& u) {
             g += c.weight_decay * p;
             m = c.beta1 * m + (1 - c.beta1) * g;
             u = std::max(c.beta2 * u, std::fabs(g) + c.epsilon);
             p -= c.lr / c.bias1 * m / u;
         }},
        {Update::lion, "lion", 1,
         [](const UpdateCoefficients& c, double& p, double g, double& m, double&) {
             const double blend = c.beta1 * m + (1 - c.beta1) * g;
             p -= c.lr * (std::copysign(1.0, blend) + c.decoupled_decay * p);
             m = c.beta2 * m + (1 - c.beta2) * g;
         }},
        {Update::ema, "ema", 0,
         [](const UpdateCoefficients& c, double& p, double g, double&, double&) {
             p = c.beta1 * p + (1 - c.beta1) * g;
         }},
    };
    return list;
}

// Sizes around the chunks of threads, an empty tensor, and both types, all in one call.
std::vector<UpdateTensors> make_list(int states) {
    Generator generator(11);
    std::vector<UpdateTensors> list;
    for (std::int64_t n : {1, 0, 7, 8191, 8192, 8193, 40000})
        for (DType dtype : {f32, f64}) {
            const Options options{.dtype = dtype};
            list.push_back({.value = randn({n}, options, generator),
                            .gradient = randn({n}, options, generator),
                            .state1 = states >= 1 ? rand({n}, options, generator) : Tensor(),
                            .state2 = states >= 2 ? rand({n}, options, generator) : Tensor()});
        }
    return list;
}

double largest_error(const Formula& formula, const UpdateCoefficients& c) {
    const std::vector<UpdateTensors> list = make_list(formula.states),
                                     before = make_list(formula.states);
    kernels::multi_tensor_update(formula.update, kernels::as_tensor(c), list);
    double worst = 0;
    for (std::size_t t = 0; t < list.size(); ++t) {
        const auto values = [&](const Tensor& x) {
            return x.defined()
                       ? x.to_vector()
                       : std::vector<double>(static_cast<std::size_t>(list[t].value.numel()));
        };
        std::vector<double> p = values(before[t].value), g = values(before[t].gradient),
                            s1 = values(before[t].state1), s2 = values(before[t].state2);
        for (std::size_t i = 0; i < p.size(); ++i) formula.step(c, p[i], g[i], s1[i], s2[i]);
        const double allowed = list[t].value.dtype() == f32 ? 4e-6 : 1e-14;
        const auto compare = [&](const Tensor& x, const std::vector<double>& expected) {
            if (!x.defined()) return;
            const std::vector<double> got = x.to_vector();
            for (std::size_t i = 0; i < got.size(); ++i)
                worst = std::max(worst, std::fabs(got[i] - expected[i]) /
                                            (1 + std::fabs(expected[i])) / allowed);
        };
        compare(list[t].value, p);
        compare(list[t].state1, s1);
        compare(list[t].state2, s2);
        CHECK(list[t].gradient.to_vector() == before[t].gradient.to_vector());
        CHECK(list[t].value.storage().version() > before[t].value.storage().version());
    }
    return worst;
}

}  // namespace

TEST_CASE("every optimiser update follows its formula") {
    UpdateCoefficients first = kCoefficients, plain = kCoefficients;
    first.first_step = 1;
    plain.nesterov = 0;
    int covered = 0;
#define EPS_COUNT_UPDATE(name, S) +1
    constexpr int known = 0 EPS_UPDATES(EPS_COUNT_UPDATE);
    for (const Formula& formula : formulas()) {
        INFO(formula.name);
        for (const UpdateCoefficients& c : {kCoefficients, first, plain})
            CHECK(largest_error(formula, c) <= 1);
        ++covered;
    }
    CHECK(covered == known);
}

TEST_CASE("an update without momentum needs no state") {
    UpdateCoefficients c = kCoefficients;
    c.momentum = 0;
    c.dampening = 0;
    c.nesterov = 0;
    const UpdateTensors bare{full({9000}, 2), full({9000}, 3), {}, {}};
    kernels::multi_tensor_update(Update::sgd, kernels::as_tensor(c), std::span(&bare, 1));
    for (double v : bare.value.to_vector())
        CHECK(v == doctest::Approx(2 - 0.1 * (3 + 0.03 * 2)).epsilon(1e-6));
}

TEST_CASE("an update gives the same bits on any number of threads") {
    const int before = num_threads();
    for (const Formula& formula : formulas()) {
        std::vector<std::vector<double>> runs;
        for (int threads : {1, 2, 3}) {
            set_num_threads(threads);
            const std::vector<UpdateTensors> list = make_list(formula.states);
            kernels::multi_tensor_update(formula.update, kernels::as_tensor(kCoefficients), list);
            std::vector<double> all;
            for (const UpdateTensors& t : list)
                for (double v : t.value.to_vector()) all.push_back(v);
            runs.push_back(std::move(all));
        }
        INFO(formula.name);
        CHECK(runs[0] == runs[1]);
        CHECK(runs[0] == runs[2]);
    }
    set_num_threads(before);
}

TEST_CASE("Lion takes no step where the blend is 0, and keeps NaN") {
    UpdateCoefficients c = kCoefficients;
    c.decoupled_decay = 0;
    const UpdateTensors t{tensor({5, 5, 5, 5}), tensor({0, NAN, 1, -1}), zeros({4}), {}};
    kernels::multi_tensor_update(Update::lion, kernels::as_tensor(c), std::span(&t, 1));
    const std::vector<double> p = t.value.to_vector();
    CHECK(p[0] == 5);
    CHECK(std::isnan(p[1]));
    CHECK(p[2] == doctest::Approx(4.9));
    CHECK(p[3] == doctest::Approx(5.1));
}
