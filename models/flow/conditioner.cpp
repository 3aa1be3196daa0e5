#include "models/flow/conditioner.h"

#include "nn/activation.h"
#include "nn/conv.h"
#include "nn/init.h"
#include "nn/linear.h"
#include "nn/sequential.h"

namespace eps::models::flow {
namespace {

template <class Layer>
std::unique_ptr<Layer> of_zeros(std::unique_ptr<Layer> layer) {
    nn::init::zeros_(layer->weight);
    nn::init::zeros_(layer->bias);
    return layer;
}

}  // namespace

std::unique_ptr<nn::Module> conditioner(std::int64_t in, std::int64_t width, std::int64_t hidden, std::int64_t out, Generator& generator) {
    check(hidden >= 1, "conditioner", "needs at least one hidden layer; got ", hidden);
    const nn::LinearOptions options{.generator = &generator};
    auto net = std::make_unique<nn::Sequential>();
    for (std::int64_t i = 0; i < hidden; ++i) net->add<nn::Linear>(i == 0 ? in : width, width, options).add<nn::ReLU>();
    net->add(of_zeros(std::make_unique<nn::Linear>(width, out, options)));
    return net;
}

std::unique_ptr<nn::Module> conv_conditioner(std::int64_t in, std::int64_t width, std::int64_t out, Generator& generator) {
    const nn::Conv2dLayerOptions wide{.padding = 1, .generator = &generator}, point{.generator = &generator};
    auto net = std::make_unique<nn::Sequential>();
    net->add<nn::Conv2d>(in, width, 3, wide).add<nn::ReLU>().add<nn::Conv2d>(width, width, 1, point).add<nn::ReLU>();
    net->add(of_zeros(std::make_unique<nn::Conv2d>(width, out, 3, wide)));
    return net;
}

}  // namespace eps::models::flow
