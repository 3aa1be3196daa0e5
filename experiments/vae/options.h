#pragma once
// The options of the family "vae": one table for --help, config.json and the struct.
#include <string>
#include <vector>

#include "experiments/run/run_settings.h"
#include "models/vae/network.h"

namespace eps::models::vae {

/// The pixels that the model is given: 0 or 1, drawn anew for each batch with the grey values as
/// probabilities (dynamic binarisation); 0 or 1, drawn once; or the grey values.
enum class Pixels { dynamic, fixed, grey };

struct Settings : RunSettings {
    std::string data = "fashion-mnist";
    std::string data_dir;
    Pixels pixels = Pixels::dynamic;
    NetworkOptions network;
    std::string flow = "none";     // that the posterior goes through, by its name in flow/catalog.h
    std::int64_t flow_layers = 0;  // K
    double beta = 1;               // weight of the KL term
    std::int64_t anneal = 0;       // steps over which log p(x, z) gains its weight; 0: none
    std::int64_t importance_samples = 1;  // in the training bound
    std::int64_t eval_samples = 50;       // in the bound that is reported
    std::int64_t batch = 100;
    std::int64_t parts = 1;  // that a batch is taken in
    double lr = 1e-3;
    std::string lr_decay = "none";

    bool gaussian() const { return network.decoder == Decoder::gaussian; }

    static const std::vector<Field<Settings>>& fields();
    /// From a complete config. Throws one sentence, with what is allowed, where options do not go
    /// together.
    static Settings of(const Config& config);
};

/// The config of a new run: `given` with the default of every option that it lacks. Throws where
/// options do not go together.
Config complete(const Config& given);

}  // namespace eps::models::vae
