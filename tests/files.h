#pragma once
// For tests of readers and writers: a folder that goes away, files from bytes, and the damage that
// a reader has to survive.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tensor/runtime/allocator.h"
#include "tensor/error.h"

namespace eps::test {

class TempFolder {
public:
    TempFolder() {
        static int count = 0;
        path_ = std::filesystem::temp_directory_path() /
                ("eps_test_" + std::to_string(getpid()) + "_" + std::to_string(count++));
        std::filesystem::create_directories(path_);
    }
    ~TempFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    std::string operator/(const std::string& name) const { return (path_ / name).string(); }
    const std::filesystem::path& path() const { return path_; }
    /// The names of what is in the folder, sorted.
    std::vector<std::string> names() const {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(path_))
            names.push_back(entry.path().filename().string());
        std::sort(names.begin(), names.end());
        return names;
    }

private:
    std::filesystem::path path_;
};

inline std::string bytes_of_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline void put(const std::string& path, const std::string& bytes) {
    // some file systems bring an overwritten file to the disk at once: slow, in a loop
    std::filesystem::remove(path);
    std::ofstream file(path, std::ios::binary);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    REQUIRE(file.good());
}

/// The message of the Error that f throws; "" if it throws none.
inline std::string message_of(const std::function<void()>& f) {
    try {
        f();
    } catch (const Error& error) { return error.what(); }
    return "";
}

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// Every truncation (every `stride`-th) and `flips` random changes of a valid file: `read` must
/// succeed or throw an Error that names the file, and must not take more than `ratio` times the
/// file's size and 1 MB of tensor memory. Truncations must fail.
inline void fuzz_reader(const std::string& path, const std::string& valid,
                        const std::function<void()>& read, int flips, std::size_t stride = 1,
                        std::size_t ratio = 1) {
    CachingAllocator& allocator = allocator_of(cpu);
    const auto survives = [&](const std::string& bytes) {
        put(path, bytes);
        allocator.reset_peak();
        const std::size_t before = allocator.stats().live_bytes;
        bool succeeded = true;
        try {
            read();
        } catch (const Error& error) {
            succeeded = false;
            INFO(std::string(error.what()));
            REQUIRE(contains(error.what(), path));
        }
        // size classes: + 25%
        REQUIRE(allocator.stats().peak_bytes - before <=
                ratio * bytes.size() + (std::size_t{1} << 20) * 5 / 4);
        return succeeded;
    };
    CHECK(survives(valid));
    for (std::size_t length = 0; length < valid.size(); length += stride)
        CHECK_FALSE(survives(valid.substr(0, length)));
    CHECK_FALSE(survives(valid + 'x'));
    std::mt19937 random(1);
    for (int i = 0; i < flips; ++i) {
        std::string bytes = valid;
        for (auto n = 1 + random() % 3; n > 0; --n)
            bytes[random() % std::min<std::size_t>(bytes.size(), 400)] =
                static_cast<char>(random());
        survives(bytes);
    }
}

}  // namespace eps::test
