// Runs that are killed, interrupted and resumed end with the bytes of one that never was.
#include "tests/cli/process.h"
#include "tests/cli/tiny_data.h"

using namespace eps;
using namespace eps::test;

namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;

std::string checkpoint_of(const std::string& run) {
    return bytes_of_file(run + "/checkpoint.safetensors");
}

std::vector<std::string> program(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), EPS_BINARY);
    return arguments;
}

// Training told by a folder and a number of steps: killed after its first checkpoint, and stopped
// at a step that is no multiple of anything, it goes on to bitwise the checkpoint of a run that was
// never disturbed.
template <class Arguments>
void check_resumes(const TempFolder& data, int steps, const Arguments& training) {
    const std::string whole = data / "whole", parts = data / "parts", odd = data / "odd";
    for (const std::string& run : {whole, parts, odd}) std::filesystem::remove_all(run);
    REQUIRE(eps_program(training(whole, steps)).code == 0);
    // at a checkpoint every ten steps, and mostly between two
    Process killed(program(training(parts, steps)));
    wait_until([&] {
        return std::filesystem::exists(parts + "/checkpoint.safetensors") || !killed.running();
    });
    killed.signal(SIGKILL);
    killed.wait();
    REQUIRE(eps_program({"train", "--resume", parts, "--threads", "1", "--quiet"}).code == 0);
    CHECK(checkpoint_of(parts) == checkpoint_of(whole));

    REQUIRE(eps_program(training(odd, 13)).code == 0);
    REQUIRE(eps_program({"train", "--resume", odd, "--steps", std::to_string(steps), "--threads",
                         "2", "--quiet"})
                .code == 0);
    CHECK(checkpoint_of(odd) == checkpoint_of(whole));
}

}  // namespace

TEST_CASE("twenty times killed with -9, a run ends bitwise as one never killed") {
    constexpr int kills = 20, steps = 600;
    TempFolder data;
    put_tiny_data(data);
    const auto start = std::chrono::steady_clock::now();
    REQUIRE(eps_program(tiny_training(data, data / "whole", steps)).code == 0);
    const Milliseconds whole = std::chrono::steady_clock::now() - start;

    // Lives of random length, from before main() to a good part of the run: most kills must hit.
    std::mt19937 random(5);
    const std::string run = data / "killed";
    int hit = 0;
    for (int i = 0; i < kills; ++i) {
        const bool exists = std::filesystem::exists(run + "/config.json");
        Process process(
            program(exists ? std::vector<std::string>{"train", "--resume", run, "--threads", "1"}
                           : tiny_training(data, run, steps)));
        std::this_thread::sleep_for(whole * 0.15 * std::uniform_real_distribution<>(0, 1)(random));
        process.signal(SIGKILL);
        const Finished finished = process.wait();
        REQUIRE_MESSAGE((finished.code == 137 || finished.code == 0), finished.err);
        hit += finished.code == 137;
    }
    CHECK(hit >= kills / 2);
    REQUIRE(eps_program({"train", "--resume", run, "--threads", "1"}).code == 0);
    CHECK(checkpoint_of(run) == checkpoint_of(data / "whole"));
}

TEST_CASE("Ctrl-C saves, says how to go on, and changes nothing") {
    // steps: far more than are done before the signal comes
    constexpr int steps = 1000, rarely = 500;
    TempFolder data;
    put_tiny_data(data);
    REQUIRE(eps_program(tiny_training(data, data / "whole", steps, rarely)).code == 0);
    const std::string run = data / "a 'run'";
    for (const auto& [signal, code] : {std::pair{SIGINT, 130}, {SIGTERM, 143}}) {
        const std::string name = run + std::to_string(signal);
        Process process(program(tiny_training(data, name, steps, rarely)));
        wait_until([&] { return !bytes_of_file(name + "/metrics.jsonl").empty(); });
        process.signal(signal);
        const Finished finished = process.wait();
        REQUIRE_MESSAGE(finished.code == code, finished.err);
        CHECK(finished.out.empty());
        // The line that it prints is one that a shell understands.
        const std::size_t at = finished.err.rfind("\n  ");
        REQUIRE(at != std::string::npos);
        const Finished resumed =
            Process({"/bin/sh", "-c", finished.err.substr(at + 3)}, {{"OMP_NUM_THREADS", "1"}})
                .wait();
        CHECK_MESSAGE(resumed.code == 0, resumed.err);
        CHECK(checkpoint_of(name) == checkpoint_of(data / "whole"));
    }
}

