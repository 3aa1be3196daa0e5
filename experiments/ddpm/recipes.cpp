#include "experiments/ddpm/recipes.h"

#include <algorithm>

#include "experiments/ddpm/options.h"
#include "experiments/run/recipe.h"

namespace eps::models::ddpm {
namespace {

using Text = std::string;
using Whole = std::int64_t;

const std::vector<Recipe>& recipes() {
    // The small U-Net that the paper's becomes at 28x28. Without noise on the way every third
    // sample of such a net, minutes old, is mottled, by any solver of the ODE and with any number
    // of steps; with it (eta = 1) none is.
    const std::vector<std::pair<const char*, Value>> images{
        {"width", Whole{32}}, {"levels", Text("1,2,2")},
        {"blocks", Whole{2}}, {"attention", Text("14")},
        {"groups", Whole{8}}, {"batch", Whole{32}},
        {"lr", 5e-4},         {"sampler", Text("ddim")},
        {"sample-eta", 1.0}};
    static const std::vector<Recipe> all{
        {{},
         {{"schedule", Text("linear")},
          {"prediction", Text("noise")},
          {"loss", Text("simple")},
          {"variance", Text("beta")},
          {"ema", 0.999},
          {"lr-decay", Text("linear")},
          {"width", Whole{128}},
          {"blocks", Whole{3}},
          {"levels", Text("")},
          {"attention", Text("")},
          {"groups", Whole{0}},
          {"batch", Whole{512}},
          {"lr", 2e-3},
          {"sampler", Text("dpm++")},
          {"sample-steps", Whole{50}},
          {"sample-eta", 0.0}}},
        {{{"data", "fashion-mnist"}}, images},
        {{{"data", "mnist"}}, images},
        // Nichol & Dhariwal 2021, section 3.1: what a variance is learned from.
        {{{"variance", "learned"}}, {{"loss", Text("hybrid")}}},
    };
    return all;
}

}  // namespace

Config complete(const Config& given) {
    Config config = given;
    if (!config.has("variance")) config.set("variance", Text("beta"));
    Config recipe = recipe_for(config, recipes());
    // whose end is not known
    if (config.integer("steps") == 0) recipe.set("lr-decay", Text("none"));
    // Ho & Salimans 2022, section 4
    recipe.set("class-dropout", config.flag("conditional") ? 0.1 : 0.0);
    recipe.set("sample-steps", std::min(recipe.integer("sample-steps"), config.integer("T")));
    if (config.has("sampler") && config.text("sampler") != "ddim") recipe.set("sample-eta", 0.0);
    add_missing(config, recipe);
    Settings::of(config);
    return config;
}

}  // namespace eps::models::ddpm
