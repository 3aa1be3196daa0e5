#include "autograd/compose.h"

#include "autograd/engine.h"
#include "autograd/grad_mode.h"

namespace eps {
namespace {

thread_local bool composing = false;

// An input's deputy: the same values, and a node of its own from which gradients go on to the
// input's. It keeps apart two inputs of which one depends on the other, or that are the same
// tensor, and marks where grad() may stop looking.
class Deputy final : public Node {
public:
    explicit Deputy(Ref<Node> input) : Node("deputy"), edge_(std::move(input)) {}
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
    std::vector<Tensor> arguments(inputs.begin(), inputs.end()), variables;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (!edges[i]) continue;
        arguments[i] = detach(inputs[i]);
        attach(arguments[i], make_ref<Deputy>(edges[i]));
        variables.push_back(arguments[i]);
        places.push_back(i);
    }
    Tensor output;
    {
        GradMode recording(true);
        output = compose(arguments);
    }
    if (!output.requires_grad()) return;
    std::vector<Tensor> results = grad(
        output, variables, {.gradient = g, .create_graph = grad_enabled(), .allow_unused = true});
    for (std::size_t v = 0; v < places.size(); ++v) gradients[places[v]] = std::move(results[v]);
}

}  // namespace eps
