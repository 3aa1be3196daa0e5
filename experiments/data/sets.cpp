#include "experiments/data/sets.h"

#include <algorithm>

#include "experiments/data/toy.h"

namespace eps::data {

const std::vector<std::string>& image_sets() {
    static const std::vector<std::string> names{"fashion-mnist", "mnist"};
    return names;
}

bool is_image_set(const std::string& name) {
    return std::find(image_sets().begin(), image_sets().end(), name) != image_sets().end();
}

std::vector<std::string> set_names() {
    std::vector<std::string> names = toy_names();
    names.insert(names.end(), image_sets().begin(), image_sets().end());
    return names;
}

std::int64_t classes_of(const std::string& name) {
    if (is_image_set(name)) return 10;
    const Tensor modes = make_toy(name).modes;
    return modes.defined() ? modes.size(0) : 0;
}

std::vector<std::string> sets_with_classes() {
    std::vector<std::string> names = set_names();
    std::erase_if(names, [](const std::string& name) { return classes_of(name) == 0; });
    return names;
}

}  // namespace eps::data
