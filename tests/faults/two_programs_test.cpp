// Two programs that train in one folder: one of them is stopped at any of its calls on files, and
// goes on when the other one has ended.
#include "tests/faults/faults.h"

using namespace eps;
using namespace eps::test;

namespace {

bool refused(const Finished& finished) {
    return finished.code == 1 && (contains(finished.err, "another program is training in") ||
                                  contains(finished.err, "holds a run of other settings"));
}

/// The folder is that of one of the two, and has its settings, its log and its bytes.
void check_one_winner(const SmallRuns& runs, int at) {
    const std::string run = runs.folder / "run", log = runs.folder / "log";
    std::filesystem::remove_all(run);
    std::filesystem::remove(log);
    const FileFault fault{run, log, std::to_string(SIGSTOP), at};
    Process slow(eps_command(runs.train(run, "--seed 7")), fault.environment());
    wait_until([&] { return !bytes_of_file(log).empty() || !slow.running(); });
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // the signal follows the log
    const Finished quick = eps_program(runs.train(run, "--seed 8"));
    slow.signal(SIGCONT);
    const Finished stopped = slow.wait();
    CAPTURE(at);
    CAPTURE(quick.err);
    CAPTURE(stopped.err);
    CHECK((stopped.code == 0) != (quick.code == 0));
    CHECK(refused(stopped.code == 0 ? quick : stopped));
    const char* const winner = stopped.code == 0 ? "7" : "8";
    CHECK(contains(bytes_of_file(run + "/config.json"), str("\"seed\": ", winner)));
    CHECK(SmallRuns::files_of(run) == SmallRuns::files_of(runs.folder / winner));
}

}  // namespace

TEST_CASE("two programs begin in one folder: the later one is refused, and nothing is mixed") {
    if (!kPreloads) return;
    const SmallRuns runs(small_families[1]);
    for (const char* seed : {"7", "8"})
        REQUIRE(eps_program(runs.train(runs.folder / seed, str("--seed ", seed))).code == 0);
    const std::string traced = runs.folder / "traced";
    const Words calls = calls_on_files(runs.train(traced, "--seed 7"), traced, runs.folder / "log");
    const auto count = static_cast<int>(calls.size());
    constexpr int kOpening = 8;  // calls: make, open and lock the folder, look, write the settings
    for (int at = 0; at < kOpening; ++at) check_one_winner(runs, at);
    for (const int at : chosen(count - kOpening, 12)) check_one_winner(runs, kOpening + at);
}

TEST_CASE("a program that resumes is stopped while another one trains: it goes on from the end") {
    if (!kPreloads) return;
    const SmallRuns runs(small_families[1]);
    const std::string half = runs.folder / "half", run = runs.folder / "run",
                      log = runs.folder / "log", whole = runs.folder / "whole";
    REQUIRE(eps_program(runs.train(whole)).code == 0);
    SmallRuns::files_of(whole);
    const Words resume{"train", "--resume", run, "--steps", "8", "--threads", "1"};
    {
        SmallRuns shorter(small_families[1]);
        shorter.steps = 4;
        REQUIRE(eps_program(shorter.train(half)).code == 0);
    }
    std::filesystem::copy(half, run, std::filesystem::copy_options::recursive);
    const auto count = static_cast<int>(calls_on_files(resume, run, log).size());
    for (const int at : chosen(count, 15)) {
        std::filesystem::remove_all(run);
        std::filesystem::remove(log);
        std::filesystem::copy(half, run, std::filesystem::copy_options::recursive);
        const FileFault fault{run, log, std::to_string(SIGSTOP), at};
        Process slow(eps_command(resume), fault.environment());
        wait_until([&] { return !bytes_of_file(log).empty() || !slow.running(); });
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        const Finished quick = eps_program(resume);
        slow.signal(SIGCONT);
        const Finished stopped = slow.wait();
        CAPTURE(at);
        CHECK_MESSAGE(stopped.code == 0, stopped.err);
        CHECK_MESSAGE((quick.code == 0 || refused(quick)), quick.err);
        CHECK(checkpoint_in(run) == checkpoint_in(whole));
    }
}
