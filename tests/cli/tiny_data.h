#pragma once
// A data set in MNIST's layout that loads in no time, and command lines that train small models.
#include "tests/cli/process.h"
#include "tests/files.h"

namespace eps::test {

inline void put_idx(const std::string& path, const std::vector<int>& extents,
                    const std::string& bytes) {
    std::string text{'\0', '\0', '\x08', static_cast<char>(extents.size())};
    for (const int extent : extents)
        for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(extent >> shift);
    put(path, text + bytes);
}

/// 60 training and 40 test images of noise.
inline void put_tiny_data(const TempFolder& folder) {
    std::mt19937 random(3);
    for (const auto& [prefix, count] : {std::pair{"train", 60}, {"t10k", 40}}) {
        std::string pixels(static_cast<std::size_t>(count) * 784, '\0');
        std::string labels(static_cast<std::size_t>(count), '\0');
        for (char& pixel : pixels) pixel = static_cast<char>(random());
        put_idx(folder / (prefix + std::string("-images-idx3-ubyte")), {count, 28, 28}, pixels);
        put_idx(folder / (prefix + std::string("-labels-idx1-ubyte")), {count}, labels);
    }
}

/// Training of a family: some options every run has, then those of the family, then `more`. Where
/// "mnist" is among them, it reads the tiny images and has the options `images`, too.
inline Words tiny(const std::string& family, const TempFolder& data, const std::string& run,
                  int steps, const std::string& options, const Words& more,
                  const std::string& images = "") {
    Words arguments = Words{"train", family, "--out", run, "--steps", std::to_string(steps)} +
                      words("--checkpoint-every 10 --log-every 5 --threads 1 " + options) + more;
    if (std::find(more.begin(), more.end(), "mnist") != more.end())
        arguments = arguments + Words{"--data-dir", data.path().string()} + words(images);
    return arguments;
}
inline Words tiny_gan(const TempFolder& data, const std::string& run, int steps,
                      const Words& more = {}) {
    return tiny("gan", data, run, steps, "--picture-every 0 --width 8 --batch 8", more);
}
inline Words tiny_ddpm(const TempFolder& data, const std::string& run, int steps,
                       const Words& more = {}) {
    return tiny("ddpm", data, run, steps,
                "--picture-every 0 --T 20 --schedule cosine --width 8 --blocks 1 --batch 8 "
                "--sample-steps 4 --lr-decay none",
                more, "--levels 1,2 --attention 14");
}
inline Words tiny_flow(const TempFolder& data, const std::string& run, int steps,
                       const Words& more = {}, int picture_every = 0) {
    return tiny("flow", data, run, steps,
                "--batch 8 --lr-decay none --picture-every " + std::to_string(picture_every), more);
}
inline Words tiny_vae(const TempFolder& data, const std::string& run, int steps,
                      int checkpoint_every = 10) {
    return Words{"train", "vae", "--out", run, "--steps", std::to_string(steps)} +
           words(
               "--data mnist --hidden 8 --latent 2 --batch 10 --eval-k 2 --log-every 5 "
               "--picture-every 200 --threads 1") +
           Words{"--data-dir", data.path().string(), "--checkpoint-every",
                 std::to_string(checkpoint_every)};
}

}  // namespace eps::test
