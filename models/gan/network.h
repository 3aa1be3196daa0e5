#pragma once
// The pairs of networks the program trains. Any other pair of modules fits as well.
#include <memory>
#include <string>

#include "nn/module.h"
#include "tensor/random.h"
#include "tensor/tensor.h"

namespace eps::models::gan {

/// What both networks of a pair must agree on.
struct NetworkOptions {
    std::int64_t noise = 64;  // features of z
    // appended to z and to what D sees, as presentation.h does it; 0: unconditional
    std::int64_t classes = 0;
    std::int64_t pac = 1;  // samples that D sees at once
    // of the hidden layers; in a DCGAN channels at 14x14, half of those at 7x7
    std::int64_t width = 64;
    std::int64_t layers = 2;     // hidden layers of an MLP
    std::string norm = "batch";  // of a DCGAN: batch, group, none
    // of every layer of D, which then has no other norm   (Miyato et al. 2018)
    bool spectral_norm = false;
    bool minibatch_stddev = false;  // at the end of D   (Karras et al. 2018, section 3)
};

struct Pair {
    std::unique_ptr<nn::Module> generator, discriminator;
};

/// For the plane: ReLU MLPs noise-width-..-2 and 2 pac-width-..-1.
Pair planar_mlp(const NetworkOptions& options, Generator& init);
/// The same for 784 pixels in [0, 1]: noise-width-..-784 with a sigmoid at the end, and 784
/// pac-width-..-1.
Pair image_mlp(const NetworkOptions& options, Generator& init);
/// Of the paper, for 784 pixels in [0, 1]: G noise-1200-1200-784, ReLU and sigmoid; D two maxout
/// layers of 240 units of 5 pieces with dropout, .2 of the input and .5 of what is hidden
/// (Goodfellow et al. 2014; recipe of its published code). The dropout's generator is `dropout`,
/// which must outlive the pair.
Pair maxout_mlp(const NetworkOptions& options, Generator& init, Generator& dropout);
/// For images [B, 1, 28, 28] in [-1, 1]: G convT7 - convT4/2 - convT4/2 - tanh, D conv4/2 - conv4/2
/// - linear, leaky ReLU .2   (Radford et al. 2016).
Pair dcgan_28(const NetworkOptions& options, Generator& init);

}  // namespace eps::models::gan
