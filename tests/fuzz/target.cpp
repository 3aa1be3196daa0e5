#include "tests/fuzz/target.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace eps::fuzz {

const std::vector<Target>& targets() {
    static const std::vector<Target> list = {
        {"safetensors", fuzz_safetensors}, {"npy", fuzz_npy},       {"idx", fuzz_idx},
        {"png", fuzz_png, repair_png},     {"config", fuzz_config}, {"metrics", fuzz_metrics},
        {"checkpoint", fuzz_checkpoint},   {"onnx", fuzz_onnx},     {"options", fuzz_options},
        {"operators", fuzz_operators},     {"views", fuzz_views},
    };
    return list;
}

const Target& target(std::string_view name) {
    for (const Target& each : targets())
        if (name == each.name) return each;
    require(false, "no target is named " + std::string(name));
    std::abort();
}

void require(bool holds, const std::string& sentence) {
    if (holds) return;
    std::fprintf(stderr, "fuzz: %s\n", sentence.c_str());
    std::abort();
}

bool reads(const std::function<void()>& read) {
    try {
        read();
        return true;
    } catch (const Error&) { return false; }
}

namespace {

// A file system in memory where there is one: targets write thousands of files a second.
std::string scratch_path() {
    static int count = 0;
    const std::filesystem::path memory = "/dev/shm";
    const auto folder =
        std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
    const std::string name =
        "eps_fuzz_" + std::to_string(::getpid()) + "_" + std::to_string(count++ % 8);
    return (folder / name).string();
}

}  // namespace

MemoryFile::MemoryFile(Bytes bytes) : path_(scratch_path()) {
    std::ofstream file(path_, std::ios::binary);
    file.write(text_of(bytes).data(), static_cast<std::streamsize>(bytes.size()));
    require(file.good(), "cannot write " + path_);
}
MemoryFile::~MemoryFile() { ::unlink(path_.c_str()); }

std::string MemoryFile::bytes() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace eps::fuzz
