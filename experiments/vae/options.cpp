#include "experiments/vae/options.h"

#include "experiments/data/sets.h"

namespace eps::models::vae {
namespace {

void check_together(const Settings& s) {
    const Rules rule("vae", s, Settings::fields());
    const bool annealed = s.anneal > 0;
    const bool simple = s.importance_samples == 1 && s.beta == 1;
    rule(!s.gaussian() || s.pixels == Pixels::grey, "a Gaussian decoder models grey pixels",
         {"decoder", "pixels"}, "--pixels grey");
    rule(s.importance_samples == 1 || s.beta == 1, "beta weights the one-sample bound",
         {"k", "beta"}, "--k 1, or --beta 1");
    rule(!annealed || (simple && s.network.stochastic_layers == 1),
         "--anneal needs the one-sample bound of one stochastic layer",
         {"anneal", "k", "layers", "beta"}, "--k 1 --layers 1 --beta 1");
    rule((s.flow != "none") == (s.flow_layers > 0), "--flow and --flow-k go together",
         {"flow", "flow-k"}, "both, or neither");
    rule(s.parts <= s.batch, "a batch has more parts than images", {"accumulate", "batch"},
         "at most one part for each image");
    check_decay("vae", s.lr_decay, s.steps);
}

}  // namespace

const std::vector<Field<Settings>>& Settings::fields() {
    using S = Settings;
    using N = NetworkOptions;
    static const std::vector<Field<S>> fields{
        field("data", &S::data, "image data set").one_of(data::image_sets()),
        data_dir_field<S>(),
        choice("pixels", &S::pixels,
               {{"dynamic", Pixels::dynamic}, {"static", Pixels::fixed}, {"grey", Pixels::grey}},
               "dynamic or static binarisation, or grey values"),
        choice("decoder", &S::network, &N::decoder,
               {{"bernoulli", Decoder::bernoulli}, {"gaussian", Decoder::gaussian}},
               "distribution of a pixel"),
        field("layers", &S::network, &N::stochastic_layers, "stochastic layers").between(1, 2),
        field("latent", &S::network, &N::latent, "latent variables of the first layer")
            .between(1, most::width),
        field("latent-top", &S::network, &N::latent_top, "latent variables of the second layer")
            .between(1, most::width),
        field("hidden", &S::network, &N::hidden, "width of the hidden layers")
            .between(1, most::width),
        field("flow", &S::flow, "flow that transforms the posterior")
            .one_of({"none", "planar", "radial", "nice", "iaf"}),
        field("flow-k", &S::flow_layers, "layers of that flow").between(0, most::layers),
        field("beta", &S::beta, "weight of the KL term (beta-VAE)"),
        field("anneal", &S::anneal,
              "steps over which the weight of log p(x, z) rises from 0.01 to 1; 0: always 1")
            .between(0, most::steps),
        field("k", &S::importance_samples, "importance samples of the training bound (k > 1: IWAE)")
            .between(1, most::importance_samples),
        field("eval-k", &S::eval_samples, "importance samples of the bound that eval reports")
            .between(1, most::importance_samples),
        field("batch", &S::batch, "images per step").between(1, most::batch),
        accumulate_field<S>(),
        field("lr", &S::lr, "learning rate of Adam").at_least(0),
        lr_decay_field<S>(),
    };
    return fields;
}

Settings Settings::of(const Config& config) {
    const auto s = settings_from<Settings>(config);
    check_together(s);
    return s;
}

Config complete(const Config& given) {
    const Config config = completed(given, Settings{});
    Settings::of(config);
    return config;
}

}  // namespace eps::models::vae
