#pragma once
// What a checkpoint leaves in the graph in place of saved tensors. Only SavedTensor (node.cpp) and
// checkpoint.cpp need this.
#include <cstddef>
#include <vector>

#include "autograd/checkpoint.h"
#include "autograd/node.h"
#include "tensor/random.h"

namespace eps {

class CheckpointFrame;

/// One saved tensor that was let go. SavedTensors own these, these own the frame, and the frame
/// only knows which are still wanted.
class Recomputed final : public RefCounted {
public:
    Recomputed(Ref<CheckpointFrame> frame, std::size_t index, const Tensor& x, bool is_output);
    ~Recomputed() override;
    /// The tensor: runs the frame's function again if that was not done yet.
    Tensor value(const char* op);
    /// Takes the tensor that the second run saved in this place.
    void fill(const Tensor& x);

private:
    Ref<CheckpointFrame> frame_;
    std::size_t index_;
    // of the tensor of the first run, to which its gradient belongs; null for an output: its owner
    // knows
    Ref<AutogradMeta> meta_;
    Shape shape_;
    DType dtype_;
    bool is_output_;
    SavedTensor saved_;
};

/// One call of checkpoint().
class CheckpointFrame final : public RefCounted {
public:
    CheckpointFrame(const TensorFunction& f, const std::vector<Tensor>& inputs);
    /// The innermost frame whose function runs on this thread; null outside.
    static CheckpointFrame* current();

    Tensor run_first(const std::vector<Tensor>& inputs);
    /// Runs f again; fills every Recomputed that is still wanted.
    void run_again();
    /// In place of SavedTensor::keep.
    SavedTensor save(const Tensor& x, bool is_output);
    /// run_once() in `frame`, or outside any if it is null.
    static std::vector<Tensor> once(CheckpointFrame* frame,
                                    const std::function<std::vector<Tensor>()>& change);
    void forget(std::size_t index) { wanted_[index] = nullptr; }

private:
    enum class State { first, done, again, filled };
    class Scope;

    TensorFunction f_;
    std::vector<SavedTensor> inputs_;
    RandomTape draws_;
    std::vector<std::vector<Tensor>> once_;  // what run_once() gave
    std::vector<Recomputed*> wanted_;        // by number; null once nobody asks for it any more
    State state_ = State::first;
    std::size_t next_saved_ = 0, next_once_ = 0;  // of the second run
    CheckpointFrame* outer_ = nullptr;            // during the first run
};

}  // namespace eps
