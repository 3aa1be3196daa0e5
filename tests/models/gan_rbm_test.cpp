// G11: what Goodfellow et al. 2014 set out to do without: partition functions and Markov chains.
#include "models/gan/theory/rbm.h"

#include <doctest/doctest.h>

#include <cmath>

#include "varepsilon.h"

using namespace eps;
using namespace eps::models;
using namespace eps::models::gan;

namespace {

const Options doubles{.dtype = f64};

// Two patterns, 1111 and 0000, of equal mass, the deeper apart the larger `strength` is.
Rbm two_patterns(double strength) {
    const Tensor W = full({4, 3}, strength, doubles);
    return {W, -0.5 * sum(W, {1}), -0.5 * sum(W, {0})};
}

double total_variation(const Tensor& p, const Tensor& q) { return 0.5 * sum(abs(p - q)).item(); }

// How often each state comes among the rows of v.
Tensor frequencies(const Tensor& v) {
    const std::vector<double> bits = v.to_vector();
    const auto units = static_cast<std::size_t>(v.size(1));
    std::vector<double> counts(std::size_t{1} << units);
    for (std::size_t at = 0; at < bits.size(); at += units) {
        std::size_t state = 0;
        for (std::size_t i = 0; i < units; ++i) state = 2 * state + (bits[at + i] == 1);
        counts[state] += 1 / static_cast<double>(v.size(0));
    }
    return tensor(counts, {static_cast<std::int64_t>(counts.size())}, doubles);
}

}  // namespace

TEST_CASE("G11: the partition function, by enumeration of all there is") {
    Generator generator(1);
    const Rbm rbm{randn({4, 3}, doubles, generator), randn({4}, doubles, generator),
                  randn({3}, doubles, generator)};
    const std::vector<double> W = rbm.W.to_vector(), b = rbm.b.to_vector(), c = rbm.c.to_vector();
    double Z = 0;
    for (unsigned v = 0; v < 16; ++v)
        for (unsigned h = 0; h < 8; ++h) {
            double energy = 0;
            for (unsigned i = 0; i < 4; ++i) energy += (v >> i & 1) * b[i];
            for (unsigned j = 0; j < 3; ++j) energy += (h >> j & 1) * c[j];
            for (unsigned i = 0; i < 4; ++i)
                for (unsigned j = 0; j < 3; ++j)
                    energy += (v >> i & 1) * (h >> j & 1) * W[3 * i + j];
            Z += std::exp(energy);
        }
    CHECK(rbm.log_partition() == doctest::Approx(std::log(Z)).epsilon(1e-14));
    CHECK(sum(rbm.probabilities()).item() == doctest::Approx(1).epsilon(1e-14));
    CHECK(max(abs(log(rbm.probabilities()) + rbm.log_partition() -
                  rbm.log_unnormalised(rbm.states())))
              .item() < 1e-12);
    // The chain's sweep is a distribution for each start, leaves p as it is, and looks the same
    // backwards.
    const Tensor T = rbm.transition(), p = rbm.probabilities(), flow = unsqueeze(p, 1) * T;
    CHECK(max(abs(sum(T, {1}) - 1.0)).item() < 1e-14);
    CHECK(max(abs(matmul(p, T) - p)).item() < 1e-14);
    CHECK(max(abs(flow - transpose(flow))).item() < 1e-15);
    // Its cost doubles with every unit, and soon there is none that could pay it.
    CHECK_THROWS_AS(
        (Rbm{zeros({20, 2}, doubles), zeros({20}, doubles), zeros({2}, doubles)}.log_partition()),
        Error);
    CHECK_THROWS_AS(
        (Rbm{zeros({16, 16}, doubles), zeros({16}, doubles), zeros({16}, doubles)}.transition()),
        Error);
}

TEST_CASE(
    "G11: the Gibbs chain samples the machine, but the better it separates its modes the slower") {
    Generator generator(2);
    constexpr std::int64_t kChains = 20000;
    const auto after = [&](const Rbm& rbm, std::int64_t sweeps) {  // from 0000, all chains
        return frequencies(rbm.gibbs(zeros({kChains, 4}, doubles), sweeps, generator));
    };
    const Rbm easy = two_patterns(0.5), hard = two_patterns(4);
    // of frequencies about probabilities, generously
    const double noise = 4 * 0.5 * std::sqrt(16.0 / kChains);
    CHECK(easy.relaxation_time() < 1);
    CHECK(total_variation(after(easy, 10), easy.probabilities()) < noise);
    CHECK(hard.relaxation_time() > 100);
    const double stuck = total_variation(after(hard, 20), hard.probabilities());
    CHECK(stuck > 0.3);  // at 20 sweeps a sample, where G takes one evaluation
    // The chain as drawn is the chain as computed.
    Tensor exact = tensor({1}, {1}, doubles);
    exact = concat({exact, zeros({15}, doubles)}, 0);
    for (int i = 0; i < 20; ++i) exact = matmul(exact, hard.transition());
    CHECK(total_variation(after(hard, 20), exact) < noise);
    CHECK(std::abs(stuck - total_variation(exact, hard.probabilities())) < noise);
    double before = 0;
    for (const double strength : {0.5, 1.0, 2.0, 3.0, 4.0}) {
        CHECK(two_patterns(strength).relaxation_time() > 2 * before);
        before = two_patterns(strength).relaxation_time();
    }
}
