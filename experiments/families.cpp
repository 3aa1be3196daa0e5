// Every model family the program knows. A new family is one line here.
#include "experiments/ddpm/ddpm.h"
#include "experiments/flow/flow.h"
#include "experiments/gan/gan.h"
#include "experiments/run/family.h"
#include "experiments/vae/vae.h"

namespace eps::models {

const std::vector<Family>& families() {
    static const std::vector<Family> all{vae_family(), gan_family(), ddpm_family(), flow_family()};
    return all;
}

}  // namespace eps::models
