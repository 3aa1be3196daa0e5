#include "autograd/checkpoint.h"

#include "autograd/checkpoint_frame.h"

namespace eps {
namespace {

constexpr const char* kOp = "checkpoint";
constexpr const char* kHint =
    "; hint: f must do the same twice, and depend on nothing that changes in between";

thread_local CheckpointFrame* running = nullptr;

}  // namespace

// ---- a saved tensor that was dropped ----

Recomputed::Recomputed(Ref<CheckpointFrame> frame, std::size_t index, const Tensor& x,
                       bool is_output)
    : frame_(std::move(frame)),
      index_(index),
      shape_(x.shape()),
      dtype_(x.dtype()),
      is_output_(is_output) {
    if (!is_output) meta_ = x.impl()->meta;
}

Recomputed::~Recomputed() { frame_->forget(index_); }

Tensor Recomputed::value(const char* op) {
    if (!saved_.tensor_.defined()) frame_->run_again();
    return saved_.value(op);
}

void Recomputed::fill(const Tensor& x) {
    check(x.shape() == shape_ && x.dtype() == dtype_, kOp,
          "the second run of f saved another tensor than the first, number ", index_, "; got ",
          describe(x), "; expected ", name_of(dtype_), " ", shape_, kHint);
    Tensor same = x.as_strided(x.shape(), x.strides(), x.offset());
    same.impl()->meta = meta_;
    saved_ = SavedTensor::keep(std::move(same), is_output_);
}

// ---- the frame ----

/// For its lifetime, the function of this frame is what runs on this thread; null: of no frame.
class CheckpointFrame::Scope {
public:
    explicit Scope(CheckpointFrame* frame) : before_(running) { running = frame; }
    ~Scope() { running = before_; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

private:
    CheckpointFrame* before_;
};

CheckpointFrame* CheckpointFrame::current() { return running; }

// Inside another checkpoint, the inputs are dropped like all saved tensors.
CheckpointFrame::CheckpointFrame(const TensorFunction& f, const std::vector<Tensor>& inputs)
    : f_(f) {
    for (const Tensor& x : inputs) inputs_.push_back(SavedTensor::input(x));
}

Tensor CheckpointFrame::run_first(const std::vector<Tensor>& inputs) {
    outer_ = running;
    Scope scope(this);
    RandomTape::Scope draws(draws_, RandomTape::Mode::record);
    Tensor y = f_(inputs);
    check(y.defined(), kOp, "f returned an undefined tensor");
    state_ = State::done;
    outer_ = nullptr;
    return y;
}

void CheckpointFrame::run_again() {
    check(state_ == State::done, kOp,
          "f takes a derivative of what it computed itself; hint: take it outside the checkpoint, "
          "with create_graph");
    std::vector<Tensor> inputs;
    for (const SavedTensor& x : inputs_)
        inputs.push_back(x.value(kOp));  // may run the frame around this one again
    state_ = State::again;
    next_saved_ = next_once_ = 0;
    struct Rewind {  // if f throws, the next attempt starts from the beginning
        State& state;
        ~Rewind() { state = state == State::again ? State::done : state; }
    } rewind{state_};
    {
        GradMode on(true);
        Scope scope(this);
        RandomTape::Scope draws(draws_, RandomTape::Mode::replay);
        f_(inputs);
    }
    check(next_saved_ == dropped_.size(), kOp,
          "the second run of f saved fewer tensors than the first; got ", next_saved_,
          "; expected ", dropped_.size(), kHint);
    state_ = State::filled;
    f_ = nullptr;
    inputs_.clear();
    once_.clear();
}

SavedTensor CheckpointFrame::save(const Tensor& x, bool is_output) {
    // A leaf lives anyway. Saving it costs nothing, and shows whether it is overwritten.
    if (!is_output && x.requires_grad() && x.is_leaf()) return SavedTensor::keep(x, false);
    if (state_ == State::again) {
        check(next_saved_ < dropped_.size(), kOp,
              "the second run of f saves more tensors than the first, which saved ",
              dropped_.size(), kHint);
        if (Recomputed* stand_in = dropped_[next_saved_++]) stand_in->fill(x);
        return {};  // the node that asks is destroyed when f returns
    }
    SavedTensor saved;
    auto stand_in = make_ref<Recomputed>(Ref<CheckpointFrame>(this), dropped_.size(), x, is_output);
    dropped_.push_back(stand_in.get());
    saved.recomputed_ = std::move(stand_in);
    saved.is_output_ = is_output;
    return saved;
}

std::vector<Tensor> CheckpointFrame::once(CheckpointFrame* frame,
                                          const std::function<std::vector<Tensor>()>& change) {
    if (!frame) {
        NoGrad guard;
        Scope outside(nullptr);
        RandomTape none;
        RandomTape::Scope pause(none, RandomTape::Mode::pause);
        return change();
    }
    if (frame->state_ != State::again)
        return frame->once_.emplace_back(once(frame->outer_, change));
    check(frame->next_once_ < frame->once_.size(), kOp,
          "the second run of f calls run_once() more often than the first", kHint);
    return frame->once_[frame->next_once_++];
}

// ---- the functions ----

Tensor checkpoint(const TensorFunction& f, const std::vector<Tensor>& inputs) {
    check(f != nullptr, kOp, "the function is empty");
    for (const Tensor& x : inputs) check(x.defined(), kOp, "an input is an undefined tensor");
    if (!grad_enabled()) return f(inputs);
    return make_ref<CheckpointFrame>(f, inputs)->run_first(inputs);
}

std::vector<Tensor> run_once(const std::function<std::vector<Tensor>()>& change) {
    return CheckpointFrame::once(CheckpointFrame::current(), change);
}

}  // namespace eps
