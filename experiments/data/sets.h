#pragma once
// The names of all data sets: toys of the plane (toy.h) and images (images.h).
#include <cstdint>
#include <string>
#include <vector>

namespace eps::data {

/// "fashion-mnist", "mnist".
const std::vector<std::string>& image_sets();
bool is_image_set(const std::string& name);
/// Every toy, then every image set.
std::vector<std::string> set_names();
/// The number of classes: 10 for images, the number of modes for a mixture, 0 for all others.
std::int64_t classes_of(const std::string& name);
/// The data sets that have classes.
std::vector<std::string> sets_with_classes();

}  // namespace eps::data
