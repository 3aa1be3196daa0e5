// Runs that are killed, interrupted and resumed end with the same bytes as undisturbed runs.
// (tests/faults/kills_test.cpp kills them at many more moments.)
#include "tests/cli/process.h"
#include "tests/cli/tiny_data.h"

using namespace eps;
using namespace eps::test;

namespace {

std::string checkpoint_of(const std::string& run) {
    return bytes_of_file(run + "/checkpoint.safetensors");
}

Finished resume(const std::string& run, const std::string& options) {
    return eps_program(Words{"train", "--resume", run} + words(options));
}

// training(folder, steps) is a command line. Killed after its first checkpoint, and stopped at a
// step that is a multiple of nothing, it resumes to the checkpoint of an undisturbed run.
template <class Training>
void check_resumes(const TempFolder& data, int steps, const Training& training) {
    const std::string whole = data / "whole";
    const std::string parts = data / "parts";
    const std::string odd = data / "odd";
    for (const std::string& run : {whole, parts, odd}) std::filesystem::remove_all(run);
    REQUIRE(eps_program(training(whole, steps)).code == 0);
    // there is a checkpoint every ten steps: most kills come between two
    Process killed(eps_command(training(parts, steps)));
    wait_until([&] {
        return std::filesystem::exists(parts + "/checkpoint.safetensors") || !killed.running();
    });
    killed.signal(SIGKILL);
    killed.wait();
    REQUIRE(resume(parts, "--threads 1 --quiet").code == 0);
    CHECK(checkpoint_of(parts) == checkpoint_of(whole));

    REQUIRE(eps_program(training(odd, 13)).code == 0);
    REQUIRE(resume(odd, "--threads 2 --quiet --steps " + std::to_string(steps)).code == 0);
    CHECK(checkpoint_of(odd) == checkpoint_of(whole));
}

}  // namespace

TEST_CASE("Ctrl-C saves, prints the command that resumes, and changes nothing") {
    constexpr int kSteps = 1000;  // far more than are done before the signal comes
    constexpr int kRarely = 500;
    TempFolder data;
    put_tiny_data(data);
    REQUIRE(eps_program(tiny_vae(data, data / "whole", kSteps, kRarely)).code == 0);
    const std::string run = data / "a 'run'";
    for (const auto& [signal, code] : {std::pair{SIGINT, 130}, {SIGTERM, 143}}) {
        const std::string name = run + std::to_string(signal);
        Process process(eps_command(tiny_vae(data, name, kSteps, kRarely)));
        wait_until([&] { return !bytes_of_file(name + "/metrics.jsonl").empty(); });
        process.signal(signal);
        const Finished finished = process.wait();
        REQUIRE_MESSAGE(finished.code == code, finished.err);
        CHECK(finished.out.empty());
        // a shell understands the printed line
        const std::size_t at = finished.err.rfind("\n  ");
        REQUIRE(at != std::string::npos);
        const Finished resumed =
            Process({"/bin/sh", "-c", finished.err.substr(at + 3)}, {{"OMP_NUM_THREADS", "1"}})
                .wait();
        CHECK_MESSAGE(resumed.code == 0, resumed.err);
        CHECK(checkpoint_of(name) == checkpoint_of(data / "whole"));
    }
}

TEST_CASE("batches in parts: kept in config.json, bitwise the same after a resume") {
    TempFolder data;
    put_tiny_data(data);
    const auto in_parts = [&](const std::string& run, int steps, const char* parts) {
        return eps_program(tiny_vae(data, data / run, steps) + Words{"--accumulate", parts});
    };
    REQUIRE(in_parts("whole", 20, "3").code == 0);
    CHECK(contains(bytes_of_file(data / "whole/config.json"), "\"accumulate\": 3"));
    REQUIRE(in_parts("half", 10, "3").code == 0);
    REQUIRE(resume(data / "half", "--steps 20 --threads 1").code == 0);
    CHECK(checkpoint_of(data / "half") == checkpoint_of(data / "whole"));
    REQUIRE(in_parts("single", 20, "1").code == 0);
    // other roundings, other noise
    CHECK(checkpoint_of(data / "single") != checkpoint_of(data / "whole"));
    const Finished too_many = in_parts("many", 20, "11");
    CHECK(too_many.code == 2);
    CHECK_MESSAGE(contains(too_many.err, "more parts than images; got --accumulate 11 --batch 10"),
                  too_many.err);
}

TEST_CASE("GANs that are killed and resumed, at any step, end bitwise like undisturbed ones") {
    TempFolder data;
    put_tiny_data(data);
    const std::pair<int, const char*> runs[] = {
        {200, "--data ring8 --layers 2 --lr-decay none --instance-noise-steps 50"},
        {200,
         "--data grid25 --gp r1 --k 2 --pac 2 --conditional --instance-noise 0.2 "
         "--instance-noise-steps 30 --lr-decay none"},
        {23, "--data mnist --noise 4 --minibatch-stddev"},
    };
    for (const auto& [steps, options] : runs)
        check_resumes(data, steps, [&, more = options](const std::string& folder, int until) {
            return tiny_gan(data, folder, until, words(more));
        });
}

TEST_CASE("DDPMs that are killed and resumed, at any step, end bitwise like undisturbed ones") {
    TempFolder data;
    put_tiny_data(data);
    const std::pair<int, const char*> runs[] = {
        // enough steps for every t to have the losses that importance sampling needs
        {150, "--data grid25 --importance --variance learned --dropout 0.2 --accumulate 3"},
        {23, "--data mnist --conditional --dropout 0.2 --ema 0.99"},
    };
    for (const auto& [steps, options] : runs)
        check_resumes(data, steps, [&, more = options](const std::string& folder, int until) {
            return tiny_ddpm(data, folder, until, words(more));
        });
}

TEST_CASE("flows that are killed and resumed, at any step, end bitwise like undisturbed ones") {
    TempFolder data;
    put_tiny_data(data);
    const std::pair<int, const char*> runs[] = {
        {60, "--flow planar --target U1 --reversible --anneal 50"},
        {60, "--flow glow --target moons --width 8 --ema 0.9"},
        {23, "--flow realnvp --target mnist --k 1 --width 4"},
    };
    for (const auto& [steps, options] : runs)
        check_resumes(data, steps, [&, more = options](const std::string& folder, int until) {
            return tiny_flow(data, folder, until, words(more));
        });
}

TEST_CASE("one thread and two give the same bytes") {
    TempFolder data;
    put_tiny_data(data);
    std::string bytes;
    for (const std::string threads : {"1", "2"}) {
        const std::string run = data / ("run" + threads);
        REQUIRE(eps_program(words("train vae --data mnist --steps 20 --hidden 300 --batch 50 "
                                  "--quiet --threads " +
                                  threads) +
                            Words{"--data-dir", data.path().string(), "--out", run})
                    .code == 0);
        if (bytes.empty()) bytes = checkpoint_of(run);
        CHECK(checkpoint_of(run) == bytes);
    }
}
