#include "models/flow/reversible.h"

#include "autograd/engine.h"
#include "autograd/op.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"

namespace eps::models::flow {
namespace {

// z and the log-determinants in one vector, because an op has one output.
Tensor pack(const Transformed& to) { return concat({flatten(to.z, 0), to.log_det}); }
Transformed unpack(const Tensor& packed, const Shape& shape) {
    const std::int64_t count = numel(shape);
    return {reshape(narrow(packed, 0, 0, count), shape), narrow(packed, 0, count, shape[0])};
}

void add_to(Tensor& sum, const Tensor& term) {
    if (term.defined()) sum = sum.defined() ? sum + term : term;
}

// Inputs: z, the context (or z again), then the parameters of each layer. The flow must outlive the
// graph, like any module.
struct ReversibleRun {
    static constexpr const char* name = "reversible_flow";
    using saves = SaveInputsAndOutput<1>;
    Composition* flow;
    bool forwards, has_context;
    std::vector<std::size_t> first;  // the index of each layer's first parameter among the inputs
    // The shape of the output z, which Reversible reads, too.
    std::shared_ptr<Shape> shape = std::make_shared<Shape>();

    Tensor forward(std::span<const Tensor> inputs) {
        const Tensor context = has_context ? inputs[1] : Tensor();
        const Transformed to =
            forwards ? flow->transform(inputs[0], context) : flow->inverse(inputs[0], context);
        *shape = to.z.shape();
        return pack(to);
    }

    Transformed step(std::int64_t i, const Tensor& z, const Tensor& context, bool onwards) const {
        Bijector& layer = flow->layer(i);
        return onwards == forwards ? layer.transform(z, context) : layer.inverse(z, context);
    }

    void backward(const Tensor& g, const Context& node, Gradients out) const {
        check(!grad_enabled(), name,
              "has no second derivatives, because it keeps no graph; hint: the composition itself "
              "has them");
        Transformed gradient = unpack(g, *shape);
        Tensor z = unpack(node.output(), *shape).z;
        const Tensor context = has_context ? node.input(1) : Tensor();
        const std::int64_t K = flow->size();
        for (std::int64_t done = 0; done < K; ++done) {
            const std::int64_t i = forwards ? K - 1 - done : done;
            z = step(i, z, context, false).z;
            gradient.z = through_layer(i, z, context, gradient, node, out);
        }
        if (node.needs(0)) add_to(out[0], gradient.z);
    }

    // The gradient with respect to a layer's input. Those with respect to its parameters and to the
    // context are added to `out`.
    Tensor through_layer(std::int64_t i, const Tensor& input, const Tensor& context,
                         const Transformed& gradient, const Context& node, Gradients out) const {
        const GradMode on(true);
        std::vector<Tensor> leaves{detach(input).requires_grad_()};
        if (has_context) leaves.push_back(detach(context).requires_grad_());
        const std::size_t before = leaves.size();
        std::size_t index = first[static_cast<std::size_t>(i)];
        std::vector<std::size_t> indices;
        for (const Tensor& p : flow->layer(i).parameters()) {
            if (node.needs(index)) {
                leaves.push_back(p);
                indices.push_back(index);
            }
            ++index;
        }
        const Transformed to = step(i, leaves[0], has_context ? leaves[1] : Tensor(), true);
        const Tensor packed = pack(to), along = detach(pack(gradient));
        const std::vector<Tensor> gradients =
            grad(packed, leaves, {.gradient = along, .allow_unused = true});
        if (has_context && node.needs(1)) add_to(out[1], gradients[1]);
        for (std::size_t k = 0; k < indices.size(); ++k)
            add_to(out[indices[k]], gradients[before + k]);
        return gradients[0];
    }
};

}  // namespace

Reversible::Reversible(std::unique_ptr<Composition> flow) : flow_(std::move(flow)) {
    check(flow_ != nullptr && flow_->has_inverse(), "reversible_flow",
          "needs a composition of layers that have inverses");
    add("flow", *flow_);
}

Transformed Reversible::run(const Tensor& z, const Tensor& context, bool forwards) {
    check(z.defined() && z.rank() >= 1, "reversible_flow", "needs a batch [B, ...]");
    std::vector<Tensor> inputs{z, context.defined() ? context : z};
    std::vector<std::size_t> first;
    for (std::int64_t i = 0; i < flow_->size(); ++i) {
        first.push_back(inputs.size());
        for (const Tensor& p : flow_->layer(i).parameters()) inputs.push_back(p);
    }
    ReversibleRun op{flow_.get(), forwards, context.defined(), std::move(first)};
    const std::shared_ptr<Shape> shape = op.shape;
    return unpack(apply(std::move(op), std::span<const Tensor>(inputs)), *shape);
}

}  // namespace eps::models::flow
