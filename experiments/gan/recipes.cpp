#include "experiments/gan/recipes.h"

#include "experiments/data/sets.h"
#include "experiments/gan/options.h"
#include "experiments/run/recipe.h"

namespace eps::models::gan {
namespace {

using Text = std::string;
using Whole = std::int64_t;

// From the general to the particular: of the rows that fit, later ones count. Settled by experiment
// where no source is named.
const std::vector<Recipe>& recipes() {
    static const std::vector<Recipe> all{
        {{},
         {{"optimizer", Text("adam")},
          {"beta1", 0.5},
          {"beta2", 0.999},
          {"gp", Text("none")},
          {"instance-noise", 0.0},
          {"norm", Text("none")},
          {"lr-decay", Text("none")},
          {"layers", Whole{2}},
          {"ema", 0.999}}},
        // The plane: instance noise blurs modes that are narrow beside the distance between them
        // until G has found them all.
        {{{"net", "mlp"}},
         {{"noise", Whole{2}},
          {"width", Whole{128}},
          {"layers", Whole{3}},
          {"batch", Whole{256}},
          {"lr", 1e-3},
          {"lr-decay", Text("linear")}}},
        {{{"data", "ring8"}, {"net", "mlp"}}, {{"instance-noise", 0.3}}},
        {{{"data", "grid25"}, {"net", "mlp"}}, {{"instance-noise", 0.6}}},
        // Images.
        {{{"data", "fashion-mnist"}, {"net", "mlp"}},
         {{"noise", Whole{64}},
          {"width", Whole{400}},
          {"layers", Whole{2}},
          {"batch", Whole{64}},
          {"lr", 2e-4}}},
        {{{"data", "mnist"}, {"net", "mlp"}},
         {{"noise", Whole{64}},
          {"width", Whole{400}},
          {"layers", Whole{2}},
          {"batch", Whole{64}},
          {"lr", 2e-4}}},
        // Radford et al. 2016, section 4.
        {{{"net", "dcgan"}},
         {{"noise", Whole{64}},
          {"width", Whole{64}},
          {"batch", Whole{64}},
          {"lr", 2e-4},
          {"norm", Text("batch")}}},
        // Goodfellow et al. 2014: SGD at a constant rate and momentum, where the published code
        // lets both change slowly.
        {{{"net", "maxout"}},
         {{"noise", Whole{100}},
          {"width", Whole{1200}},
          {"batch", Whole{100}},
          {"optimizer", Text("sgd")},
          {"lr", 0.1},
          {"ema", 0.0}}},
    };
    return all;
}

}  // namespace

Config complete(const Config& given) {
    Config config = given;
    if (!config.has("net"))
        config.set("net", Text(data::is_image_set(config.text("data")) ? "dcgan" : "mlp"));
    const std::string net = config.text("net");
    check(!(given.has("beta2") && given.has("optimizer") && given.text("optimizer") == "sgd"),
          "gan", "--beta2 is Adam's; got --optimizer sgd");

    Config recipe = recipe_for(config, recipes());
    // its paper's
    if (config.has("gp"))
        recipe.set("gp-weight",
                   config.text("gp") == "none" ? 0.0 : penalty(config.text("gp")).weight);
    else
        recipe.set("gp-weight",
                   recipe.text("gp") == "none" ? 0.0 : penalty(recipe.text("gp")).weight);
    const Whole steps = config.integer("steps"), half = steps > 1 ? steps / 2 : Whole{10000};
    recipe.set("instance-noise-steps",
               (config.has("instance-noise") ? config : recipe).number("instance-noise") > 0
                   ? half
                   : Whole{0});
    const bool penalised = (config.has("gp") ? config : recipe).text("gp") != "none";
    // batch norm mixes the samples whose gradients it takes
    if (penalised && net == "dcgan") recipe.set("norm", Text("group"));
    if (steps == 0) recipe.set("lr-decay", Text("none"));  // whose end is not known
    add_missing(config, recipe);
    Settings::of(config);
    return config;
}

}  // namespace eps::models::gan
