#pragma once
// A data set in MNIST's layout that loads in no time, and the options of a VAE to match.
#include "tests/files.h"

namespace eps::test {

inline void put_idx(const std::string& path, const std::vector<int>& extents,
                    const std::string& bytes) {
    std::string text{'\0', '\0', '\x08', static_cast<char>(extents.size())};
    for (const int extent : extents)
        for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(extent >> shift);
    put(path, text + bytes);
}

inline void put_tiny_data(const TempFolder& folder) {
    std::mt19937 random(3);
    for (const auto& [prefix, count] : {std::pair{"train", 60}, {"t10k", 40}}) {
        std::string pixels(static_cast<std::size_t>(count) * 784, '\0'),
            labels(static_cast<std::size_t>(count), '\0');
        for (char& pixel : pixels) pixel = static_cast<char>(random());
        put_idx(folder / (prefix + std::string("-images-idx3-ubyte")), {count, 28, 28}, pixels);
        put_idx(folder / (prefix + std::string("-labels-idx1-ubyte")), {count}, labels);
    }
}

/// A GAN of the plane (data: a toy), or of the tiny images.
inline std::vector<std::string> tiny_gan(const TempFolder& data, const std::string& run, int steps,
                                         const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"train",
                                       "gan",
                                       "--out",
                                       run,
                                       "--steps",
                                       std::to_string(steps),
                                       "--width",
                                       "8",
                                       "--batch",
                                       "8",
                                       "--checkpoint-every",
                                       "10",
                                       "--log-every",
                                       "5",
                                       "--picture-every",
                                       "0",
                                       "--threads",
                                       "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    for (const std::string& word : more)
        if (word == "mnist")
            arguments.insert(arguments.end(), {"--data-dir", data.path().string()});
    return arguments;
}

/// A DDPM of the plane (data: a toy), or of the tiny images.
inline std::vector<std::string> tiny_ddpm(const TempFolder& data, const std::string& run, int steps,
                                          const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"train",
                                       "ddpm",
                                       "--out",
                                       run,
                                       "--steps",
                                       std::to_string(steps),
                                       "--T",
                                       "20",
                                       "--schedule",
                                       "cosine",
                                       "--width",
                                       "8",
                                       "--blocks",
                                       "1",
                                       "--batch",
                                       "8",
                                       "--sample-steps",
                                       "4",
                                       "--lr-decay",
                                       "none",
                                       "--checkpoint-every",
                                       "10",
                                       "--log-every",
                                       "5",
                                       "--picture-every",
                                       "0",
                                       "--threads",
                                       "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    for (const std::string& word : more)
        if (word == "mnist")
            arguments.insert(arguments.end(), {"--data-dir", data.path().string(), "--levels",
                                               "1,2", "--attention", "14"});
    return arguments;
}

/// A flow of an energy, of the plane (target: a toy), or of the tiny images.
inline std::vector<std::string> tiny_flow(const TempFolder& data, const std::string& run, int steps,
                                          const std::vector<std::string>& more = {},
                                          int picture_every = 0) {
    std::vector<std::string> arguments{"train",
                                       "flow",
                                       "--out",
                                       run,
                                       "--steps",
                                       std::to_string(steps),
                                       "--batch",
                                       "8",
                                       "--lr-decay",
                                       "none",
                                       "--checkpoint-every",
                                       "10",
                                       "--log-every",
                                       "5",
                                       "--picture-every",
                                       std::to_string(picture_every),
                                       "--threads",
                                       "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    for (const std::string& word : more)
        if (word == "mnist")
            arguments.insert(arguments.end(), {"--data-dir", data.path().string()});
    return arguments;
}

inline std::vector<std::string> tiny_training(const TempFolder& data, const std::string& run,
                                              int steps, int checkpoint_every = 10) {
    return {"train",
            "vae",
            "--data",
            "mnist",
            "--data-dir",
            data.path().string(),
            "--out",
            run,
            "--steps",
            std::to_string(steps),
            "--hidden",
            "8",
            "--latent",
            "2",
            "--batch",
            "10",
            "--eval-k",
            "2",
            "--checkpoint-every",
            std::to_string(checkpoint_every),
            "--log-every",
            "5",
            "--picture-every",
            "200",
            "--threads",
            "1"};
}

}  // namespace eps::test
