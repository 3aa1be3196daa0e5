#include "models/gan/network.h"

#include <numeric>

#include "autograd/ops/shape/shape.h"
#include "nn/layers/activation.h"
#include "nn/layers/conv.h"
#include "nn/layers/dropout.h"
#include "nn/init.h"
#include "nn/layers/linear.h"
#include "nn/layers/maxout.h"
#include "nn/layers/minibatch_stddev.h"
#include "nn/layers/norm.h"
#include "nn/parametrization.h"
#include "nn/sequential.h"

namespace eps::models::gan {
namespace {

constexpr std::int64_t kPlane = 2, kPixels = 784;

/// [B, C] -> [B, C, 1, 1]: noise as an image of one pixel.
class AsImage final : public nn::Module {
public:
    Tensor forward(const Tensor& x) override { return reshape(x, {x.size(0), x.size(1), 1, 1}); }
};

void check_options(const NetworkOptions& o) {
    constexpr const char* op = "gan";
    check(o.noise >= 1, op, "needs at least one feature of noise; got ", o.noise);
    check(o.classes >= 0, op, "a negative number of classes; got ", o.classes);
    check(o.pac >= 1, op, "a pack holds at least one sample; got pac = ", o.pac);
    check(o.width >= 1, op, "needs a width of at least 1; got ", o.width);
    check(o.layers >= 1, op, "needs at least one hidden layer; got ", o.layers);
    check(o.norm == "batch" || o.norm == "group" || o.norm == "none", op, "unknown norm '", o.norm,
          "'; expected one of batch, group, none");
}

nn::LinearOptions drawn(Generator& init) { return {.generator = &init}; }

/// The width of D's input, for samples of `features` features or channels.
std::int64_t discriminator_width(const NetworkOptions& o, std::int64_t features) {
    return o.pac * (features + o.classes);
}

/// A layer of D, with spectral normalisation if asked for.
template <class Layer>
std::unique_ptr<Layer> discriminator_layer(std::unique_ptr<Layer> layer, const NetworkOptions& o,
                                           Generator& init) {
    return o.spectral_norm ? nn::spectral_norm(std::move(layer), {.generator = &init})
                           : std::move(layer);
}

std::unique_ptr<nn::Sequential> relu_mlp_generator(const NetworkOptions& o, std::int64_t features,
                                                   Generator& init) {
    auto g = std::make_unique<nn::Sequential>();
    std::int64_t in = o.noise + o.classes;
    for (std::int64_t layer = 0; layer < o.layers; ++layer, in = o.width)
        g->add<nn::Linear>(in, o.width, drawn(init)).add<nn::ReLU>();
    g->add<nn::Linear>(in, features, drawn(init));
    return g;
}

std::unique_ptr<nn::Sequential> relu_mlp_discriminator(const NetworkOptions& o,
                                                       std::int64_t features, Generator& init) {
    auto d = std::make_unique<nn::Sequential>();
    const auto linear = [&](std::int64_t in, std::int64_t out) {
        d->add(discriminator_layer(std::make_unique<nn::Linear>(in, out, drawn(init)), o, init));
    };
    std::int64_t in = discriminator_width(o, features);
    for (std::int64_t layer = 0; layer < o.layers; ++layer, in = o.width) {
        linear(in, o.width);
        d->add<nn::ReLU>();
    }
    if (o.minibatch_stddev) d->add<nn::MinibatchStdDev>();
    linear(in + (o.minibatch_stddev ? 1 : 0), 1);
    return d;
}

/// Weights from U(-range, range), biases 0: the initialisation of the 2014 paper's code.
void restart(nn::Linear& layer, double range, Generator& init) {
    nn::init::uniform_(layer.weight, -range, range, init);
    nn::init::zeros_(layer.bias);
}
std::unique_ptr<nn::Linear> linear_within(std::int64_t in, std::int64_t out, double range,
                                          Generator& init) {
    auto layer = std::make_unique<nn::Linear>(in, out, drawn(init));
    restart(*layer, range, init);
    return layer;
}
std::unique_ptr<nn::Maxout> maxout_within(std::int64_t in, std::int64_t out, std::int64_t pieces,
                                          double range, const NetworkOptions& o, Generator& init) {
    auto layer = std::make_unique<nn::Maxout>(in, out, pieces, drawn(init));
    restart(layer->linear, range, init);
    if (o.spectral_norm) nn::spectral_norm(layer->linear, {.generator = &init});
    return layer;
}

void add_norm(nn::Sequential& net, const std::string& norm, std::int64_t channels) {
    if (norm == "batch") net.add<nn::BatchNorm>(channels);
    if (norm == "group") net.add<nn::GroupNorm>(std::gcd(std::int64_t{8}, channels), channels);
}

/// Weights N(0, .02), biases 0   (Radford et al. 2016, section 4).
template <class Layer>
std::unique_ptr<Layer> dcgan_start(std::unique_ptr<Layer> layer, Generator& init) {
    nn::init::normal_(layer->weight, 0, 0.02, init);
    if (layer->bias.defined()) nn::init::zeros_(layer->bias);
    return layer;
}

/// 2 width channels at 7x7, width at 14x14. Layers before a norm have no bias: the norm has one.
std::unique_ptr<nn::Sequential> dcgan_generator(const NetworkOptions& o, Generator& init) {
    const auto up = [&](std::int64_t in, std::int64_t out, std::int64_t size, std::int64_t stride,
                        std::int64_t padding, bool bias) {
        const nn::ConvTransposeOptions geometry{
            .stride = stride, .padding = padding, .bias = bias, .generator = &init};
        return dcgan_start(std::make_unique<nn::ConvTranspose2d>(in, out, size, geometry), init);
    };
    const bool bias = o.norm == "none";
    auto g = std::make_unique<nn::Sequential>();
    g->add<AsImage>().add(up(o.noise + o.classes, 2 * o.width, 7, 1, 0, bias));
    add_norm(*g, o.norm, 2 * o.width);
    g->add<nn::ReLU>().add(up(2 * o.width, o.width, 4, 2, 1, bias));
    add_norm(*g, o.norm, o.width);
    g->add<nn::ReLU>().add(up(o.width, 1, 4, 2, 1, true)).add<nn::Tanh>();
    return g;
}

std::unique_ptr<nn::Sequential> dcgan_discriminator(const NetworkOptions& o, Generator& init) {
    const auto down = [&](std::int64_t in, std::int64_t out, bool bias) {
        const nn::ConvOptions geometry{.stride = 2, .padding = 1, .bias = bias, .generator = &init};
        return discriminator_layer(
            dcgan_start(std::make_unique<nn::Conv2d>(in, out, 4, geometry), init), o, init);
    };
    const std::string norm = o.spectral_norm ? "none" : o.norm;
    auto d = std::make_unique<nn::Sequential>();
    d->add(down(discriminator_width(o, 1), o.width, true))
        .add<nn::LeakyReLU>(0.2)
        .add(down(o.width, 2 * o.width, norm == "none"));
    add_norm(*d, norm, 2 * o.width);
    d->add<nn::LeakyReLU>(0.2);
    if (o.minibatch_stddev) d->add<nn::MinibatchStdDev>();
    const std::int64_t features = (2 * o.width + (o.minibatch_stddev ? 1 : 0)) * 7 * 7;
    d->add<nn::Flatten>().add(discriminator_layer(
        dcgan_start(std::make_unique<nn::Linear>(features, 1, drawn(init)), init), o, init));
    return d;
}

}  // namespace

Pair planar_mlp(const NetworkOptions& options, Generator& init) {
    check_options(options);
    return {relu_mlp_generator(options, kPlane, init),
            relu_mlp_discriminator(options, kPlane, init)};
}

Pair image_mlp(const NetworkOptions& options, Generator& init) {
    check_options(options);
    auto g = relu_mlp_generator(options, kPixels, init);
    g->add<nn::Sigmoid>();
    return {std::move(g), relu_mlp_discriminator(options, kPixels, init)};
}

Pair maxout_mlp(const NetworkOptions& options, Generator& init, Generator& dropout) {
    check_options(options);
    constexpr std::int64_t hidden = 1200, units = 240, pieces = 5;
    constexpr double range_g = 0.05, range_d = 0.005, drop_input = 0.2, drop_hidden = 0.5;
    auto g = std::make_unique<nn::Sequential>();
    g->add(linear_within(options.noise + options.classes, hidden, range_g, init))
        .add<nn::ReLU>()
        .add(linear_within(hidden, hidden, range_g, init))
        .add<nn::ReLU>()
        .add(linear_within(hidden, kPixels, range_g, init))
        .add<nn::Sigmoid>();
    auto d = std::make_unique<nn::Sequential>();
    d->add<nn::Dropout>(drop_input, dropout)
        .add(maxout_within(discriminator_width(options, kPixels), units, pieces, range_d, options,
                           init))
        .add<nn::Dropout>(drop_hidden, dropout)
        .add(maxout_within(units, units, pieces, range_d, options, init))
        .add<nn::Dropout>(drop_hidden, dropout);
    if (options.minibatch_stddev) d->add<nn::MinibatchStdDev>();
    d->add(discriminator_layer(
        linear_within(units + (options.minibatch_stddev ? 1 : 0), 1, range_d, init), options,
        init));
    return {std::move(g), std::move(d)};
}

Pair dcgan_28(const NetworkOptions& options, Generator& init) {
    check_options(options);
    return {dcgan_generator(options, init), dcgan_discriminator(options, init)};
}

}  // namespace eps::models::gan
