#include "tensor/capture/captured_step.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "tensor/create.h"
#include "tensor/raw_copy.h"

namespace eps {
namespace {

constexpr const char* kOp = "Step";
// The first call allocates what lasts (states, handles, workspaces), the second finds it there.
constexpr int kWarmUps = 2;

bool is_on_host(const Tensor& x) { return !x.device().is_cuda(); }

// Copies the elements of x to the address of `target`. Neither an op nor part of a graph.
void copy_elements(Tensor target, const Tensor& x) {
    if (x.device() == target.device()) return kernels::copy(target, x);
    const Tensor source = raw::contiguous(x);
    kernels::cuda::copy_bytes(target.raw_data(), target.device(), source.raw_data(), x.device(),
                              static_cast<std::size_t>(x.numel()) * size_of(x.dtype()));
}

void move_generators(const std::vector<StepGenerator>& generators,
                     const std::vector<std::uint64_t>& base,
                     const std::vector<std::uint64_t>& offsets) {
    for (std::size_t g = 0; g < generators.size(); ++g)
        generators[g].generator->set_state(generators[g].seed, base[g] + offsets[g]);
}

// Calls a host input with the step's generators at their place, `base` + input.before, and notes
// what it draws from them.
HostResult call_host_input(const HostInput& input, const std::vector<StepGenerator>& generators,
                           const std::vector<std::uint64_t>& base) {
    move_generators(generators, base, input.before);
    HostResult result{input.make(), {}};
    for (std::size_t g = 0; g < generators.size(); ++g) {
        Generator* const generator = generators[g].generator;
        const std::uint64_t blocks = generator->counter() - base[g] - input.before[g];
        if (blocks > 0) result.drawn.emplace_back(generator, blocks);
    }
    return result;
}

bool is_as_captured(const HostInput& input, const HostResult& result) {
    return input.drawn == result.drawn &&
           std::equal(input.types.begin(), input.types.end(), result.tensors.begin(),
                      result.tensors.end(), [](const TensorType& type, const Tensor& x) {
                          return x.defined() && type == type_of(x);
                      });
}

}  // namespace

const CaptureBackend* capture_backend(Device device) {
    static constexpr CaptureBackend gpu{kernels::cuda::begin_capture, kernels::cuda::end_capture,
                                        kernels::cuda::abandon_capture, kernels::cuda::launch_graph,
                                        kernels::cuda::release_graph};
    return device.is_cuda() ? &gpu : nullptr;
}

// A graph and everything it reads and writes.
struct Step::Capture {
    const CaptureBackend& backend;
    Device device;
    CachingAllocator::PrivatePool pool;
    StepRecord record = {};
    NamedTensors inputs = {};
    std::optional<StagingBuffer> staging = {};
    StepOutputs outputs = {};
    void* graph = nullptr;

    Capture(const CaptureBackend& b, Device d) : backend(b), device(d), pool(allocator_of(d)) {}
    ~Capture() {
        if (graph) backend.release(device, graph);
    }

    // Allocates what the body reads: the staging buffer has a slot for each input on the host, one
    // for each tensor of a host input, and one for the counters of the generators.
    StepSlots allocate(const StepTensors& given, const StepRecord& watched) {
        std::vector<TensorType> types;
        for (const auto& [name, x] : given)
            if (is_on_host(x)) types.push_back(type_of(x));
        for (const HostInput& input : watched.host_inputs)
            types.insert(types.end(), input.types.begin(), input.types.end());
        types.push_back({{std::ssize(watched.generators)}, i64});
        staging.emplace(device, types);

        std::size_t slot = 0;
        for (const auto& [name, x] : given)
            inputs.emplace_back(name, is_on_host(x) ? staging->slot(slot++)
                                                    : empty(x.shape(), {x.dtype(), device}));
        StepSlots slots;
        for (const HostInput& input : watched.host_inputs) {
            std::vector<Tensor>& tensors = slots.host_inputs.emplace_back();
            for (std::size_t i = 0; i < input.types.size(); ++i)
                tensors.push_back(staging->slot(slot++));
        }
        slots.counters = staging->slot(slot);
        return slots;
    }

