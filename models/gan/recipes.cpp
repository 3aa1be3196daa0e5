#include "models/gan/recipes.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "models/gan/options.h"

namespace eps::models::gan {
namespace {

struct Recipe {
    std::string_view data, net;  // "": any
    std::vector<std::pair<const char*, Value>> values;
};

using Text = std::string;
using Whole = std::int64_t;

// From the general to the particular: of the rows that fit, later ones count. Settled by experiment where no source is named.
const std::vector<Recipe>& recipes() {
    static const std::vector<Recipe> all{
        {"", "", {{"optimizer", Text("adam")}, {"beta1", 0.5}, {"beta2", 0.999}, {"gp", Text("none")}, {"instance-noise", 0.0}, {"norm", Text("none")},
                  {"lr-decay", Text("none")}, {"layers", Whole{2}}, {"ema", 0.999}}},
        // The plane: instance noise blurs modes that are narrow beside the distance between them until G has found them all.
        {"", "mlp", {{"noise", Whole{2}}, {"width", Whole{128}}, {"layers", Whole{3}}, {"batch", Whole{256}}, {"lr", 1e-3}, {"lr-decay", Text("linear")}}},
        {"ring8", "mlp", {{"instance-noise", 0.3}}},
        {"grid25", "mlp", {{"instance-noise", 0.6}}},
        // Images.
        {"fashion-mnist", "mlp", {{"noise", Whole{64}}, {"width", Whole{400}}, {"layers", Whole{2}}, {"batch", Whole{64}}, {"lr", 2e-4}}},
        {"mnist", "mlp", {{"noise", Whole{64}}, {"width", Whole{400}}, {"layers", Whole{2}}, {"batch", Whole{64}}, {"lr", 2e-4}}},
        // Radford et al. 2016, section 4.
        {"", "dcgan", {{"noise", Whole{64}}, {"width", Whole{64}}, {"batch", Whole{64}}, {"lr", 2e-4}, {"norm", Text("batch")}}},
        // Goodfellow et al. 2014: SGD at a constant rate and momentum, where the published code lets both change slowly.
        {"", "maxout", {{"noise", Whole{100}}, {"width", Whole{1200}}, {"batch", Whole{100}}, {"optimizer", Text("sgd")}, {"lr", 0.1}, {"ema", 0.0}}},
    };
    return all;
}

void add(Config& config, const char* key, const Value& value) {
    if (!config.has(key)) config.set(key, value);
}

}  // namespace

Config complete(const Config& given) {
    Config config = given;
    const std::string data = config.text("data");
    const bool images = std::find(image_sets().begin(), image_sets().end(), data) != image_sets().end();
    add(config, "net", Text(images ? "dcgan" : "mlp"));
    const std::string net = config.text("net");
    check(!(given.has("beta2") && given.has("optimizer") && given.text("optimizer") == "sgd"), "gan", "--beta2 is Adam's; got --optimizer sgd");

    Config recipe;
    for (const Recipe& row : recipes())
        if ((row.data.empty() || row.data == data) && (row.net.empty() || row.net == net))
            for (const auto& [key, value] : row.values) recipe.set(key, value);
    if (config.has("gp")) recipe.set("gp-weight", config.text("gp") == "none" ? 0.0 : penalty(config.text("gp")).weight);  // its paper's
    add(recipe, "gp-weight", recipe.text("gp") == "none" ? 0.0 : penalty(recipe.text("gp")).weight);
    const Whole steps = config.integer("steps"), half = steps > 1 ? steps / 2 : Whole{10000};
    recipe.set("instance-noise-steps", (config.has("instance-noise") ? config : recipe).number("instance-noise") > 0 ? half : Whole{0});
    const bool penalised = (config.has("gp") ? config : recipe).text("gp") != "none";
    if (penalised && net == "dcgan") recipe.set("norm", Text("group"));  // batch norm mixes the samples whose gradients it takes
    if (steps == 0) recipe.set("lr-decay", Text("none"));  // whose end is not known
    for (const auto& [key, value] : recipe.entries()) add(config, key.c_str(), value);
    Settings::of(config);
    return config;
}

}  // namespace eps::models::gan
