// Every model family the program knows. A new family is one line here.
#include "models/ddpm/ddpm.h"
#include "models/flow/flow.h"
#include "models/gan/gan.h"
#include "models/training/task.h"
#include "models/vae/vae.h"

namespace eps::models {

const std::vector<Family>& families() {
    static const std::vector<Family> all{vae_family(), gan_family(), ddpm_family(), flow_family()};
    return all;
}

}  // namespace eps::models
