// A machine that lacks memory, address space or OpenBLAS, and folders with hostile names.
#include "tests/cli/process.h"
#include "tests/cli/tiny_data.h"

using namespace eps;
using namespace eps::test;

namespace {

#ifdef EPS_SANITIZED
constexpr bool kSanitized = true;  // has a malloc of its own, and wants terabytes of addresses
#else
constexpr bool kSanitized = false;
#endif

/// Runs a program after a line of shell, in which $0 is the program and $@ are its arguments.
Finished after(const std::string& line, const Words& command,
               const std::map<std::string, std::string>& environment = {}) {
    return Process(Words{"/bin/sh", "-c", line + " && exec \"$0\" \"$@\""} + command, environment)
        .wait();
}

}  // namespace

TEST_CASE("memory that runs out at any allocation: one sentence and exit code 1, never an abort") {
    if (kSanitized) return;
    const TempFolder folder;
    put(folder / "a.npy", "no npy");
    for (const Words& command :
         {Words{"--version"}, Words{"ops"}, Words{"train", "vae", "--latent", "two"},
          Words{"info", folder / "a.npy"}, words("sample x --out y.png")}) {
        int failed = 0;
        bool ended = false;
        for (int from = 0; !ended && from < 10'000'000; from += 1 + from / 4) {
            const Finished finished =
                eps_program(command, {{"LD_PRELOAD", EPS_FAILING_MALLOC},
                                      {"EPS_MALLOC_FAILS_FROM", std::to_string(from)}});
            ended = !contains(finished.err, "out of memory");
            if (ended) continue;
            ++failed;
            CHECK_MESSAGE(finished.code == 1, command[0], from, finished.err);
            CHECK_MESSAGE(finished.err.ends_with("eps: out of memory\n"), finished.err);
        }
        CHECK_MESSAGE(failed > 10, command[0]);
        CHECK(ended);
    }
}

TEST_CASE("little address space: what needs no BLAS works, and what does says so") {
    if (kSanitized) return;
    const TempFolder folder;
    const std::string limit = "ulimit -v 300000";  // kB
    for (const char* command : {"--version", "--help", "ops", "train vae --help"})
        CHECK_MESSAGE(after(limit, eps_command(words(command))).code == 0, command);
    const Finished doctor = after(limit, eps_command({"doctor"}));
    CHECK(doctor.code == 0);
    CHECK_MESSAGE(contains(doctor.out, "missing: OpenBLAS: it starts with buffers"), doctor.out);
}

TEST_CASE("no OpenBLAS: only what computes with it fails, with exit code 3 and the package") {
    const TempFolder folder;
    for (const char* name : {"libopenblas.so.0", "libopenblas.so"}) put(folder / name, "none");
    const std::map<std::string, std::string> hidden{{"LD_LIBRARY_PATH", folder.path().string()}};
    for (const char* command : {"--version", "--help", "ops"})
        CHECK_MESSAGE(eps_program(words(command), hidden).code == 0, command);
    CHECK(contains(eps_program({"doctor"}, hidden).out, "missing: OpenBLAS: "));
    const Finished flow = eps_program(
        tiny_flow(folder, folder / "run", 2, words("--flow glow --target moons --k 1 --width 8")),
        hidden);
    CHECK_MESSAGE(flow.code == 3, flow.code, " ", flow.err);
    CHECK_MESSAGE(contains(flow.err, "hint: apt-get install libopenblas0-openmp"), flow.err);
}

TEST_CASE("a program in a folder whose name is shell code: anomaly mode runs none of it") {
    const TempFolder folder;
    const std::string hostile = folder / "d'; touch pwned; echo '";
    std::filesystem::create_directory(hostile);
    std::filesystem::create_symlink("/proc/" + std::to_string(::getpid()) + "/exe",
                                    hostile + "/tests");
    const Finished finished =
        after("cd '" + folder.path().string() + "'",
              {hostile + "/tests", "--test-case=engine: anomaly mode names the forward op*"});
    CHECK_MESSAGE(finished.code == 0, finished.out);
    CHECK_FALSE(contains(finished.out, "0 | 0 passed"));
    CHECK_FALSE(std::filesystem::exists(folder / "pwned"));
}
