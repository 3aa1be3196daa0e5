#pragma once
// What a checkpoint leaves in the graph instead of saved tensors. Only SavedTensor (node.cpp) and
// checkpoint.cpp need this.
#include <cstddef>
#include <vector>

#include "autograd/checkpoint.h"
#include "autograd/node.h"
#include "tensor/random.h"

namespace eps {

class CheckpointFrame;

/// Stands for one saved tensor that was dropped. SavedTensors own objects of this class, these own
/// the frame, and the frame has plain pointers to those that still exist.
class Recomputed final : public RefCounted {
public:
    Recomputed(Ref<CheckpointFrame> frame, std::size_t index, const Tensor& x, bool is_output);
    ~Recomputed() override;
    /// The tensor. Runs the frame's function again unless that has happened.
    Tensor value(const char* op);
    /// Receives the tensor that the second run saved in its stead.
    void fill(const Tensor& x);

private:
    Ref<CheckpointFrame> frame_;
    std::size_t index_;
    // The node of the tensor of the first run, to which its gradient belongs. Null for an output,
    // which its owner rejoins to itself.
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
    /// Runs f again and fills every Recomputed that still exists.
    void run_again();
    /// What SavedTensor does inside this frame instead of keeping x.
    SavedTensor save(const Tensor& x, bool is_output);
    /// run_once() in `frame`, or outside any if it is null.
    static std::vector<Tensor> once(CheckpointFrame* frame,
                                    const std::function<std::vector<Tensor>()>& change);
    void forget(std::size_t index) { dropped_[index] = nullptr; }

private:
    enum class State { first, done, again, filled };
    class Scope;

    TensorFunction f_;
    std::vector<SavedTensor> inputs_;
    RandomTape draws_;
    std::vector<std::vector<Tensor>> once_;  // the results of run_once(), in order
    std::vector<Recomputed*> dropped_;       // in the order of saving; null once it is destroyed
    State state_ = State::first;
    std::size_t next_saved_ = 0;        // in the second run: how many tensors it has saved,
    std::size_t next_once_ = 0;         // and how often it has called run_once()
    CheckpointFrame* outer_ = nullptr;  // in the first run: the frame around this one
};

}  // namespace eps
