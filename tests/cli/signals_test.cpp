// Signals while training: what stops it, what must not, and what is an error.
#include "tests/cli/process.h"
#include "tests/cli/tiny_data.h"

using namespace eps;
using namespace eps::test;

namespace {

bool has_begun(const std::string& run) { return !bytes_of_file(run + "/metrics.jsonl").empty(); }

}  // namespace

TEST_CASE("a terminal that closes: SIGHUP, even twice, saves and ends") {
    const TempFolder data;
    const std::string run = data / "run";
    Process process(eps_command(tiny_gan(data, run, 1'000'000)));
    wait_until([&] { return has_begun(run); });
    process.signal(SIGHUP);
    process.signal(SIGHUP);
    const Finished finished = process.wait();
    CHECK_MESSAGE(finished.code == 129, finished.code, " ", finished.err);
    CHECK_MESSAGE(contains(finished.err, " and saved. To resume:"), finished.err);
    CHECK(eps_program({"info", run}).code == 0);
}

TEST_CASE("a second Ctrl-C ends the program at once") {
    const TempFolder data;
    const std::string run = data / "run";
    // steps of seconds: 1000 of D in each
    Process process(eps_command(
        words("train gan --k 1000 --width 256 --batch 512 --threads 1 --picture-every 0 --out") +
        Words{run}));
    wait_until([&] { return std::filesystem::exists(run + "/config.json"); });
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    process.signal(SIGINT);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    process.signal(SIGINT);
    const Finished finished = process.wait();
    CHECK(finished.code == 130);
    CHECK_MESSAGE(contains(finished.err, "press again to stop immediately"), finished.err);
    CHECK_FALSE(contains(finished.err, "and saved"));
}

TEST_CASE("signals that were ignored when the program started stay ignored") {
    const TempFolder data;
    const std::string run = data / "run";
    Process process(Words{"/bin/sh", "-c", "trap '' INT HUP && exec \"$0\" \"$@\""} +
                    eps_command(tiny_gan(data, run, 600)));
    wait_until([&] { return has_begun(run); });
    process.signal(SIGINT);
    process.signal(SIGHUP);
    process.signal(SIGINT);
    const Finished finished = process.wait();
    CHECK_MESSAGE(finished.code == 0, finished.err);
    CHECK(contains(finished.err, "step 600/600"));
}

TEST_CASE("nobody reads stderr any more: training goes on and saves") {
    const TempFolder data;
    const std::string run = data / "run";
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    Process process(eps_command(tiny_gan(data, run, 100)), {}, ends[1]);
    ::close(ends[0]);
    ::close(ends[1]);
    CHECK(process.wait().code == 0);
    CHECK(contains(eps_program({"info", run}).out, "100"));
}

TEST_CASE("a limit of file size is an error that says so, and leaves the files that were there") {
    const TempFolder data;
    const std::string run = data / "run";
    const Words train = eps_command(
        words("train gan --steps 20 --width 256 --picture-every 0 --checkpoint-every 0 --out") +
        Words{run});
    // blocks of 512 or 1024 bytes: enough for config.json, not for a checkpoint
    const Finished finished =
        Process(Words{"/bin/sh", "-c", "ulimit -f 32 && exec \"$0\" \"$@\""} + train).wait();
    CHECK_MESSAGE(finished.code == 1, finished.code, " ", finished.err);
    CHECK_MESSAGE(contains(finished.err, "File too large"), finished.err);
    CHECK_FALSE(std::filesystem::exists(run + "/checkpoint.safetensors"));
}