TEST_CASE(
    "batches in parts: told by config.json, bitwise the same after a resume, refused where there "
    "are too many") {
    TempFolder data;
    put_tiny_data(data);
    const auto in_parts = [&](const std::string& run, int steps, const char* parts) {
        std::vector<std::string> arguments = tiny_training(data, data / run, steps);
        arguments.insert(arguments.end(), {"--accumulate", parts});
        return eps_program(arguments);
    };
    REQUIRE(in_parts("whole", 20, "3").code == 0);
    CHECK(bytes_of_file(data / "whole/config.json").find("\"accumulate\": 3") != std::string::npos);
    REQUIRE(in_parts("half", 10, "3").code == 0);
    REQUIRE(
        eps_program({"train", "--resume", data / "half", "--steps", "20", "--threads", "1"}).code ==
        0);
    CHECK(checkpoint_of(data / "half") == checkpoint_of(data / "whole"));
    REQUIRE(in_parts("single", 20, "1").code == 0);
    // other roundings, other noise
    CHECK(checkpoint_of(data / "single") != checkpoint_of(data / "whole"));
    const Finished refused = in_parts("many", 20, "11");
    CHECK(refused.code != 0);
    CHECK(refused.err.find("more parts than images; got --accumulate 11 and --batch 10") !=
          std::string::npos);
}

TEST_CASE("GANs: killed and resumed, at any step, they end bitwise as ones never stopped") {
    TempFolder data;
    put_tiny_data(data);
    const std::vector<std::vector<std::string>> games{
        {"--data", "ring8", "--layers", "2", "--lr-decay", "none", "--instance-noise-steps", "50"},
        {"--data", "grid25", "--gp", "r1", "--k", "2", "--pac", "2", "--conditional",
         "--instance-noise", "0.2", "--instance-noise-steps", "30", "--lr-decay", "none"},
        {"--data", "mnist", "--noise", "4", "--minibatch-stddev"}};
    for (std::size_t game = 0; game < games.size(); ++game) {
        const int steps = game == 2 ? 23 : 200;
        check_resumes(data, steps, [&](const std::string& folder, int until) {
            return tiny_gan(data, folder, until, games[game]);
        });
    }
}

TEST_CASE("DDPMs: killed and resumed, at any step, they end bitwise as ones never stopped") {
    TempFolder data;
    put_tiny_data(data);
    const std::vector<std::vector<std::string>> runs{
        {"--data", "grid25", "--importance", "--variance", "learned", "--dropout", "0.2",
         "--accumulate", "3"},
        {"--data", "mnist", "--conditional", "--dropout", "0.2", "--ema", "0.99"}};
    for (std::size_t run = 0; run < runs.size(); ++run) {
        // enough for every t to have the losses that importance asks for
        const int steps = run == 1 ? 23 : 150;
        check_resumes(data, steps, [&](const std::string& folder, int until) {
            return tiny_ddpm(data, folder, until, runs[run]);
        });
    }
}

TEST_CASE("flows: killed and resumed, at any step, they end bitwise as ones never stopped") {
    TempFolder data;
    put_tiny_data(data);
    const std::vector<std::vector<std::string>> runs{
        {"--flow", "planar", "--target", "U1", "--reversible", "--anneal", "50"},
        {"--flow", "glow", "--target", "moons", "--width", "8", "--ema", "0.9"},
        {"--flow", "realnvp", "--target", "mnist", "--k", "1", "--width", "4"}};
    for (std::size_t run = 0; run < runs.size(); ++run) {
        const int steps = run == 2 ? 23 : 60;
        check_resumes(data, steps, [&](const std::string& folder, int until) {
            return tiny_flow(data, folder, until, runs[run]);
        });
    }
}

TEST_CASE("one thread or two: the same bytes") {
    TempFolder data;
    put_tiny_data(data);
    std::string bytes;
    for (const char* threads : {"1", "2"}) {
        const std::string run = data / (std::string("run") + threads);
        const std::vector<std::string> arguments{
            "train",   "vae", "--data",    "mnist", "--data-dir", data.path().string(),
            "--out",   run,   "--steps",   "20",    "--hidden",   "300",
            "--batch", "50",  "--threads", threads, "--quiet"};
        REQUIRE(eps_program(arguments).code == 0);
        if (bytes.empty()) bytes = checkpoint_of(run);
        CHECK(checkpoint_of(run) == bytes);
    }
}
