#pragma once
// A training step that a GPU repeats by itself.
//
//     Step step(cuda, [&] {                                    // forward, backward, optimiser
//         const Tensor rows = host_tensor(cuda, [&] { return order.indices(index); });
//         optimizer.zero_grad();
//         const Tensor loss = mean(square(net(index_select(x, 0, rows))));
//         backward(loss);
//         optimizer.step();
//         return NamedTensors{{"loss", loss}};
//     });
//     for (index = 0; index < n; ++index) std::cout << step()[0].second.item() << "\n";
//
// On the CPU a Step calls its body. On a GPU it does so twice, to warm up; then it captures what
// the body launches into a CUDA graph, and from there on a call is one launch of all of it. A
// replay repeats what the device did, on the same addresses: whatever the host computes in a step
// comes through tensor/capture/host_input.h, as optimisers and averages do with theirs; random
// numbers go on as if the body had run, bit for bit. A body that looks at a number of the device
// (item()), copies from the host, or draws where the host would have to, cannot be captured: it is
// called in each step, and fallback_reason() says why.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tensor/capture/recorder.h"

namespace eps {

/// What a device does for a Step: launches between begin and end are not run but become a graph.
struct CaptureBackend {
    void (*begin)(Device device);
    void* (*end)(Device device);
    void (*abandon)(Device device);
    void (*launch)(Device device, void* graph);
    void (*release)(Device device, void* graph);
};
/// Of GPUs; null for the CPU.
const CaptureBackend* capture_backend(Device device);

class Step {
public:
    /// Named numbers of the step, or whatever else it is to give; where the step is captured, each
    /// replay overwrites them.
    using Body = std::function<NamedTensors()>;
    /// The same of inputs, which differ from step to step but in their shapes.
    using BodyOfInputs = std::function<NamedTensors(const std::vector<Tensor>& inputs)>;

    /// What the body refers to must outlive the Step, generators among it, and stay where it is:
    /// parameters may change by copying into them.
    Step(Device device, Body body)
        : Step(
              device, [body = std::move(body)](const std::vector<Tensor>&) { return body(); },
              capture_backend(device)) {}
    Step(Device device, BodyOfInputs body)
        : Step(device, std::move(body), capture_backend(device)) {}
    /// With another backend; null: the body is called.
    Step(Device device, BodyOfInputs body, const CaptureBackend* backend);
    ~Step();
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

    /// One step. Inputs of other shapes, its own or those of host parts, make it warm up and
    /// capture anew; another number of inputs or another dtype is an error.
    NamedTensors operator()(const std::vector<Tensor>& inputs = {});

    bool captured() const { return capture_ != nullptr; }
    /// Why the step is not captured; empty where it is, or will be.
    const std::string& fallback_reason() const { return fallback_reason_; }
    /// Forgets the graph: for what changed outside of a body's sight, such as a module that moved.
    /// The next steps capture anew.
    void forget();

private:
    struct Capture;

    NamedTensors run(const std::vector<Tensor>& inputs, std::vector<GivenPart> given = {});
    void capture(const std::vector<Tensor>& inputs);
    NamedTensors replay(const std::vector<Tensor>& inputs);
    void check_inputs(const std::vector<Tensor>& inputs) const;

    Device device_;
    BodyOfInputs body_;
    const CaptureBackend* backend_;
    std::vector<Tensor> last_;  // inputs, for their shapes and dtypes
    bool called_ = false;
    int warm_ = 0;  // calls of the body since shapes last changed
    StepRecord seen_;
    std::unique_ptr<Capture> capture_;
    std::string fallback_reason_;
};

}  // namespace eps
