// A program whose memory runs out: at any of its allocations, for once or from there on.
#include "tests/faults/faults.h"

using namespace eps;
using namespace eps::test;

namespace {

struct Counts {
    int failed = 0, survived = 0, lost = 0;
};

// Trains without memory from allocation `at` on, or without that one, and goes on with memory.
void check_training(const SmallRuns& runs, const std::string& whole, int at, bool lasts,
                    Counts& counts) {
    CAPTURE(at);
    CAPTURE(lasts);
    const std::string run = runs.folder / "run";
    std::filesystem::remove_all(run);
    std::map<std::string, std::string> environment{{"LD_PRELOAD", EPS_FAILING_MALLOC},
                                                   {"EPS_MALLOC_FAILS_FROM", std::to_string(at)}};
    if (!lasts) environment["EPS_MALLOC_FAILURES"] = "1";
    const Finished finished = eps_program(runs.train(run), environment);
    CHECK_MESSAGE((finished.code == 0 || finished.code == 1), finished.code, " ", finished.err);
    if (finished.code == 1) CHECK_MESSAGE(contains(finished.err, "out of memory"), finished.err);
    CHECK_MESSAGE(ended_well(finished), finished.err);
    CHECK(temporary_files(run).empty());
    (finished.code == 0 ? counts.survived : counts.failed) += 1;
    const Finished recovered = runs.recover(run);
    CHECK_MESSAGE(recovered.code == 0, recovered.err);
    const bool same = checkpoint_in(run) == checkpoint_in(whole);
    CHECK(same);
    counts.lost += same ? 0 : 1;
}

}  // namespace

TEST_CASE("training whose memory runs out ends with a sentence, and its folder goes on") {
    if (!kPreloads) return;
    Counts counts;
    for (const SmallFamily& family : small_families) {
        CAPTURE(family.name);
        const SmallRuns runs(family);
        const std::string whole = runs.folder / "whole";
        REQUIRE(eps_program(runs.train(whole)).code == 0);
        // Geometric steps meet the start, which has few allocations, as well as the steps.
        const double ratio = all_faults() ? 1.03 : 3.1;
        const int before = counts.failed;
        for (double at = 20;; at *= ratio) {
            const int failed = counts.failed;
            check_training(runs, whole, static_cast<int>(at), true, counts);
            if (counts.failed == failed) break;  // the program has fewer allocations
            check_training(runs, whole, static_cast<int>(at) + 1, false, counts);
        }
        CHECK(counts.failed > before + 5);
    }
    MESSAGE(counts.failed << " programs failed, " << counts.survived << " did not, " << counts.lost
                          << " trainings lost");
}
