#include "tensor/capture/recorder.h"

#include <algorithm>
#include <utility>

#include "tensor/capture/host_input.h"
#include "tensor/capture/staging_buffer.h"
#include "tensor/raw_copy.h"

namespace eps {
namespace {

constexpr const char* kOp = "Step";
constexpr const char* kDiffers =
    "the step does other things on the host than the last time; hint: one Step for each of the "
    "things it may do";

thread_local StepRecorder* innermost = nullptr;

StepGenerator* found(std::vector<StepGenerator>& generators, const Generator* generator) {
    const auto place =
        std::find_if(generators.begin(), generators.end(),
                     [&](const StepGenerator& g) { return g.generator == generator; });
    return place == generators.end() ? nullptr : &*place;
}

}  // namespace

StepRecorder::StepRecorder(Device device, std::vector<HostResult> made)
    : mode_(Mode::watch),
      device_(device),
      outer_(std::exchange(innermost, this)),
      made_(std::move(made)) {}

StepRecorder::StepRecorder(Device device, const StepRecord& watched, StepSlots slots)
    : mode_(Mode::capture),
      device_(device),
      outer_(std::exchange(innermost, this)),
      expected_(watched.host_inputs),
      slots_(std::move(slots)) {
    record_.generators = watched.generators;
    for (StepGenerator& each : record_.generators) {
        each.seed = each.generator->seed();
        each.start = each.generator->counter();
        each.blocks = 0;
    }
}

StepRecorder::~StepRecorder() { innermost = outer_; }
StepRecorder* StepRecorder::current() { return innermost; }

std::vector<Tensor> StepRecorder::host_input(Device device, HostInput input) {
    return mode_ == Mode::watch ? watch(device, std::move(input))
                                : capture(device, std::move(input));
}

std::vector<Tensor> StepRecorder::watch(Device device, HostInput input) {
    const std::size_t index = record_.host_inputs.size();
    record_.host_inputs.push_back(std::move(input));
    std::vector<Tensor> tensors = index < made_.size() ? use_made(index) : call(index);
    for (Tensor& x : tensors) {
        record_.host_inputs[index].types.push_back(type_of(x));
        x = raw::to(x, device);
    }
    return tensors;
}

std::vector<Tensor> StepRecorder::call(std::size_t index) {
    struct InHostInput {
        bool& flag;
        explicit InHostInput(bool& f) : flag(f) { flag = true; }
        ~InHostInput() { flag = false; }
    } const scope(in_host_input_);
    return record_.host_inputs[index].make();
}

std::vector<Tensor> StepRecorder::use_made(std::size_t index) {
    record_.host_inputs[index].drawn = made_[index].drawn;
    for (const auto& [generator, blocks] : made_[index].drawn)
        generator->set_state(generator->seed(), generator->counter() + blocks);
    return made_[index].tensors;
}

// The host input is not called, but the generators advance by what it draws when it is: later draws
// of the device come after its own.
std::vector<Tensor> StepRecorder::capture(Device device, HostInput input) {
    const std::size_t index = record_.host_inputs.size();
    check(index < expected_.size() && expected_[index].is_work == input.is_work &&
              (input.is_work || device == device_),
          kOp, kDiffers);
    input.types = expected_[index].types;
    for (StepGenerator& each : record_.generators) {
        input.before.push_back(each.blocks);
        for (const auto& [generator, blocks] : expected_[index].drawn)
            if (generator == each.generator) {
                input.drawn.emplace_back(generator, blocks);
                each.blocks += blocks;
                generator->set_state(generator->seed(), generator->counter() + blocks);
            }
    }
    record_.host_inputs.push_back(std::move(input));
    return slots_.host_inputs[index];
}

void StepRecorder::drew(Generator& generator, std::int64_t blocks) {
    const auto count = static_cast<std::uint64_t>(blocks);
    if (mode_ == Mode::capture) {
        if (StepGenerator* known = found(record_.generators, &generator)) known->blocks += count;
        return;
    }
    if (!in_host_input_) return;
    auto& drawn = record_.host_inputs.back().drawn;
    const auto entry = std::find_if(drawn.begin(), drawn.end(),
                                    [&](const auto& each) { return each.first == &generator; });
    if (entry == drawn.end())
        drawn.emplace_back(&generator, count);
    else
        entry->second += count;
}

void StepRecorder::destroyed(const Generator& generator) {
    for (HostInput& input : record_.host_inputs)
        std::erase_if(input.drawn, [&](const auto& each) { return each.first == &generator; });
    if (std::erase_if(record_.generators,
                      [&](const StepGenerator& each) { return each.generator == &generator; }) > 0)
        record_.fallback_reason =
            "a generator that ends with the step draws on the device; hint: keep it outside of the "
            "step";
}

void StepRecorder::will_draw(Generator& generator, Device device) {
    const bool known = found(record_.generators, &generator) != nullptr;
    if (mode_ == Mode::watch) {
        if (!known && device == device_ && !in_host_input_)
            record_.generators.push_back({.generator = &generator});
        return;
    }
    check(device == device_, kOp, "random numbers are drawn on ", device,
          " in a captured step: every replay would have the same; hint: draw them on ", device_,
          ", or make them an input of the step");
    check(known, kOp,
          "the step draws from other generators than the last time; hint: one Step for each of the "
          "things it may do");
}

kernels::PhiloxState StepRecorder::state_of(const Generator& generator, std::uint64_t first) {
    if (mode_ == Mode::watch) return {generator.seed(), first};
    const StepGenerator* known = found(record_.generators, &generator);
    const auto* counters = static_cast<const std::uint64_t*>(slots_.counters.raw_data());
    return {generator.seed(), first - known->start, counters + (known - record_.generators.data())};
}

void StepRecorder::rewind() const {
    for (const StepGenerator& each : record_.generators)
        each.generator->set_state(each.generator->seed(), each.start);
}

void StepRecorder::check_read(const char* op, Device device) const {
    check(mode_ != Mode::capture || device != device_, op,
          "a captured step cannot read numbers of ", device,
          ", which are not computed yet; hint: return the tensor from the step and read it there");
}

void StepRecorder::check_copy(Device from, Device to) const {
    if (mode_ != Mode::capture || from == to) return;
    check_read("to", from);
    check(to != device_, "to", "a captured step cannot copy from ", from,
          ": every replay would have the same numbers; hint: make it an input of the step, or "
          "copy it before the step");
}

std::vector<Tensor> host_tensors(Device device, std::function<std::vector<Tensor>()> make) {
    if (StepRecorder* const recorder = StepRecorder::current())
        return recorder->host_input(device, {.make = std::move(make)});
    std::vector<Tensor> tensors = make();
    for (Tensor& x : tensors) x = raw::to(x, device);
    return tensors;
}

Tensor host_tensor(Device device, std::function<Tensor()> make) {
    if (!StepRecorder::current()) return raw::to(make(), device);
    const std::vector<Tensor> tensors =
        host_tensors(device, [make = std::move(make)] { return std::vector<Tensor>{make()}; });
    check(tensors.size() == 1, kOp, kDiffers);
    return tensors[0];
}

Tensor host_number(Options options, std::function<double()> number) {
    return host_tensor(options.device, [dtype = options.dtype, number = std::move(number)] {
        return Tensor(number(), {.dtype = dtype});
    });
}

void host_work(std::function<void()> work) {
    StepRecorder* const recorder = StepRecorder::current();
    if (!recorder) return work();
    const auto make = [work = std::move(work)] {
        work();
        return std::vector<Tensor>();
    };
    recorder->host_input({}, {.make = make, .is_work = true});
}

}  // namespace eps
