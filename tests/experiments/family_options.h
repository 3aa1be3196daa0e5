#pragma once
// The config that the command line makes of a family's options, and checks of tasks.
#include <doctest/doctest.h>

#include "autograd/ops/reduction/reduce.h"
#include "experiments/run/family.h"
#include "experiments/run/trainer.h"
#include "tensor/random.h"

namespace eps::test {

using Given = std::vector<std::pair<std::string, models::Value>>;

inline models::Config config_of(const models::Family& family, const Given& given) {
    models::Config config;
    config.set("family", family.name);
    for (const models::Option& option : models::run_options())
        config.set(option.name, option.fallback);
    for (const models::Option& option : family.options)
        if (!option.derived) config.set(option.name, option.fallback);
    for (const auto& [key, value] : given) config.set(key, value);
    return family.complete(config);
}

inline double scalar(const models::Scalars& scalars, const std::string& name) {
    for (const auto& [other, value] : scalars)
        if (other == name) return value;
    FAIL("no " << name);
    return 0;
}

inline bool same_state(const models::Task& a, const models::Task& b) {
    const NamedTensors x = a.state(), y = b.state();
    bool same = x.size() == y.size();
    for (std::size_t i = 0; same && i < x.size(); ++i)
        same = x[i].first == y[i].first && x[i].second.to_vector() == y[i].second.to_vector();
    return same;
}

/// Pictures, samples and evaluation between two steps change nothing that is trained; colours are
/// in [0, 1].
inline void check_evaluation_changes_nothing(models::Task& evaluated, models::Task& left_alone,
                                             std::int64_t steps) {
    for (std::int64_t step = 0; step < steps; ++step) {
        for (const models::Picture& picture : evaluated.pictures()) {
            CHECK(picture.pixels.numel() > 0);
            CHECK(min(picture.pixels).item() >= 0);
            CHECK(max(picture.pixels).item() <= 1);
        }
        Generator generator(9);
        CHECK(evaluated.sample(20, generator)[0].name == "samples");
        evaluated.step(step);
        left_alone.step(step);
    }
    CHECK(same_state(evaluated, left_alone));
}

}  // namespace eps::test
