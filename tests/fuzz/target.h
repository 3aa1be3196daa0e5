#pragma once
// What is fuzzed: functions that take any bytes. A target returns, or aborts with a sentence if
// something that must hold does not; libFuzzer (fuzzer.cpp) and the replay of the corpus
// (replay_test.cpp) run the same list.
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/error.h"

namespace eps::fuzz {

using Bytes = std::span<const std::byte>;

struct Target {
    const char* name;
    void (*run)(Bytes bytes);
    // Makes the checksums in bytes right again after a change, so that it is not all that is found.
    void (*repair)(std::span<std::byte> bytes) = nullptr;
};
const std::vector<Target>& targets();
/// The target of that name. Aborts if there is none.
const Target& target(std::string_view name);

/// Aborts with `sentence` unless `holds`, so that every fuzzer sees the input as a crash.
void require(bool holds, const std::string& sentence);

/// Calls `read`. An Error is what damaged input should give; any other exception is a fault.
/// Returns whether it returned.
bool reads(const std::function<void()>& read);

inline std::string_view text_of(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A file in memory with these bytes, for readers that take a path.
class MemoryFile {
public:
    explicit MemoryFile(Bytes bytes);
    ~MemoryFile();
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    const std::string& path() const { return path_; }
    std::string bytes() const;

private:
    std::string path_;
};

// The targets: those of single files in files.cpp, those of a run's folder in run_files.cpp, the
// others in files of their names.
void fuzz_safetensors(Bytes bytes);
void fuzz_npy(Bytes bytes);
void fuzz_idx(Bytes bytes);
void fuzz_png(Bytes bytes);
void repair_png(std::span<std::byte> bytes);
void fuzz_config(Bytes bytes);
void fuzz_metrics(Bytes bytes);
void fuzz_checkpoint(Bytes bytes);
void fuzz_onnx(Bytes bytes);
void fuzz_options(Bytes bytes);
void fuzz_operators(Bytes bytes);
void fuzz_views(Bytes bytes);

}  // namespace eps::fuzz
