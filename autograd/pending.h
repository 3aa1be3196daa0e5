#pragma once
// The gradients that have not reached their node yet.
#include <algorithm>
#include <utility>
#include <vector>

#include "autograd/accumulate.h"
#include "autograd/node.h"

namespace eps {

/// A priority queue of nodes, newest first, with the gradient accumulated for each: a heap on the
/// creation number and a hash table from node to gradient.
class PendingGradients {
public:
    bool empty() const { return heap_.empty(); }

    /// Adds to the gradient of a node.
    void push(const Ref<Node>& node, Tensor gradient) {
        if (2 * (heap_.size() + 1) > slots_.size()) grow();
        Slot& slot = find(node.get());
        if (slot.node) return accumulate(slot.gradient, gradient);
        slot = {node.get(), std::move(gradient)};
        heap_.push_back(node);
        std::push_heap(heap_.begin(), heap_.end(), older);
    }

    /// Removes the newest node, with its gradient.
    std::pair<Ref<Node>, Tensor> pop() {
        std::pop_heap(heap_.begin(), heap_.end(), older);
        Ref<Node> node = std::move(heap_.back());
        heap_.pop_back();
        Tensor gradient = take(node.get());
        return {std::move(node), std::move(gradient)};
    }

private:
    struct Slot {
        Node* node = nullptr;
        Tensor gradient;
    };
    // Leaves share the number 0, and their order does not matter.
    static bool older(const Ref<Node>& a, const Ref<Node>& b) {
        return a->sequence() < b->sequence();
    }

    std::size_t home(const Node* node) const {
        return (reinterpret_cast<std::size_t>(node) * 0x9E3779B97F4A7C15u >> 32) &
               (slots_.size() - 1);
    }
    Slot& find(const Node* node) {
        std::size_t i = home(node);
        while (slots_[i].node && slots_[i].node != node) i = (i + 1) & (slots_.size() - 1);
        return slots_[i];
    }
    // Open addressing without tombstones: later slots of the same run move back into the hole.
    Tensor take(const Node* node) {
        std::size_t hole = static_cast<std::size_t>(&find(node) - slots_.data());
        Tensor gradient = std::move(slots_[hole].gradient);
        const std::size_t mask = slots_.size() - 1;
        for (std::size_t i = (hole + 1) & mask; slots_[i].node; i = (i + 1) & mask) {
            const std::size_t wanted = home(slots_[i].node);
            if (((i - wanted) & mask) < ((i - hole) & mask)) continue;
            slots_[hole] = std::move(slots_[i]);
            hole = i;
        }
        slots_[hole] = {};
        return gradient;
    }
    void grow() {
        std::vector<Slot> old =
            std::exchange(slots_, std::vector<Slot>(std::max<std::size_t>(16, slots_.size() * 2)));
        for (Slot& slot : old)
            if (slot.node) find(slot.node) = std::move(slot);
    }

    std::vector<Ref<Node>> heap_;
    std::vector<Slot> slots_;
};

}  // namespace eps
