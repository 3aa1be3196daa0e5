#include "autograd/engine.h"

#include <algorithm>
#include <unordered_map>

#include "autograd/accumulate.h"
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
    const std::string where = node.where();
    fail(node.name(), "its backward made a NaN or an infinity in the gradient of input ", input,
         " (", describe(gradient), "); the forward op was called at ",
         where.empty() ? "an unknown place (it ran outside anomaly mode)" : where);
}

// A gradient must look like the tensor it belongs to; the op that returned it is named if it does
// not.
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

// The nodes from which a target can be reached: sorted by creation, every node's inputs come first,
// so one pass settles all. What is older than every target leads to none, and is not looked at.
std::unordered_map<const Node*, bool> leads_to(Node* root, std::span<Node* const> targets) {
    std::unordered_map<const Node*, bool> leads;
    std::vector<Node*> order{root};
    leads[root] = false;
    std::uint64_t oldest = root->sequence();
    for (const Node* target : targets) oldest = std::min(oldest, target->sequence());
    for (std::size_t i = 0; i < order.size(); ++i)
        for (const Ref<Node>& edge : order[i]->edges())
            if (edge && edge->sequence() >= oldest && leads.emplace(edge.get(), false).second)
                order.push_back(edge.get());
    std::sort(order.begin(), order.end(),
              [](const Node* a, const Node* b) { return a->sequence() < b->sequence(); });
    for (Node* node : order) {
        bool& lead = leads[node];
        lead = std::find(targets.begin(), targets.end(), node) != targets.end();
        for (const Ref<Node>& edge : node->edges()) lead = lead || (edge && leads[edge.get()]);
    }
    return leads;
}

struct Run {
    bool create_graph;
    bool retain_graph;
    std::span<Node* const> targets = {};  // empty: run everything, leaves accumulate
    std::span<Tensor> results = {};       // gradient of each target
};

void run_backward(Node* root, Tensor seed, const Run& run) {
    GradMode mode(run.create_graph);
    const bool anomaly = AnomalyMode::enabled();
    std::unordered_map<const Node*, bool> needed;
    if (!run.targets.empty()) needed = leads_to(root, run.targets);

    PendingGradients pending;
    pending.add(Ref<Node>(root), std::move(seed));
    std::vector<Tensor> gradients;
    while (!pending.empty()) {
        auto [node, gradient] = pending.pop();  // the newest node: everything that feeds it has run
        if (node->has_hooks()) gradient = run_hooks(*node, std::move(gradient));

        bool is_target = false;
        for (std::size_t i = 0; i < run.targets.size(); ++i)
            if (run.targets[i] == node.get()) {
                run.results[i] = gradient;
                is_target = true;
            }
        const std::span<const Ref<Node>> edges = node->edges();
        if (!run.targets.empty() && edges.empty()) continue;  // a leaf: asked for, or not
        if (is_target && std::none_of(edges.begin(), edges.end(),
                                      [&](const Ref<Node>& e) { return e && needed[e.get()]; }))
            continue;

        gradients.assign(edges.size(), Tensor());
        node->backward(gradient, gradients);
        gradient = Tensor();
        if (!run.retain_graph) node->release_saved();
        for (std::size_t i = 0; i < edges.size(); ++i) {
            if (!edges[i] || !gradients[i].defined()) continue;
            if (!run.targets.empty() && !needed[edges[i].get()]) continue;
            validate(*node, *edges[i], gradients[i], i);
            if (anomaly) [[unlikely]]
                check_anomaly(*node, gradients[i], i);
            pending.add(edges[i], std::move(gradients[i]));
        }
    }
}

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

// A leaf owns its gradient: who writes into it must change neither another leaf's nor the caller's
// seed.
void LeafNode::backward(const Tensor& incoming, std::span<Tensor>) {
    const bool ours_alone =
        incoming.impl()->unique() && incoming.storage().unique() && incoming.is_contiguous();
    if (!gradient.defined() && !ours_alone && !grad_enabled())
        gradient = raw::clone(incoming);
    else
        accumulate(gradient, incoming);
}

void backward(const Tensor& output, const BackwardOptions& options) {
    Tensor seed = seed_for(output, options.gradient, "backward");
    run_backward(node_of(output), std::move(seed),
                 {options.create_graph, options.retain_graph || options.create_graph});
}

std::vector<Tensor> grad(const Tensor& output, std::span<const Tensor> inputs,
                         const GradOptions& options) {
    Tensor seed = seed_for(output, options.gradient, "grad");
    std::vector<Node*> targets;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        check(inputs[i].defined() && inputs[i].requires_grad(), "grad", "input ", i,
              " does not require a gradient",
              "; hint: call requires_grad_() on it before the computation");
        targets.push_back(node_of(inputs[i]));
    }
    std::vector<Tensor> results(inputs.size());
    if (!targets.empty())
        run_backward(
            node_of(output), std::move(seed),
            {options.create_graph, options.retain_graph || options.create_graph, targets, results});
    for (std::size_t i = 0; i < results.size(); ++i)
        check(results[i].defined() || options.allow_unused, "grad",
              "the output does not depend on input ", i, " (", describe(inputs[i]),
              "); hint: allow_unused returns an undefined tensor for it");
    return results;
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
