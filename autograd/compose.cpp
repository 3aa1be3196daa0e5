#include "autograd/compose.h"

#include "autograd/engine.h"
#include "autograd/grad_mode.h"

namespace eps {
namespace {

thread_local bool composing = false;

// The node of a detached input: a tensor with the values of the input and a node of its own, from
// which gradients go on to the node of the input. It keeps two inputs apart of which one depends on
// the other, or that are the same tensor, and is where grad() stops.
class DetachedInput final : public Node {
public:
    explicit DetachedInput(Ref<Node> input) : Node("detached_input"), edge_(std::move(input)) {}
    std::span<const Ref<Node>> edges() const override { return {&edge_, 1}; }
    void backward(const Tensor& g, std::span<Tensor> gradients) override { gradients[0] = g; }

private:
    Ref<Node> edge_;
};

}  // namespace

ComposeMode::ComposeMode() : before_(composing) { composing = true; }
ComposeMode::~ComposeMode() { composing = before_; }
bool ComposeMode::enabled() { return composing; }

void differentiate_composition(const Composition& compose, std::span<const Tensor> inputs,
                               std::span<const Ref<Node>> edges, const Tensor& g,
                               Gradients gradients) {
    std::vector<Tensor> arguments(inputs.begin(), inputs.end());
    std::vector<Tensor> variables;
    std::vector<std::size_t> input_of;  // the number of the input behind each variable
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (!edges[i]) continue;
        arguments[i] = detach(inputs[i]);
        attach(arguments[i], make_ref<DetachedInput>(edges[i]));
        variables.push_back(arguments[i]);
        input_of.push_back(i);
    }
    Tensor output;
    {
        GradMode recording(true);
        output = compose(arguments);
    }
    if (!output.requires_grad()) return;
    std::vector<Tensor> results = grad(
        output, variables, {.gradient = g, .create_graph = grad_enabled(), .allow_unused = true});
    for (std::size_t v = 0; v < results.size(); ++v) gradients[input_of[v]] = std::move(results[v]);
}

}  // namespace eps
