#include "autograd/node.h"

#include <atomic>
#include <utility>

#include "autograd/anomaly.h"
#include "autograd/grad_mode.h"

namespace eps {
namespace {

std::uint64_t next_sequence() {
    static std::atomic<std::uint64_t> counter{1};
    return counter.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

Node::Node(const char* name) : name_(name), sequence_(next_sequence()) {
    if (AnomalyMode::enabled()) [[unlikely]]
        extras().stack = capture_stack();
}

Node::Extras& Node::extras() {
    if (!extras_) extras_ = std::make_unique<Extras>();
    return *extras_;
}

std::vector<GradientHook>& Node::hooks() { return extras().hooks; }
std::string Node::where() const { return extras_ ? describe_stack(extras_->stack) : std::string(); }

// Deleting a node releases its edges and saved tensors, which may delete their nodes, and so on: a chain of a million ops would
// recurse a million deep. Instead the first death on a thread drains a list that the deaths it causes prepend to. The list is linked
// through the nodes: nothing to allocate, and nothing that is gone already when a tensor with static storage dies at exit.
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

SavedTensor SavedTensor::input(const Tensor& x) {
    SavedTensor saved;
    saved.tensor_ = x;
    saved.version_ = x.storage().version();
    return saved;
}

SavedTensor SavedTensor::output(const Tensor& y) {
    SavedTensor saved;
    saved.tensor_ = y.as_strided(y.shape(), y.strides(), y.offset());
    saved.version_ = y.storage().version();
    saved.is_output_ = true;
    return saved;
}

Tensor SavedTensor::unpack(Node& owner) const {
    check(tensor_.defined(), owner.name(),
          "its saved tensors were already released; got a second backward through the same graph; hint: pass retain_graph the first time");
    const std::uint32_t now = tensor_.storage().version();
    check(now == version_, owner.name(), "a tensor saved for backward was overwritten; ", describe(tensor_), " was saved at version ",
          version_, " and is now at version ", now, "; hint: make a new tensor instead of writing into this one");
    if (!is_output_ || !grad_enabled()) return tensor_;
    Tensor rejoined = tensor_.as_strided(tensor_.shape(), tensor_.strides(), tensor_.offset());
    rejoined.impl()->meta = Ref<AutogradMeta>(&owner);
    return rejoined;
}

}  // namespace eps
