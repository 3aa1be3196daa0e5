#include "models/flow/conditioner.h"

#include "nn/layers/activation.h"
#include "nn/layers/conv.h"
#include "nn/init.h"
#include "nn/layers/linear.h"
#include "nn/layers/maxout.h"

namespace eps::models::flow {
namespace {

std::unique_ptr<nn::Module> ending_in_zeros(std::unique_ptr<nn::Sequential> net) {
    for (Tensor& p : (*net)[net->size() - 1].parameters()) nn::init::zeros_(p);
    return net;
}

}  // namespace

std::unique_ptr<nn::Sequential> mlp(std::int64_t in, std::int64_t width, std::int64_t hidden,
                                    std::int64_t out, Generator& generator, std::int64_t maxout) {
    check(hidden >= 0 && maxout >= 0, "mlp", "a negative number; got ", hidden, " hidden layers, ",
          maxout, " pieces of maxout");
    const nn::LinearOptions options{.generator = &generator};
    auto net = std::make_unique<nn::Sequential>();
    for (std::int64_t i = 0; i < hidden; ++i) {
        const std::int64_t below = i == 0 ? in : width;
        if (maxout > 0)
            net->add<nn::Maxout>(below, width, maxout, options);
        else
            net->add<nn::Linear>(below, width, options).add<nn::ReLU>();
    }
    net->add<nn::Linear>(hidden == 0 ? in : width, out, options);
    return net;
}

std::unique_ptr<nn::Module> conditioner(std::int64_t in, std::int64_t width, std::int64_t hidden,
                                        std::int64_t out, Generator& generator) {
    return ending_in_zeros(mlp(in, width, hidden, out, generator));
}

std::unique_ptr<nn::Module> conv_conditioner(std::int64_t in, std::int64_t width, std::int64_t out,
                                             Generator& generator) {
    const nn::ConvOptions wide{.padding = 1, .generator = &generator},
        point{.generator = &generator};
    auto net = std::make_unique<nn::Sequential>();
    net->add<nn::Conv2d>(in, width, 3, wide)
        .add<nn::ReLU>()
        .add<nn::Conv2d>(width, width, 1, point)
        .add<nn::ReLU>();
    net->add<nn::Conv2d>(width, out, 3, wide);
    return ending_in_zeros(std::move(net));
}

}  // namespace eps::models::flow
