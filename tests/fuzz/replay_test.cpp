// Every file of the corpus, and damaged copies of it, without a fuzzer: the tests of every build
// run them.
#include <doctest/doctest.h>

#include <filesystem>
#include <random>

#include "tests/files.h"
#include "tests/fuzz/target.h"

using namespace eps;

namespace {

std::string damaged(std::string bytes, std::mt19937& random) {
    if (bytes.empty()) return bytes;
    const auto place = [&] { return random() % bytes.size(); };
    for (auto changes = 1 + random() % 4; changes > 0 && !bytes.empty(); --changes) {
        switch (random() % 4) {
            case 0: bytes[place()] = static_cast<char>(random()); break;
            case 1: bytes.resize(place()); break;
            case 2: bytes.insert(place(), 1 + random() % 8, static_cast<char>(random())); break;
            default: bytes.erase(place(), 1 + random() % 8);
        }
    }
    return bytes;
}

}  // namespace

TEST_CASE("fuzz: every target survives its corpus and damaged copies of it") {
    for (const fuzz::Target& target : fuzz::targets()) {
        const auto folder =
            std::filesystem::path(EPS_SOURCE_DIR) / "tests/fuzz/corpus" / target.name;
        REQUIRE_MESSAGE(std::filesystem::is_directory(folder), folder.string());
        std::size_t files = 0;
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            ++files;
            const std::string bytes = test::bytes_of_file(entry.path().string());
            INFO(entry.path().string());
            target.run(std::as_bytes(std::span(bytes)));
            std::mt19937 random(1);
            for (int i = 0; i < 30; ++i) {
                const std::string copy = damaged(bytes, random);
                target.run(std::as_bytes(std::span(copy)));
            }
        }
        CHECK_MESSAGE(files >= 3, target.name, " has ", files, " files");
    }
}
