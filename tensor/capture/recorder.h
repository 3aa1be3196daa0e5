#pragma once
// What a Step learns of its body while it runs: its host parts, and where its random numbers come
// from.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tensor/contract/kernels.h"
#include "tensor/random.h"

namespace eps {

class StepMail;

/// Blocks of random numbers, by the generator that gave them.
using BlocksDrawn = std::vector<std::pair<Generator*, std::uint64_t>>;

/// What a host part gave before it was clear that the step must run anew.
struct GivenPart {
    Tensor made;
    BlocksDrawn drawn;
};

/// One host part as it was seen.
struct HostPart {
    std::function<Tensor()> make;  // of host_work: returns an undefined tensor
    bool makes_tensor = false;
    DType dtype = f32;
    Shape shape = {};
    BlocksDrawn drawn = {};
    // in a captured step: blocks that each of the step's generators has given before this part
    std::vector<std::uint64_t> before = {};
};

/// A generator that the device draws from within a step.
struct StepGenerator {
    Generator* generator;
    std::uint64_t seed = 0;
    std::uint64_t start = 0;   // its counter where the capture began
    std::uint64_t blocks = 0;  // that a step takes of it
};

/// What was seen of a step.
struct StepRecord {
    std::vector<HostPart> parts;
    std::vector<StepGenerator> generators;
    std::string refusal;  // why it cannot be captured; empty if it can
};

/// Between construction and destruction host parts, generators and looks at numbers of this thread
/// are told to it.
class StepRecorder {
public:
    enum class Mode {
        watch,   // everything runs; what host parts make and draw is noted
        capture  // nothing runs on the device, and no host part is called
    };
    /// To watch: the first host parts are not called but give these.
    StepRecorder(Device device, std::vector<GivenPart> given);
    /// To capture what `seen` watched. mail: a place for each of its parts, then one for the
    /// counters of its generators.
    StepRecorder(Device device, const StepRecord& seen, const StepMail& mail);
    ~StepRecorder();
    StepRecorder(const StepRecorder&) = delete;
    StepRecorder& operator=(const StepRecorder&) = delete;
    static StepRecorder* current();

    const StepRecord& record() const { return record_; }
    /// After a capture, which drew nothing: every generator stands where it stood.
    void rewind() const;

    // Told by others.
    // -----------------------------------------------------------------------------------------
    Tensor host_part(Device device, bool makes_tensor, std::function<Tensor()> make);
    void drew(Generator& generator, std::int64_t blocks);
    void ends(const Generator& generator);
    /// Before a draw on `device`, and after it: the state of the one whose first block is `first`.
    void will_draw(Generator& generator, Device device);
    kernels::PhiloxState state_of(const Generator& generator, std::uint64_t first);
    /// Throws if the numbers of a captured step's device are asked for.
    void refuse_read(const char* op, Device device) const;
    void refuse_copy(Device from, Device to) const;

private:
    Tensor watched(Device device, HostPart part);
    Tensor make(std::size_t index);
    Tensor give(std::size_t index);
    Tensor captured(Device device, HostPart part);

    Mode mode_;
    Device device_;
    StepRecorder* outer_;
    StepRecord record_;
    // To watch:
    std::vector<GivenPart> given_;
    bool in_part_ = false;
    // To capture:
    std::vector<HostPart> expected_;
    const StepMail* mail_ = nullptr;
};

}  // namespace eps
