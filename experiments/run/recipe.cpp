#include "experiments/run/recipe.h"

#include <algorithm>

namespace eps::models {

Config recipe_for(const Config& config, const std::vector<Recipe>& rows) {
    Config recipe;
    for (const Recipe& row : rows) {
        const bool fits = std::all_of(row.where.begin(), row.where.end(), [&](const auto& each) {
            return config.text(each.first) == each.second;
        });
        for (const auto& [key, value] : row.values)
            if (fits) recipe.set(key, value);
    }
    return recipe;
}

void add_missing(Config& config, const Config& values) {
    for (const auto& [key, value] : values.entries())
        if (!config.has(key)) config.set(key, value);
}

}  // namespace eps::models
