#pragma once
// Pairs of generators and discriminators from the papers. Any other pair of modules plays as well.
#include <memory>
#include <string>

#include "nn/module.h"
#include "tensor/random.h"
#include "tensor/tensor.h"

namespace eps::models::gan {

/// The options that both networks of a pair share.
struct NetworkOptions {
    std::int64_t noise = 64;   // features of z
    std::int64_t classes = 0;  // appended to both inputs (discriminator_input.h); 0: unconditional
    std::int64_t pac = 1;      // samples that D judges together
    std::int64_t width = 64;   // hidden units; in a DCGAN channels at 14x14, doubled at 7x7
    std::int64_t layers = 2;   // hidden layers of an MLP
    std::string norm = "batch";     // in a DCGAN: batch, group or none
    bool spectral_norm = false;     // on all layers of D, instead of `norm` (Miyato et al. 2018)
    bool minibatch_stddev = false;  // before D's last layer (Karras et al. 2018, section 3)
};

struct Pair {
    std::unique_ptr<nn::Module> generator, discriminator;
};

/// For points of the plane: ReLU MLPs, G noise-width-..-2, D 2 pac-width-..-1.
Pair planar_mlp(const NetworkOptions& options, Generator& init);
/// The same for 784 pixels in [0, 1]: G noise-width-..-784 with a final sigmoid, D
/// 784 pac-width-..-1.
Pair image_mlp(const NetworkOptions& options, Generator& init);
/// The pair of Goodfellow et al. 2014 (its published code), for 784 pixels in [0, 1]: G
/// noise-1200-1200-784 with ReLU and a final sigmoid; D two maxout layers of 240 units with 5
/// pieces each, dropout .2 on the input and .5 on hidden layers. `dropout` draws the dropout masks
/// and must outlive the pair.
Pair maxout_mlp(const NetworkOptions& options, Generator& init, Generator& dropout);
/// DCGAN for images [B, 1, 28, 28] in [-1, 1]: G convT7, convT4 stride 2 twice, tanh; D conv4
/// stride 2 twice, linear, with leaky ReLU .2.
/// Source: Radford et al. 2016.
Pair dcgan_28(const NetworkOptions& options, Generator& init);

}  // namespace eps::models::gan
