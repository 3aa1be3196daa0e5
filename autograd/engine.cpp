#include "autograd/engine.h"

#include "autograd/accumulate.h"
#include "autograd/grad_targets.h"
#include "autograd/pending.h"
#include "tensor/create.h"
#include "tensor/raw_copy.h"

namespace eps {
namespace {

bool all_finite(const Tensor& x) {
    for (double value : x.to_vector())
        if (!(value - value == 0)) return false;
    return true;
}

void check_anomaly(const Node& node, const Tensor& gradient, std::size_t input) {
    if (all_finite(gradient)) return;
    std::string sentence = str("its backward made a NaN or an infinity in the gradient of input ",
                               input, " (", describe(gradient), ")");
    if (AnomalyMode::remembers_call_sites()) {
        const std::string where = node.where();
        sentence += "; the forward op was called at " +
                    (where.empty() ? "an unknown place (it ran outside anomaly mode)" : where);
    }
    fail(node.name(), sentence);
}

// A gradient must look like the tensor it belongs to. The error names the op that returned it.
void validate(const Node& from, const Node& to, const Tensor& gradient, std::size_t input) {
    check(gradient.shape() == to.shape && gradient.dtype() == to.dtype &&
              gradient.device() == to.device,
          from.name(), "its backward returned a wrong gradient for input ", input, "; got ",
          describe(gradient), "; expected ", name_of(to.dtype), " ", to.shape);
}

Tensor run_hooks(Node& node, Tensor gradient) {
    for (const GradientHook& hook : node.hooks()) {
        Tensor replacement = hook(gradient);
        if (!replacement.defined()) continue;
        check(replacement.shape() == node.shape && replacement.dtype() == node.dtype, node.name(),
              "a gradient hook returned ", describe(replacement), "; expected ",
              name_of(node.dtype), " ", node.shape);
        gradient = std::move(replacement);
    }
    return gradient;
}

void run_backward(Node* root, Tensor seed, bool create_graph, bool retain_graph,
                  GradTargets& targets) {
    const GradMode mode(create_graph);
    const bool anomaly = AnomalyMode::enabled();
    PendingGradients pending;
    pending.push(Ref<Node>(root), std::move(seed));
    std::vector<Tensor> gradients;
    while (!pending.empty()) {
        // The newest node: all that use its output have run, so its gradient is complete.
        auto [node, gradient] = pending.pop();
        if (node->has_hooks()) gradient = run_hooks(*node, std::move(gradient));
        targets.receive(*node, gradient);
        if (!targets.must_run(*node)) continue;

        const std::span<const Ref<Node>> inputs = node->edges();
        gradients.assign(inputs.size(), Tensor());
        node->backward(gradient, gradients);
        gradient = Tensor();
        if (!retain_graph) node->release_saved();

        for (std::size_t i = 0; i < inputs.size(); ++i) {
            if (!inputs[i] || !gradients[i].defined() || !targets.wants(*inputs[i])) continue;
            validate(*node, *inputs[i], gradients[i], i);
            if (anomaly) [[unlikely]]
                check_anomaly(*node, gradients[i], i);
            pending.push(inputs[i], std::move(gradients[i]));
        }
    }
}

// The gradient of the output: options.gradient, or 1.
Tensor seed_for(const Tensor& output, const Tensor& given, const char* op) {
    check(output.defined() && output.requires_grad(), op,
          "the output does not depend on anything that requires a gradient",
          "; hint: call requires_grad_() on the leaves before the computation, outside NoGrad");
    if (!given.defined()) {
        check(output.numel() == 1, op, "the output has several elements; got ", describe(output),
              "; expected one; hint: sum() it, or pass options.gradient");
        return ones_like(output);
    }
    check(given.shape() == output.shape() && given.dtype() == output.dtype(), op,
          "options.gradient does not match the output; got ", describe(given), "; expected ",
          describe(output));
    return given;
}

}  // namespace

// A leaf owns its gradient: writing into it must change neither the gradient of another leaf nor
// the caller's seed.
void LeafNode::backward(const Tensor& incoming, std::span<Tensor>) {
    const bool is_ours =
        incoming.impl()->unique() && incoming.storage().unique() && incoming.is_contiguous();
    const std::lock_guard lock(mutex_);
    if (!gradient_.defined() && !is_ours && !grad_enabled())
        gradient_ = raw::clone(incoming);
    else
        accumulate(gradient_, incoming);
}

Tensor LeafNode::gradient() const {
    const std::lock_guard lock(mutex_);
    return gradient_;
}

void LeafNode::set_gradient(Tensor gradient) {
    const std::lock_guard lock(mutex_);
    std::swap(gradient_, gradient);  // the old one is dropped by the caller, without the lock
}

void backward(const Tensor& output, const BackwardOptions& options) {
    Tensor seed = seed_for(output, options.gradient, "backward");
    GradTargets all;
    run_backward(node_of(output), std::move(seed), options.create_graph,
                 options.retain_graph || options.create_graph, all);
}

std::vector<Tensor> grad(const Tensor& output, std::span<const Tensor> inputs,
                         const GradOptions& options) {
    Tensor seed = seed_for(output, options.gradient, "grad");
    if (inputs.empty()) return {};
    std::vector<Node*> nodes;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        check(inputs[i].defined() && inputs[i].requires_grad(), "grad", "input ", i,
              " does not require a gradient",
              "; hint: call requires_grad_() on it before the computation");
        nodes.push_back(node_of(inputs[i]));
    }
    GradTargets targets(std::move(nodes), node_of(output));
    run_backward(node_of(output), std::move(seed), options.create_graph,
                 options.retain_graph || options.create_graph, targets);
    std::vector<Tensor> gradients = targets.take_gradients();
    for (std::size_t i = 0; i < gradients.size(); ++i)
        check(gradients[i].defined() || options.allow_unused, "grad",
              "the output does not depend on input ", i, " (", describe(inputs[i]),
              "); hint: allow_unused returns an undefined tensor for it");
    return gradients;
}

void register_hook(const Tensor& x, GradientHook hook) {
    check(x.defined() && x.requires_grad(), "register_hook",
          "the tensor does not require a gradient");
    check(hook != nullptr, "register_hook", "the hook is empty");
    node_of(x)->hooks().push_back(std::move(hook));
}

Tensor detach(const Tensor& x) {
    check(x.defined(), "detach", "the tensor is undefined");
    return x.as_strided(x.shape(), x.strides(), x.offset());
}

}  // namespace eps
