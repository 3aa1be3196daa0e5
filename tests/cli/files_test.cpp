// The files that the program reads and writes, as a user meets them.
#include <sys/stat.h>

#include <memory>

#include "cli/png.h"
#include "tests/cli/process.h"
#include "tests/cli/tiny_data.h"

using namespace eps;
using namespace eps::test;

namespace {

struct Fixture {
    TempFolder folder;
    std::string run = folder / "run";

    void train() const {
        const Finished finished = eps_program(tiny_gan(folder, run, 5, {"--data", "ring8"}));
        REQUIRE_MESSAGE(finished.code == 0, finished.err);
    }
    std::string complaint(const Words& arguments) const {
        const Finished finished = eps_program(arguments);
        CHECK_MESSAGE(finished.code == 1, finished.code, " ", finished.err);
        CHECK_MESSAGE(one_sentence(finished.err), finished.err);
        return finished.err;
    }
    std::string info_complaint(const std::string& name) const {
        return complaint({"info", folder / name});
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "eight programs draw into one file at once, and all succeed") {
    train();
    std::filesystem::create_directory(folder / "pictures");
    const std::string picture = folder / "pictures/same.png";
    std::vector<std::unique_ptr<Process>> programs;
    for (int seed = 0; seed < 8; ++seed)
        programs.push_back(std::make_unique<Process>(eps_command(
            {"sample", run, "--seed", std::to_string(seed), "--threads", "1", "--out", picture})));
    const auto running = [](const auto& program) { return program->running(); };
    while (std::any_of(programs.begin(), programs.end(), running)) {
        if (std::filesystem::exists(picture)) cli::read_png(picture);  // throws on half a file
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    for (const auto& program : programs) {
        const Finished finished = program->wait();
        CHECK_MESSAGE(finished.code == 0, finished.err);
    }
    CHECK(cli::read_png(picture).defined());
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder / "pictures"))
        count += entry.exists() ? 1 : 0;
    CHECK(count == 1);
}

TEST_CASE_FIXTURE(Fixture,
                  "FIFOs beside and in the place of files neither hang nor break a program") {
    train();
    // The temporary names of earlier versions.
    for (const char* name : {"config.json.tmp", "checkpoint.safetensors.tmp"})
        REQUIRE(::mkfifo((run + "/" + name).c_str(), 0600) == 0);
    CHECK(eps_program({"train", "--resume", run, "--steps", "10"}).code == 0);

    REQUIRE(::mkfifo((folder / "fifo.png").c_str(), 0600) == 0);
    CHECK(contains(complaint({"sample", run, "--out", folder / "fifo.png"}), "is a FIFO"));
    CHECK(contains(info_complaint("fifo.png"), "fifo.png' is a FIFO; expected a file"));
}

TEST_CASE_FIXTURE(Fixture, "info says in one sentence what is wrong with a file") {
    put(folder / "cut.safetensors", std::string("\xe8\x15\0\0\0\0\0\0{\"a\"", 12));
    CHECK(contains(info_complaint("cut.safetensors"), "truncated: 12 bytes in '" +
                                                          folder / "cut.safetensors" +
                                                          "'; expected 5616 for the header alone"));
    put(folder / "cut.npy", "\x93NUM");
    CHECK(contains(info_complaint("cut.npy"), "truncated: 4 bytes"));
    put(folder / "cut.png", "\x89PNG\r\n\x1a\n");
    CHECK(contains(info_complaint("cut.png"), "truncated: 8 bytes"));
    put_idx(folder / "cut-idx3-ubyte", {2, 3, 4}, "123");
    CHECK(contains(info_complaint("cut-idx3-ubyte"), "truncated data: 3 elements"));
    std::filesystem::create_symlink("/dev/zero", folder / "zero.npy");
    CHECK(contains(info_complaint("zero.npy"), "is a device; expected a file"));
}
