#pragma once
// What a Step learns about its body while the body runs: which inputs the host makes, and which
// generators the random numbers come from.
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "tensor/capture/staging_buffer.h"
#include "tensor/contract/kernels.h"
#include "tensor/random.h"

namespace eps {

/// Numbers of blocks of random numbers, by the generator they were drawn from.
using BlocksDrawn = std::vector<std::pair<Generator*, std::uint64_t>>;

/// The tensors that a host input returned when it was called, and what it drew.
struct HostResult {
    std::vector<Tensor> tensors;
    BlocksDrawn drawn;
};

/// One call of host_tensor, host_tensors, host_number or host_work (tensor/capture/host_input.h).
struct HostInput {
    std::function<std::vector<Tensor>()> make;
    bool is_work = false;  // from host_work: there are no tensors
    // What it returned and drew when it was watched:
    std::vector<TensorType> types = {};
    BlocksDrawn drawn = {};
    // In a captured step: blocks that were drawn from each of the step's generators before it.
    std::vector<std::uint64_t> before = {};
};

/// A generator from which the device draws within a step.
struct StepGenerator {
    Generator* generator;
    std::uint64_t seed = 0;
    std::uint64_t start = 0;   // its counter when the capture began
    std::uint64_t blocks = 0;  // blocks that one step draws from it
};

struct StepRecord {
    std::vector<HostInput> host_inputs;
    std::vector<StepGenerator> generators;
    std::string_view fallback_reason;  // why the step cannot be captured; empty if it can
};

/// Where a captured step reads what the host writes before each replay.
struct StepSlots {
    std::vector<std::vector<Tensor>> host_inputs;  // the tensors of each host input
    Tensor counters;  // i64 [generators]: where each generator stands when a replay begins
};

/// From its construction to its destruction it is notified of the host inputs, the draws and the
/// reads of this thread.
class StepRecorder {
public:
    enum class Mode {
        watch,   // everything runs; what host inputs return and draw is recorded
        capture  // nothing runs on the device, and no host input is called
    };
    /// Watches. The first host inputs are not called but return `made`.
    StepRecorder(Device device, std::vector<HostResult> made);
    /// Captures the step that was watched.
    StepRecorder(Device device, const StepRecord& watched, StepSlots slots);
    ~StepRecorder();
    StepRecorder(const StepRecorder&) = delete;
    StepRecorder& operator=(const StepRecorder&) = delete;
    /// The innermost one of this thread, or null.
    static StepRecorder* current();

    const StepRecord& record() const { return record_; }
    /// After a capture, in which nothing was drawn: puts every generator back where it stood.
    void rewind() const;

    // Notifications from host_input.h, Generator and Tensor.
    // ---------------------------------------------------------------------------------------------
    std::vector<Tensor> host_input(Device device, HostInput input);
    void drew(Generator& generator, std::int64_t blocks);
    void destroyed(const Generator& generator);
    /// Before a draw on `device`.
    void will_draw(Generator& generator, Device device);
    /// After it: the state from which a kernel draws the blocks that begin at `first`.
    kernels::PhiloxState state_of(const Generator& generator, std::uint64_t first);
    /// Throws if a captured step would have to wait for numbers of its device.
    void check_read(const char* op, Device device) const;
    void check_copy(Device from, Device to) const;

private:
    std::vector<Tensor> watch(Device device, HostInput input);
    std::vector<Tensor> call(std::size_t index);
    std::vector<Tensor> use_made(std::size_t index);
    std::vector<Tensor> capture(Device device, HostInput input);

    Mode mode_;
    Device device_;
    StepRecorder* outer_;
    StepRecord record_;
    // To watch:
    std::vector<HostResult> made_;
    bool in_host_input_ = false;
    // To capture:
    std::vector<HostInput> expected_;
    StepSlots slots_;
};

}  // namespace eps
