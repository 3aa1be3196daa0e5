#pragma once
// The data sets a family can be trained on, by name: toys of the plane (toy.h) and images
// (images.h).
#include <cstdint>
#include <string>
#include <vector>

namespace eps::data {

/// "fashion-mnist", "mnist".
const std::vector<std::string>& image_sets();
bool is_image_set(const std::string& name);
/// Every toy, then every image set.
std::vector<std::string> set_names();
/// The classes of a data set: of images 10, of a mixture its modes; 0 where it has none.
std::int64_t classes_of(const std::string& name);
/// Those with classes.
std::vector<std::string> sets_with_classes();

}  // namespace eps::data
