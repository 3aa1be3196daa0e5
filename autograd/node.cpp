#include "autograd/node.h"

#include <atomic>
#include <utility>

#include "autograd/anomaly.h"
#include "autograd/checkpoint_frame.h"
#include "autograd/grad_mode.h"

namespace eps {
namespace {

std::uint64_t next_sequence() {
    static std::atomic<std::uint64_t> counter{1};
    return counter.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

Node::Node(const char* name) : name_(name), sequence_(next_sequence()) {
    if (AnomalyMode::remembers_call_sites()) [[unlikely]]
        extras().stack = capture_stack();
}

Node::Extras& Node::extras() {
    if (!extras_) extras_ = std::make_unique<Extras>();
    return *extras_;
}

std::vector<GradientHook>& Node::hooks() { return extras().hooks; }
std::string Node::where() const { return extras_ ? describe_stack(extras_->stack) : std::string(); }

// Deleting a node releases its edges and saved tensors, which may delete their nodes, and so on: a
// chain of a million ops would recurse a million deep. Instead the first death on a thread drains a
// list that the deaths it causes prepend to. The list is linked through the nodes: nothing to
// allocate, and nothing that is gone already when a tensor with static storage dies at exit.
void Node::dispose() noexcept {
    thread_local Node* dying = nullptr;
    thread_local bool draining = false;
    next_dying_ = std::exchange(dying, this);
    if (draining) return;
    draining = true;
    while (dying) delete std::exchange(dying, dying->next_dying_);
    draining = false;
}

LeafNode::LeafNode(const TensorImpl& leaf) : Node("leaf") {
    mark_leaf();
    shape = leaf.shape;
    dtype = leaf.dtype;
    device = leaf.storage->device();
}

void attach(const Tensor& output, Ref<Node> node) {
    node->shape = output.shape();
    node->dtype = output.dtype();
    node->device = output.device();
    output.impl()->meta = Ref<AutogradMeta>(node.get());
}

SavedTensor SavedTensor::keep(Tensor x, bool is_output) {
    SavedTensor saved;
    saved.version_ = x.storage().version();
    saved.tensor_ = std::move(x);
    saved.is_output_ = is_output;
    return saved;
}

SavedTensor SavedTensor::input(const Tensor& x) {
    if (CheckpointFrame* frame = CheckpointFrame::current()) [[unlikely]]
        return frame->save(x, false);
    return keep(x, false);
}

SavedTensor SavedTensor::output(const Tensor& y) {
    if (CheckpointFrame* frame = CheckpointFrame::current()) [[unlikely]]
        return frame->save(y, true);
    return keep(y.as_strided(y.shape(), y.strides(), y.offset()), true);
}

Tensor SavedTensor::value(const char* op) const {
    if (recomputed_) [[unlikely]]
        return static_cast<Recomputed&>(*recomputed_).value(op);
    check(tensor_.defined(), op,
          "its saved tensors were already released; got a second backward through the same graph; "
          "hint: pass retain_graph the first time");
    const std::uint32_t now = tensor_.storage().version();
    check(now == version_, op, "a tensor saved for backward was overwritten; ", describe(tensor_),
          " was saved at version ", version_, " and is now at version ", now,
          "; hint: make a new tensor instead of writing into this one");
    return tensor_;
}

Tensor SavedTensor::unpack(Node& owner) const {
    const Tensor tensor = value(owner.name());
    if (!is_output_ || !grad_enabled()) return tensor;
    Tensor rejoined = tensor.as_strided(tensor.shape(), tensor.strides(), tensor.offset());
    rejoined.impl()->meta = Ref<AutogradMeta>(&owner);
    return rejoined;
}

void SavedTensor::reset() {
    tensor_ = Tensor();
    recomputed_ = {};
}

}  // namespace eps
