// The family "vae": its learning rate.
#include "experiments/vae/vae.h"

#include <cmath>
#include <doctest/doctest.h>

#include "tests/cli/tiny_data.h"
#include "tests/experiments/family_options.h"

using namespace eps;
using namespace eps::models;
using namespace eps::test;

namespace {

using Text = std::string;
using Whole = std::int64_t;

std::unique_ptr<Task> task_of(const TempFolder& data, const std::string& decay,
                              std::int64_t steps) {
    return vae_family().make(config_of(vae_family(), {{"data", Text("mnist")},
                                                      {"data-dir", data.path().string()},
                                                      {"hidden", Whole{8}},
                                                      {"latent", Whole{2}},
                                                      {"batch", Whole{10}},
                                                      {"lr-decay", decay},
                                                      {"steps", steps}}));
}

double weight_of(const Task& task) {
    for (const auto& [name, value] : task.state())
        if (name == "model.pixels.bias") return value.to_vector().at(0);
    FAIL("no model.pixels.bias");
    return 0;
}

}  // namespace

TEST_CASE(
    "vae: a learning rate that decays is whole at first, half in the middle, and 0 at the end; a "
    "decay needs an end") {
    TempFolder data;
    put_tiny_data(data);
    // Adam's first step is the rate itself.
    const auto first_step_at = [&](const std::string& decay, std::int64_t index) {
        const auto task = task_of(data, decay, 8);
        const double before = weight_of(*task);
        task->step(index);
        return std::abs(weight_of(*task) - before);
    };
    for (const std::string decay : {"none", "linear", "cosine"}) {
        CHECK(first_step_at(decay, 0) == doctest::Approx(1e-3).epsilon(1e-3));
        CHECK(first_step_at(decay, 4) ==
              doctest::Approx(decay == "none" ? 1e-3 : 5e-4).epsilon(1e-3));
        CHECK(first_step_at(decay, 8) == doctest::Approx(decay == "none" ? 1e-3 : 0).epsilon(1e-3));
    }
    CHECK(contains(message_of([&] { task_of(data, "linear", 0); }),
                   "--lr-decay linear ends with the run; got no --steps"));
}
