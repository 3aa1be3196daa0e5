// Disks that fail or fill up: every call by which a training writes its files fails in turn.
#include "tests/faults/faults.h"

using namespace eps;
using namespace eps::test;

namespace {

struct Outcome {
    int disturbed = 0, lost = 0;
};

/// Trains with a fault and goes on without it. What was trained must be that of `whole`.
void check_fault(const SmallRuns& runs, const std::string& whole, const FileFault& fault,
                 Outcome& outcome) {
    const std::string& run = fault.folder;
    std::filesystem::remove_all(run);
    std::filesystem::remove(fault.log);
    const Finished finished = eps_program(runs.train(run), fault.environment());
    const std::string calls = bytes_of_file(fault.log);
    CAPTURE(fault.fault);
    CAPTURE(fault.at);
    CAPTURE(calls);
    CAPTURE(finished.err);
    CHECK(!calls.empty());
    CHECK(ended_well(finished));
    if (!fault.lasts) CHECK(temporary_files(run).empty());
    ++outcome.disturbed;
    if (std::filesystem::exists(run + "/checkpoint.safetensors"))
        CHECK(eps_program({"info", run}).code == 0);
    const Finished recovered = runs.recover(run);
    CHECK_MESSAGE(recovered.code == 0, recovered.err);
    const bool same = checkpoint_in(run) == checkpoint_in(whole);
    CHECK(same);
    outcome.lost += same ? 0 : 1;
    CHECK(temporary_files(run).empty());
}

/// For each family disturb(calls, check), where check(fault, at, lasts) is check_fault() for one of
/// the calls on files that its training makes.
template <class Disturb> Outcome disturb_families(const Disturb& disturb) {
    Outcome outcome;
    for (const SmallFamily& family : small_families) {
        CAPTURE(family.name);
        const SmallRuns runs(family);
        const std::string whole = runs.folder / "whole", log = runs.folder / "calls";
        const Words calls = calls_on_files(runs.train(whole), whole, log);
        CHECK(calls.size() > 100);
        disturb(calls, [&](const char* fault, int at, bool lasts) {
            check_fault(runs, whole, {runs.folder / "run", log, fault, at, lasts}, outcome);
        });
    }
    return outcome;
}

}  // namespace

TEST_CASE("any call on a file of a run fails: a sentence or a note, and nothing is lost") {
    if (!kPreloads) return;
    const Outcome outcome = disturb_families([](const Words& calls, const auto& check) {
        for (const int at : chosen(static_cast<int>(calls.size()), 4)) {
            check(at % 2 == 0 ? "ENOSPC" : "EIO", at, false);
            if (calls[static_cast<std::size_t>(at)] == "write") check("short", at, false);
        }
    });
    MESSAGE(outcome.disturbed << " calls failed, " << outcome.lost << " trainings lost");
}

TEST_CASE("a disk that is full from some moment on: the last checkpoint stays, and training ends") {
    if (!kPreloads) return;
    const Outcome outcome = disturb_families([](const Words& calls, const auto& check) {
        const int disks = all_faults() ? 25 : 2;
        for (int i = 0; i < disks; ++i)
            check("ENOSPC", i * static_cast<int>(calls.size()) / disks, true);
    });
    MESSAGE(outcome.disturbed << " full disks, " << outcome.lost << " trainings lost");
}
