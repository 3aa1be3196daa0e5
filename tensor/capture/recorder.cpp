#include "tensor/capture/recorder.h"

#include <algorithm>
#include <utility>

#include "tensor/capture/host_input.h"
#include "tensor/capture/staging_buffer.h"
#include "tensor/raw_copy.h"

namespace eps {
namespace {

constexpr const char* kOp = "Step";

thread_local StepRecorder* innermost = nullptr;

StepGenerator* found(std::vector<StepGenerator>& generators, const Generator* generator) {
    const auto place =
        std::find_if(generators.begin(), generators.end(),
                     [&](const StepGenerator& g) { return g.generator == generator; });
    return place == generators.end() ? nullptr : &*place;
}

}  // namespace

StepRecorder::StepRecorder(Device device, std::vector<GivenPart> given)
    : mode_(Mode::watch),
      device_(device),
      outer_(std::exchange(innermost, this)),
      given_(std::move(given)) {}

StepRecorder::StepRecorder(Device device, const StepRecord& seen, const StepMail& mail)
    : mode_(Mode::capture),
      device_(device),
      outer_(std::exchange(innermost, this)),
      expected_(seen.parts),
      mail_(&mail) {
    record_.generators = seen.generators;
    for (StepGenerator& each : record_.generators) {
        each.seed = each.generator->seed();
        each.start = each.generator->counter();
        each.blocks = 0;
    }
}

StepRecorder::~StepRecorder() { innermost = outer_; }
StepRecorder* StepRecorder::current() { return innermost; }

Tensor StepRecorder::host_part(Device device, bool makes_tensor, std::function<Tensor()> make) {
    HostPart part{.make = std::move(make), .makes_tensor = makes_tensor};
    return mode_ == Mode::watch ? watched(device, std::move(part))
                                : captured(device, std::move(part));
}

Tensor StepRecorder::watched(Device device, HostPart part) {
    const std::size_t index = record_.parts.size();
    record_.parts.push_back(std::move(part));
    const Tensor made = index < given_.size() ? give(index) : make(index);
    if (!made.defined()) return made;
    record_.parts[index].dtype = made.dtype();
    record_.parts[index].shape = made.shape();
    return raw::to(made, device);
}

Tensor StepRecorder::make(std::size_t index) {
    struct InPart {
        bool& flag;
        explicit InPart(bool& f) : flag(f) { flag = true; }
        ~InPart() { flag = false; }
    } const scope(in_part_);
    return record_.parts[index].make();
}

Tensor StepRecorder::give(std::size_t index) {
    record_.parts[index].drawn = given_[index].drawn;
    for (const auto& [generator, blocks] : given_[index].drawn)
        generator->set_state(generator->seed(), generator->counter() + blocks);
    return given_[index].made;
}

// What the part draws when it is called is taken into account: later draws of the device stand
// behind it.
Tensor StepRecorder::captured(Device device, HostPart part) {
    const std::size_t index = record_.parts.size();
    check(index < expected_.size() && expected_[index].makes_tensor == part.makes_tensor &&
              (!part.makes_tensor || device == device_),
          kOp,
          "the step does other things on the host than the last time; hint: one Step for each of "
          "the things it may do");
    part.dtype = expected_[index].dtype;
    part.shape = expected_[index].shape;
    for (StepGenerator& each : record_.generators) {
        part.before.push_back(each.blocks);
        for (const auto& [generator, blocks] : expected_[index].drawn)
            if (generator == each.generator) {
                part.drawn.emplace_back(generator, blocks);
                each.blocks += blocks;
                generator->set_state(generator->seed(), generator->counter() + blocks);
            }
    }
    const bool gives = part.makes_tensor;
    record_.parts.push_back(std::move(part));
    return gives ? mail_->place(index) : Tensor();
}

void StepRecorder::drew(Generator& generator, std::int64_t blocks) {
    const auto count = static_cast<std::uint64_t>(blocks);
    if (mode_ == Mode::capture) {
        if (StepGenerator* known = found(record_.generators, &generator)) known->blocks += count;
        return;
    }
    if (!in_part_) return;
    auto& drawn = record_.parts.back().drawn;
    const auto entry = std::find_if(drawn.begin(), drawn.end(),
                                    [&](const auto& each) { return each.first == &generator; });
    if (entry == drawn.end())
        drawn.emplace_back(&generator, count);
    else
        entry->second += count;
}

void StepRecorder::ends(const Generator& generator) {
    for (HostPart& part : record_.parts)
        std::erase_if(part.drawn, [&](const auto& each) { return each.first == &generator; });
    if (std::erase_if(record_.generators,
                      [&](const StepGenerator& each) { return each.generator == &generator; }) > 0)
        record_.refusal =
            "a generator that ends with the step draws on the device; hint: keep it outside of the "
            "step";
}

void StepRecorder::will_draw(Generator& generator, Device device) {
    const bool known = found(record_.generators, &generator) != nullptr;
    if (mode_ == Mode::watch) {
        if (!known && device == device_ && !in_part_)
            record_.generators.push_back({.generator = &generator});
        return;
    }
    check(device == device_, kOp, "random numbers are drawn on ", device,
          " in a captured step: every replay would have the same; hint: on ", device_,
          ", or in a host_tensor");
    check(known, kOp,
          "the step draws from other generators than the last time; hint: one Step for each of the "
          "things it may do");
}

kernels::PhiloxState StepRecorder::state_of(const Generator& generator, std::uint64_t first) {
    if (mode_ == Mode::watch) return {generator.seed(), first};
    const StepGenerator* known = found(record_.generators, &generator);
    const auto* counters =
        static_cast<const std::uint64_t*>(mail_->place(expected_.size()).raw_data());
    return {generator.seed(), first - known->start, counters + (known - record_.generators.data())};
}

void StepRecorder::rewind() const {
    for (const StepGenerator& each : record_.generators)
        each.generator->set_state(each.generator->seed(), each.start);
}

void StepRecorder::refuse_read(const char* op, Device device) const {
    check(mode_ != Mode::capture || device != device_, op,
          "a captured step cannot look at numbers of ", device,
          ", which are not computed yet; hint: return the tensor from the step and read it there");
}

void StepRecorder::refuse_copy(Device from, Device to) const {
    if (mode_ != Mode::capture || from == to) return;
    refuse_read("to", from);
    check(to != device_, "to", "a captured step cannot copy from ", from,
          ": every replay would have the same numbers; hint: host_tensor, or copy ",
          "before the step");
}

Tensor host_tensor(Device device, std::function<Tensor()> make) {
    StepRecorder* recorder = StepRecorder::current();
    return recorder ? recorder->host_part(device, true, std::move(make)) : raw::to(make(), device);
}

Tensor host_number(Options options, std::function<double()> number) {
    return host_tensor(options.device, [dtype = options.dtype, number = std::move(number)] {
        return Tensor(number(), {.dtype = dtype});
    });
}

void host_work(std::function<void()> work) {
    StepRecorder* recorder = StepRecorder::current();
    if (!recorder) return work();
    recorder->host_part({}, false, [work = std::move(work)] {
        work();
        return Tensor();
    });
}

}  // namespace eps
