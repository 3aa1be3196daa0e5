// Memory that runs out within a training step of every family, at each of its allocations.
#include "autograd/ops/shape/shape.h"
#include "experiments/run/checksum.h"
#include "experiments/run/family.h"
#include "tensor/create.h"
#include "tensor/runtime/allocator.h"
#include "tests/experiments/family_options.h"
#include "tests/fault_allocation.h"
#include "tests/faults/faults.h"

using namespace eps;
using namespace eps::test;

namespace {

struct StepCase {
    std::string family, what;
    Given given;
    bool images = false;
    // What changes together: names of the state begin so. Each group is as before, or as after.
    std::vector<Words> groups = {{"model.", "optimizer.", "scaler.", "ema."}};
};

const StepCase cases[] = {
    {"vae", "", {{"hidden", std::int64_t{8}}, {"latent", std::int64_t{2}}}, true},
    {"vae",
     "in parts, with a flow",
     {{"hidden", std::int64_t{8}},
      {"latent", std::int64_t{2}},
      {"flow", std::string("planar")},
      {"flow-k", std::int64_t{1}},
      {"accumulate", std::int64_t{2}}},
     true},
    {"gan",
     "",
     {{"data", std::string("ring8")}, {"width", std::int64_t{8}}, {"k", std::int64_t{2}}},
     false,
     {{"generator.", "generator_optimizer."}}},
    {"gan",
     "penalised",
     {{"data", std::string("grid25")},
      {"width", std::int64_t{8}},
      {"gp", std::string("r1")},
      {"ema", 0.9}},
     false,
     {{"generator.", "generator_optimizer."}, {"discriminator.", "discriminator_optimizer."}}},
    {"ddpm",
     "",
     {{"data", std::string("grid25")},
      {"T", std::int64_t{20}},
      {"width", std::int64_t{8}},
      {"blocks", std::int64_t{1}},
      {"dropout", 0.2},
      {"importance", true},
      {"grad-clip", 1.0}}},
    {"flow", "", {{"flow", std::string("spline")}, {"target", std::string("moons")}, {"ema", 0.9}}},
    {"flow",
     "on an energy",
     {{"flow", std::string("planar")}, {"target", std::string("U1")}, {"k", std::int64_t{2}}}},
};

std::string sum_of(const NamedTensors& state) { return models::Checksum().add(state).text(); }
std::string sum_of(const NamedTensors& state, const Words& prefixes) {
    NamedTensors some;
    for (const auto& entry : state)
        for (const std::string& prefix : prefixes)
            if (entry.first.starts_with(prefix)) some.push_back(entry);
    return sum_of(some);
}
NamedTensors copy_of(const NamedTensors& state) {
    NamedTensors copies;
    for (const auto& [name, x] : state) copies.emplace_back(name, clone(x));
    return copies;
}

class FailingSteps {
public:
    FailingSteps(const StepCase& c, const TempFolder& data) : groups_(c.groups) {
        Given given = c.given;
        given.emplace_back("batch", std::int64_t{10});
        given.emplace_back("steps", std::int64_t{100});
        if (c.images) {
            given.emplace_back("data", std::string("mnist"));
            given.emplace_back("data-dir", data.path().string());
        }
        const auto make = [&] {
            for (const models::Family& family : models::families())
                if (family.name == c.family) return family.make(config_of(family, given));
            FAIL("no family " << c.family);
            return std::unique_ptr<models::Task>();
        };
        undisturbed_ = make();
        task_ = make();
        // The step that fails begins an epoch, and needs a new order of the data.
        index_ = std::max<std::int64_t>(1, undisturbed_->steps_per_epoch());
        for (std::int64_t i = 0; i < index_; ++i) undisturbed_->step(i), task_->step(i);
        before_ = copy_of(undisturbed_->state());
        undisturbed_->step(index_);
        after_ = copy_of(undisturbed_->state());
        undisturbed_->step(index_ + 1);
        next_ = sum_of(undisturbed_->state());
        REQUIRE(sum_of(task_->state()) == sum_of(before_));
    }

    /// Fails at allocation n; returns false if a step makes fewer.
    bool fail_at(std::int64_t n, bool lasting) {
        allocator_of(cpu).release_cache();
        bool done = false;
        FailingAllocation failure(n, lasting);
        try {
            task_->step(index_);
            done = true;
        } catch (const std::exception&) {}
        const bool failed = failure.end();
        CAPTURE(n);
        CAPTURE(lasting);
        if (done) CHECK(sum_of(task_->state()) == sum_of(after_));
        for (const Words& group : groups_) {
            const std::string now = sum_of(task_->state(), group);
            CHECK((now == sum_of(before_, group) || now == sum_of(after_, group)));
        }
        task_->load_state(before_);
        return failed;
    }
    /// Nothing but the state had changed: two steps from it are those of the undisturbed task.
    /// Returns how many allocations live afterwards.
    std::int64_t check_next_steps() {
        task_->step(index_);
        REQUIRE(sum_of(task_->state()) == sum_of(after_));
        task_->step(index_ + 1);
        REQUIRE(sum_of(task_->state()) == next_);
        task_->load_state(before_);
        allocator_of(cpu).release_cache();
        return live_allocations();
    }

private:
    std::vector<Words> groups_;
    std::unique_ptr<models::Task> undisturbed_, task_;
    std::int64_t index_ = 0;
    NamedTensors before_, after_;
    std::string next_;
};

}  // namespace

TEST_CASE("out of memory in a step of any family: it throws, leaks nothing, and can be repeated") {
    const TempFolder data;
    put_tiny_data(data);
    for (const StepCase& c : cases) {
        CAPTURE(c.family);
        CAPTURE(c.what);
        FailingSteps steps(c, data);
        const std::int64_t stride = all_faults() ? 1 : 11;
        const std::int64_t live = steps.check_next_steps();
        std::int64_t failures = 0, left = 0;
        for (const bool lasting : {true, false}) {
            std::int64_t n = 0;
            for (; steps.fail_at(n, lasting); n += stride) {
                ++failures;
                left = steps.check_next_steps() - live;
                REQUIRE(n < 100'000);
            }
            CHECK(n > 50);
        }
        CHECK_MESSAGE(left <= 0, left);
        MESSAGE(c.family << " " << c.what << ": " << failures << " steps failed, " << left
                         << " allocations left");
    }
}
