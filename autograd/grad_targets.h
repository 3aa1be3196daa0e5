#pragma once
// What grad() asks of a backward: the gradients of some nodes, and of the others no more work than
// these need.
#include <span>
#include <unordered_map>
#include <vector>

#include "autograd/node.h"

namespace eps {

/// The nodes whose gradients grad() returns. Without any, every node runs and the leaves accumulate
/// their gradients, as backward() does.
class GradTargets {
public:
    GradTargets() = default;
    GradTargets(std::vector<Node*> targets, Node* root);

    /// Stores the gradient of a node that is a target.
    void receive(const Node& node, const Tensor& gradient);
    /// Whether a node has to run its backward: not if it is a leaf that would accumulate, nor if it
    /// is a target behind which there is no other.
    bool must_run(const Node& node) const;
    /// Whether the gradient of a node leads to a target.
    bool wants(const Node& node) const { return targets_.empty() || leads_to_target(node); }

    /// The gradient of each target, undefined where none arrived.
    std::vector<Tensor> take_gradients() { return std::move(gradients_); }

private:
    bool leads_to_target(const Node& node) const {
        const auto at = leads_.find(&node);
        return at != leads_.end() && at->second;
    }

    std::vector<Node*> targets_;
    std::vector<Tensor> gradients_;
    std::unordered_map<const Node*, bool> leads_;  // whether a target can be reached from a node
};

}  // namespace eps
