#pragma once
// A training step that a GPU repeats by itself.
//
//     Step step(cuda, [&](const StepTensors& inputs) {      // forward, backward, optimiser
//         optimizer.zero_grad();
//         const Tensor loss = mean(square(net(index_select(x, 0, inputs.at("rows")))));
//         backward(loss);
//         optimizer.step();
//         return NamedTensors{{"loss", loss}};
//     });
//     for (int i = 0; i < n; ++i)
//         std::cout << step({{"rows", order.indices(i)}}).at("loss").item() << "\n";
//
// On the CPU a Step calls its body. On a GPU it does so twice, to warm up; then it captures what
// the body launches into a CUDA graph, and from there on a call is one launch of that graph.
//
// A replay repeats what the device did, at the same addresses. Whatever the host makes anew for
// each step, such as the indices of a batch or a weight that is annealed, is therefore an input: a
// host tensor with a name, which the Step copies to the device. Optimisers and averages count
// replays by themselves (tensor/capture/host_input.h), and random numbers continue bit for bit as
// if the body had run.
//
// A body that reads a number of the device (item()), copies from the host, or draws random numbers
// on the host cannot be captured. It is called in each step instead, and fallback_reason() says
// why.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tensor/capture/recorder.h"
#include "tensor/capture/step_tensors.h"

namespace eps {

/// What a device does for a Step: between begin and end, launches do not run but become a graph.
struct CaptureBackend {
    void (*begin)(Device device);
    void* (*end)(Device device);
    void (*abandon)(Device device);
    void (*launch)(Device device, void* graph);
    void (*release)(Device device, void* graph);
};
/// The backend of a GPU; null for the CPU.
const CaptureBackend* capture_backend(Device device);

class Step {
public:
    /// Takes the inputs, on the Step's device, and returns what the step is to give. Everything
    /// that it refers to must outlive the Step, generators included, and keep its address:
    /// parameters may change by copying into them.
    using Body = std::function<NamedTensors(const StepTensors& inputs)>;

    Step(Device device, Body body) : Step(device, std::move(body), capture_backend(device)) {}
    Step(Device device, std::function<NamedTensors()> body)
        : Step(device, [body = std::move(body)](const StepTensors&) { return body(); }) {}
    /// Captures with another backend. Null: the body is always called.
    Step(Device device, Body body, const CaptureBackend* backend);
    ~Step();
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

    /// One step. Inputs of other shapes, or host inputs that return other shapes, make it warm up
    /// and capture anew. Throws if the inputs have other names or dtypes than the last time.
    StepOutputs operator()(const StepTensors& inputs = {});

    bool captured() const { return capture_ != nullptr; }
    /// Why the step is not captured; empty if it is, or will be.
    const std::string& fallback_reason() const { return fallback_reason_; }
    /// Discards the graph, after a change that the body cannot notice, such as a module that moved
    /// to another device. The next steps capture anew.
    void forget();

private:
    struct Capture;

    void check_inputs(const StepTensors& inputs) const;
    bool same_layout(const StepTensors& inputs) const;
    StepOutputs call(const StepTensors& inputs) const;
    StepOutputs watch(const StepTensors& inputs, std::vector<HostResult> made = {});
    void capture(const StepTensors& inputs);
    StepOutputs replay(const StepTensors& inputs);

    Device device_;
    Body body_;
    const CaptureBackend* backend_;
    StepTensors last_inputs_;  // for their names, types and devices
    bool called_ = false;
    int warm_up_ = 0;  // calls of the body since the layout last changed
    StepRecord watched_;
    std::unique_ptr<Capture> capture_;
    std::string fallback_reason_;
};

}  // namespace eps
