#include "experiments/run/family.h"

#include "tensor/names.h"

namespace eps::models {

const Family& family(const Config& config) {
    const std::string& name = config.text("family");
    for (const Family& f : families())
        if (f.name == name) return f;
    fail("config", "unknown model family '", name, "' in ", config.source(),
         "; expected one of: ", listed(names_in(families())));
}

}  // namespace eps::models
