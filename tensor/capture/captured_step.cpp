#include "tensor/capture/captured_step.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "tensor/create.h"
#include "tensor/capture/staging_buffer.h"
#include "tensor/raw_copy.h"

namespace eps {
namespace {

constexpr const char* kOp = "Step";
// the first makes what lasts (states, handles, workspaces), the second finds it there
constexpr int kWarmUps = 2;

bool same_shapes(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const Tensor& x, const Tensor& y) { return x.shape() == y.shape(); });
}

// The elements of x where `place` has its own; neither op nor graph.
void fill_place(Tensor place, const Tensor& x) {
    if (x.device() == place.device()) return kernels::copy(place, x);
    const Tensor source = raw::contiguous(x);
    kernels::cuda::copy_bytes(place.raw_data(), place.device(), source.raw_data(), x.device(),
                              static_cast<std::size_t>(x.numel()) * size_of(x.dtype()));
}

// A place for each host part's tensor, then one for the counters of the generators, where a replay
// begins: i64.
StepMail mail_for(const StepRecord& record, Device device) {
    std::vector<std::pair<Shape, DType>> what;
    for (const HostPart& part : record.parts)
        what.emplace_back(part.makes_tensor ? part.shape : Shape{0}, part.dtype);
    what.emplace_back(Shape{static_cast<std::int64_t>(record.generators.size())}, i64);
    return StepMail(device, what);
}

void send_to(StepMail& mail, const std::vector<GivenPart>& given,
             const std::vector<std::uint64_t>& counters) {
    for (std::size_t i = 0; i < given.size(); ++i)
        if (given[i].made.defined()) mail.put(i, given[i].made);
    const std::vector<std::int64_t> bits(counters.begin(), counters.end());
    if (!bits.empty())
        mail.put(given.size(),
                 from_span(std::span(bits), {static_cast<std::int64_t>(bits.size())}));
    mail.send();
}

void move_to(const std::vector<StepGenerator>& generators, const std::vector<std::uint64_t>& base,
             const std::vector<std::uint64_t>& offsets) {
    for (std::size_t g = 0; g < generators.size(); ++g)
        generators[g].generator->set_state(generators[g].seed, base[g] + offsets[g]);
}

// Runs a part, and says what it drew from the step's generators, which stand `base` + part.before.
GivenPart made_by(const HostPart& part, const std::vector<StepGenerator>& generators,
                  const std::vector<std::uint64_t>& base) {
    move_to(generators, base, part.before);
    GivenPart given{part.make(), {}};
    for (std::size_t g = 0; g < generators.size(); ++g)
        if (const std::uint64_t blocks =
                generators[g].generator->counter() - base[g] - part.before[g];
            blocks > 0)
            given.drawn.emplace_back(generators[g].generator, blocks);
    return given;
}

bool as_captured(const HostPart& part, const GivenPart& given) {
    if (part.drawn != given.drawn || part.makes_tensor != given.made.defined()) return false;
    return !part.makes_tensor ||
           (part.shape == given.made.shape() && part.dtype == given.made.dtype());
}

}  // namespace

const CaptureBackend* capture_backend(Device device) {
    static constexpr CaptureBackend of_gpus{
        kernels::cuda::begin_capture, kernels::cuda::end_capture, kernels::cuda::abandon_capture,
        kernels::cuda::launch_graph, kernels::cuda::release_graph};
    return device.is_cuda() ? &of_gpus : nullptr;
}

// A graph and everything it reads and writes.
struct Step::Capture {
    const CaptureBackend& backend;
    Device device;
    CachingAllocator::PrivatePool pool;
    StepRecord record = {};
    std::vector<Tensor> inputs = {};
    std::optional<StepMail> mail = {};
    NamedTensors outputs = {};
    void* graph = nullptr;

    Capture(const CaptureBackend& b, Device d) : backend(b), device(d), pool(allocator_of(d)) {}
    ~Capture() {
        if (graph) backend.release(device, graph);
    }
};

