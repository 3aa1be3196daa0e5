#include "autograd/grad_targets.h"

#include <algorithm>

namespace eps {
namespace {

// All nodes that can be reached from root, but for those that are older than every target and so
// lead to none.
std::vector<Node*> reachable(Node* root, std::span<Node* const> targets,
                             std::unordered_map<const Node*, bool>& leads) {
    std::uint64_t oldest = root->sequence();
    for (const Node* target : targets) oldest = std::min(oldest, target->sequence());
    std::vector<Node*> nodes{root};
    leads[root] = false;
    for (std::size_t i = 0; i < nodes.size(); ++i)
        for (const Ref<Node>& edge : nodes[i]->edges())
            if (edge && edge->sequence() >= oldest && leads.emplace(edge.get(), false).second)
                nodes.push_back(edge.get());
    return nodes;
}

}  // namespace

GradTargets::GradTargets(std::vector<Node*> targets, Node* root)
    : targets_(std::move(targets)), gradients_(targets_.size()) {
    // By creation, the inputs of a node come before it: one pass settles all.
    std::vector<Node*> nodes = reachable(root, targets_, leads_);
    std::sort(nodes.begin(), nodes.end(),
              [](const Node* a, const Node* b) { return a->sequence() < b->sequence(); });
    for (const Node* node : nodes) {
        bool leads = std::find(targets_.begin(), targets_.end(), node) != targets_.end();
        for (const Ref<Node>& edge : node->edges())
            leads = leads || (edge && leads_to_target(*edge));
        leads_[node] = leads;
    }
}

void GradTargets::receive(const Node& node, const Tensor& gradient) {
    for (std::size_t i = 0; i < targets_.size(); ++i)
        if (targets_[i] == &node) gradients_[i] = gradient;
}

bool GradTargets::must_run(const Node& node) const {
    if (targets_.empty()) return true;
    return std::ranges::any_of(
        node.edges(), [&](const Ref<Node>& edge) { return edge && leads_to_target(*edge); });
}

}  // namespace eps
