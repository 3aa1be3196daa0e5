// Signals in every phase: each comes before one of the calls on files, from the first look into
// the folder to the last picture. (tests/cli/signals_test.cpp: signals between steps.)
#include "tests/faults/faults.h"

using namespace eps;
using namespace eps::test;

namespace {

/// What a program does that gets a signal before call number `at` on a file in `folder`.
Finished with_signal(const Words& command, const std::string& folder, const std::string& log,
                     int signal, int at) {
    return eps_program(command, FileFault{folder, log, std::to_string(signal), at}.environment());
}

}  // namespace

TEST_CASE("a signal while training starts, saves or draws: it saves, and goes on bit for bit") {
    if (!kPreloads) return;
    constexpr int signals[] = {SIGTERM, SIGINT, SIGHUP};
    for (const SmallFamily& family : small_families) {
        CAPTURE(family.name);
        const SmallRuns runs(family);
        const std::string whole = runs.folder / "whole", run = runs.folder / "run",
                          log = runs.folder / "log";
        const auto count = static_cast<int>(calls_on_files(runs.train(whole), whole, log).size());
        // A signal may add a line to the log, and leave out a film of what was drawn until then.
        auto expected = SmallRuns::files_of(whole);
        std::erase_if(expected, [](const auto& file) {
            return contains(file.first, "-film") || file.first == "metrics.jsonl";
        });
        for (const int at : chosen(count, 4)) {
            std::filesystem::remove_all(run);
            const int signal = signals[at % 3];
            const Finished stopped = with_signal(runs.train(run), run, log, signal, at);
            CAPTURE(at);
            // The signal that comes after the last step finds a run that ends anyway.
            CHECK_MESSAGE((stopped.code == 128 + signal || stopped.code == 0), stopped.err);
            CHECK(contains(stopped.err, "\nStopping after this step"));
            CHECK(temporary_files(run).empty());
            const Finished recovered = runs.recover(run);
            CHECK_MESSAGE(recovered.code == 0, recovered.err);
            const auto files = SmallRuns::files_of(run);
            CHECK_MESSAGE(difference(files, expected).empty(), difference(files, expected));
        }
    }
}

TEST_CASE("a signal ends sample and eval at once, and leaves no half picture") {
    if (!kPreloads) return;
    const SmallRuns runs(small_families[1]);
    const std::string run = runs.folder / "run", pictures = runs.folder / "pictures",
                      log = runs.folder / "log";
    REQUIRE(eps_program(runs.train(run)).code == 0);
    const auto before = SmallRuns::files_of(run);
    std::filesystem::create_directory(pictures);
    const Words sample{"sample", run, "--out", pictures + "/a.png", "--threads", "1"};
    const Words eval{"eval", run, "--threads", "1"};
    const auto writes = static_cast<int>(calls_on_files(sample, pictures, log).size()),
               reads = static_cast<int>(calls_on_files(eval, run, log).size());
    const std::string whole = bytes_of_file(pictures + "/a.png");
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGKILL}) {
        CAPTURE(signal);
        for (const int at : chosen(writes, 4)) {
            std::filesystem::remove(pictures + "/a.png");
            CHECK(with_signal(sample, pictures, log, signal, at).code == 128 + signal);
            const std::string picture = bytes_of_file(pictures + "/a.png");
            CHECK((picture.empty() || picture == whole));
        }
        for (const int at : chosen(reads, 3))
            CHECK(with_signal(eval, run, log, signal, at).code == 128 + signal);
    }
    CHECK(eps_program(sample).code == 0);
    CHECK(bytes_of_file(pictures + "/a.png") == whole);
    CHECK(temporary_files(pictures).empty());  // this program has removed those of the others
    CHECK(SmallRuns::files_of(run) == before);
}

TEST_CASE("a limit of file size in any phase is an error, and the last checkpoint stays") {
    constexpr const char* limits[] = {"0", "1", "2", "4", "8", "16", "32", "64", "256"};  // blocks
    for (const SmallFamily& family : small_families) {
        CAPTURE(family.name);
        const SmallRuns runs(family);
        const std::string whole = runs.folder / "whole";
        REQUIRE(eps_program(runs.train(whole)).code == 0);
        for (const int at : chosen(std::size(limits), 3)) {
            const char* const blocks = limits[at];
            CAPTURE(blocks);
            const std::string run = runs.folder / (std::string("run") + blocks);
            const Finished finished =
                Process(Words{"/bin/sh", "-c", "ulimit -f $0 && exec \"$@\"", blocks} +
                            eps_command(runs.train(run)),
                        {}, ::open("/dev/null", O_WRONLY))
                    .wait();
            CHECK(finished.code <= 1);
            const Finished recovered = runs.recover(run);
            CHECK_MESSAGE(recovered.code == 0, recovered.err);
            CHECK(checkpoint_in(run) == checkpoint_in(whole));
        }
    }
}

TEST_CASE("nobody reads the output of a command: it ends, by the signal or with an error") {
    const SmallRuns runs(small_families[1]);
    const std::string run = runs.folder / "run";
    REQUIRE(eps_program(runs.train(run)).code == 0);
    const auto before = SmallRuns::files_of(run);
    for (const char* command : {"info", "eval"}) {
        const Finished finished =
            Process({"/bin/bash", "-c", "set -o pipefail; \"$0\" \"$@\" | true", EPS_BINARY,
                     command, run})
                .wait();
        CHECK_MESSAGE((finished.code == 0 || finished.code == 1 || finished.code == 128 + SIGPIPE),
                      finished.code);
    }
    CHECK(SmallRuns::files_of(run) == before);
}