Step::Step(Device device, BodyOfInputs body, const CaptureBackend* backend)
    : device_(device), body_(std::move(body)), backend_(backend) {
    check(body_ != nullptr, kOp, "the body is null");
}
Step::~Step() = default;

void Step::forget() {
    capture_.reset();
    warm_ = 0;
}

void Step::check_inputs(const std::vector<Tensor>& inputs) const {
    for (std::size_t i = 0; i < inputs.size(); ++i)
        check(inputs[i].defined(), kOp, "input ", i, " is undefined");
    if (!called_) return;
    check(inputs.size() == last_.size(), kOp, "got ", inputs.size(), " inputs; expected ",
          last_.size(), ", as before; hint: another Step");
    for (std::size_t i = 0; i < inputs.size(); ++i)
        check(inputs[i].dtype() == last_[i].dtype(), kOp, "input ", i,
              " has another dtype than before; got ", describe(inputs[i]), "; expected ",
              last_[i].dtype(), "; hint: another Step");
}

NamedTensors Step::operator()(const std::vector<Tensor>& inputs) {
    check_inputs(inputs);
    const bool as_before = called_ && same_shapes(inputs, last_);
    called_ = true;
    last_ = inputs;
    if (!backend_ || !fallback_reason_.empty()) return body_(inputs);
    if (!as_before) {
        forget();
    } else if (!capture_ && warm_ >= kWarmUps) {
        capture(inputs);
        if (!fallback_reason_.empty()) return body_(inputs);
    }
    return capture_ ? replay(inputs) : run(inputs);
}

// The body as it stands, watched.
NamedTensors Step::run(const std::vector<Tensor>& inputs, std::vector<GivenPart> given) {
    const StepRecorder recorder(device_, std::move(given));
    NamedTensors outputs = body_(inputs);
    seen_ = recorder.record();
    ++warm_;
    return outputs;
}

// Nothing of the step happens yet: no kernel runs, no host part is called, and generators end where
// they were.
void Step::capture(const std::vector<Tensor>& inputs) {
    fallback_reason_ = seen_.refusal;
    if (!fallback_reason_.empty()) return;
    auto made = std::make_unique<Capture>(*backend_, device_);
    const CachingAllocator::PrivatePool::Scope scope(made->pool);
    for (const Tensor& x : inputs) made->inputs.push_back(empty(x.shape(), {x.dtype(), device_}));
    // before the body allocates: no earlier work of a replay may use this memory
    made->mail = mail_for(seen_, device_);
    const StepRecorder recorder(device_, seen_, *made->mail);
    backend_->begin(device_);
    try {
        made->outputs = body_(made->inputs);
        made->graph = backend_->end(device_);
        check(recorder.record().parts.size() == seen_.parts.size(), kOp,
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

NamedTensors Step::replay(const std::vector<Tensor>& inputs) {
    const std::vector<StepGenerator>& generators = capture_->record.generators;
    std::vector<std::uint64_t> base, taken;
    bool reseeded = false;
    for (const StepGenerator& each : generators) {
        reseeded = reseeded || each.generator->seed() != each.seed;
        base.push_back(each.generator->counter());
        taken.push_back(each.blocks);
    }
    if (reseeded) {
        forget();
        return run(inputs);
    }
    std::vector<GivenPart> given;
    for (const HostPart& part : capture_->record.parts) {
        given.push_back(made_by(part, generators, base));
        if (as_captured(part, given.back())) continue;
        move_to(generators, base, std::vector<std::uint64_t>(base.size(), 0));
        forget();
        // this host part has done its work, and those before it
        return run(inputs, std::move(given));
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) fill_place(capture_->inputs[i], inputs[i]);
    send_to(*capture_->mail, given, base);
    backend_->launch(device_, capture_->graph);
    move_to(generators, base, taken);
    return capture_->outputs;
}

}  // namespace eps