    // Brings to the device what the next replay reads, in the order of allocate().
    void fill(const StepTensors& given, const std::vector<HostResult>& made,
              const std::vector<std::uint64_t>& counters) {
        std::size_t slot = 0, index = 0;
        for (const auto& [name, x] : given) {
            if (is_on_host(x))
                staging->write(slot++, x);
            else
                copy_elements(inputs[index].second, x);
            ++index;
        }
        for (const HostResult& result : made)
            for (const Tensor& x : result.tensors) staging->write(slot++, x);
        const std::vector<std::int64_t> bits(counters.begin(), counters.end());
        staging->write(slot, from_span(std::span(bits), {std::ssize(bits)}));
        staging->upload();
    }
};

Step::Step(Device device, Body body, const CaptureBackend* backend)
    : device_(device), body_(std::move(body)), backend_(backend) {
    check(body_ != nullptr, kOp, "the body is null");
}
Step::~Step() = default;

void Step::forget() {
    capture_.reset();
    warm_up_ = 0;
}

void Step::check_inputs(const StepTensors& inputs) const {
    for (const auto& [name, x] : inputs) check(x.defined(), kOp, "input '", name, "' is undefined");
    if (!called_) return;
    check(inputs.size() == last_inputs_.size(), kOp, "got ", inputs.size(), " inputs; expected ",
          last_inputs_.size(), ", as before; hint: another Step");
    for (const auto& [name, x] : inputs) {
        const Tensor& before = last_inputs_.at(name);
        check(x.dtype() == before.dtype(), kOp, "input '", name,
              "' has another dtype than before; got ", describe(x), "; expected ", before.dtype(),
              "; hint: another Step");
    }
}

bool Step::same_layout(const StepTensors& inputs) const {
    return std::equal(inputs.begin(), inputs.end(), last_inputs_.begin(), last_inputs_.end(),
                      [](const auto& now, const auto& before) {
                          return now.first == before.first &&
                                 now.second.shape() == before.second.shape() &&
                                 is_on_host(now.second) == is_on_host(before.second);
                      });
}

StepOutputs Step::operator()(const StepTensors& inputs) {
    check_inputs(inputs);
    const bool as_before = called_ && same_layout(inputs);
    called_ = true;
    last_inputs_ = inputs;
    if (!backend_ || !fallback_reason_.empty()) return call(inputs);
    if (!as_before) {
        forget();
    } else if (!capture_ && warm_up_ >= kWarmUps) {
        capture(inputs);
        if (!fallback_reason_.empty()) return call(inputs);
    }
    return capture_ ? replay(inputs) : watch(inputs);
}

StepOutputs Step::call(const StepTensors& inputs) const {
    NamedTensors on_device;
    for (const auto& [name, x] : inputs) on_device.emplace_back(name, raw::to(x, device_));
    return {body_(StepTensors(std::move(on_device))), device_};
}

StepOutputs Step::watch(const StepTensors& inputs, std::vector<HostResult> made) {
    const StepRecorder recorder(device_, std::move(made));
    StepOutputs outputs = call(inputs);
    watched_ = recorder.record();
    ++warm_up_;
    return outputs;
}

// Nothing of the step happens yet: no kernel runs, no host input is called, and generators end
// where they were.
void Step::capture(const StepTensors& inputs) {
    fallback_reason_ = watched_.fallback_reason;
    if (!fallback_reason_.empty()) return;
    auto made = std::make_unique<Capture>(*backend_, device_);
    const CachingAllocator::PrivatePool::Scope scope(made->pool);
    // Before the body allocates: no earlier work of a replay may use this memory.
    StepSlots slots = made->allocate(inputs, watched_);
    const StepRecorder recorder(device_, watched_, std::move(slots));
    backend_->begin(device_);
    try {
        made->outputs = StepOutputs(body_(StepTensors(made->inputs)), device_);
        made->graph = backend_->end(device_);
        check(recorder.record().host_inputs.size() == watched_.host_inputs.size(), kOp,
              "the step does less on the host than the last time");
        made->record = recorder.record();
    } catch (const Error& error) { fallback_reason_ = error.what(); } catch (...) {
        backend_->abandon(device_);
        recorder.rewind();
        throw;
    }
    recorder.rewind();
    if (fallback_reason_.empty())
        capture_ = std::move(made);
    else
        backend_->abandon(device_);
}

StepOutputs Step::replay(const StepTensors& inputs) {
    const std::vector<StepGenerator>& generators = capture_->record.generators;
    std::vector<std::uint64_t> base, drawn;
    bool reseeded = false;
    for (const StepGenerator& each : generators) {
        reseeded = reseeded || each.generator->seed() != each.seed;
        base.push_back(each.generator->counter());
        drawn.push_back(each.blocks);
    }
    if (reseeded) {
        forget();
        return watch(inputs);
    }
    std::vector<HostResult> made;
    for (const HostInput& input : capture_->record.host_inputs) {
        made.push_back(call_host_input(input, generators, base));
        if (is_as_captured(input, made.back())) continue;
        move_generators(generators, base, std::vector<std::uint64_t>(base.size(), 0));
        forget();
        // This host input has done its work, and so have those before it.
        return watch(inputs, std::move(made));
    }
    capture_->fill(inputs, made, base);
    backend_->launch(device_, capture_->graph);
    move_generators(generators, base, drawn);
    return capture_->outputs;
}

}  // namespace eps
