// Programs that are killed with -9: what they had trained is not lost, and the run ends with the
// same bytes.
#include "tests/faults/faults.h"

using namespace eps;
using namespace eps::test;

namespace {

using Seconds = std::chrono::duration<double>;

}  // namespace

TEST_CASE(
    "killed at any call on a file, a run goes on and leaves the files of an undisturbed one") {
    if (!kPreloads) return;
    int killed = 0, lost = 0;
    for (const SmallFamily& family : small_families) {
        CAPTURE(family.name);
        const SmallRuns runs(family);
        const std::string whole = runs.folder / "whole", run = runs.folder / "run",
                          log = runs.folder / "calls";
        const Words calls = calls_on_files(runs.train(whole), whole, log);
        const auto expected = SmallRuns::files_of(whole);
        for (const int at : chosen(static_cast<int>(calls.size()), 4)) {
            CAPTURE(at);
            std::filesystem::remove_all(run);
            const FileFault fault{run, log, std::to_string(SIGKILL), at};
            CHECK(eps_program(runs.train(run), fault.environment()).code == 128 + SIGKILL);
            ++killed;
            const Finished recovered = runs.recover(run);
            CHECK_MESSAGE(recovered.code == 0, recovered.err);
            const auto files = SmallRuns::files_of(run);
            CHECK_MESSAGE(difference(files, expected).empty(), difference(files, expected));
            CHECK(files.size() == expected.size());
            lost += checkpoint_in(run) == checkpoint_in(whole) ? 0 : 1;
        }
    }
    MESSAGE(killed << " kills, " << lost << " trainings lost");
}

TEST_CASE("killed again and again at random moments, runs end with the bytes of undisturbed ones") {
    const int kills = all_faults() ? 50 : 2;
    int hit = 0, lost = 0;
    for (const SmallFamily& family : small_families) {
        CAPTURE(family.name);
        SmallRuns runs(family);
        runs.steps = 400;
        runs.checkpoint_every = 10;
        runs.picture_every = 300;
        const std::string whole = runs.folder / "whole";
        const auto start = std::chrono::steady_clock::now();
        REQUIRE(eps_program(runs.train(whole)).code == 0);
        const Seconds time = std::chrono::steady_clock::now() - start;
        std::mt19937 random(7);
        std::uniform_real_distribution<> moment(0, 1);
        for (int done = 0, number = 0; done < kills; ++number) {
            REQUIRE(number < kills);  // a run is killed at least once
            const std::string run = runs.folder / ("run" + std::to_string(number));
            for (bool ended = false; !ended;) {
                const bool begun = std::filesystem::exists(run + "/config.json");
                Process process(eps_command(
                    begun ? Words{"train", "--resume", run, "--threads", "1"} : runs.train(run)));
                std::this_thread::sleep_for(time * 0.5 * moment(random));
                if (done < kills) process.signal(SIGKILL);
                const Finished finished = process.wait();
                REQUIRE_MESSAGE((finished.code == 137 || finished.code == 0), finished.err);
                ended = finished.code == 0;
                done += ended ? 0 : 1;
                hit += ended ? 0 : 1;
            }
            const bool same = checkpoint_in(run) == checkpoint_in(whole);
            CHECK(same);
            lost += same ? 0 : 1;
        }
    }
    MESSAGE(hit << " kills, " << lost << " trainings lost");
}
