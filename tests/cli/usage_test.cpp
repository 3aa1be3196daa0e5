// The command line: help, wrong usage, missing data and devices, and the commands about the
// program itself.
#include <nlohmann/json.hpp>

#include "autograd/catalog.h"
#include "tensor/contract/kernels.h"
#include "tests/cli/process.h"
#include "tests/cli/tiny_data.h"

using namespace eps;
using namespace eps::test;
using Json = nlohmann::json;

namespace {

std::size_t longest_line(const std::string& text) {
    std::istringstream lines(text);
    std::size_t longest = 0;
    for (std::string line; std::getline(lines, line);) longest = std::max(longest, line.size());
    return longest;
}

}  // namespace

TEST_CASE("help fits 80 columns, goes to stdout and shows defaults") {
    for (const char* command : {"", "train", "train vae", "train gan", "train ddpm", "train flow",
                                "sample", "eval", "info", "ops", "doctor"}) {
        const Finished help = eps_program(words(command) + Words{"--help"});
        CHECK(help.code == 0);
        CHECK(help.err.empty());
        CHECK(help.out.starts_with("Usage: eps"));
        CHECK_MESSAGE(longest_line(help.out) <= 80, command);
    }
    const std::string vae = eps_program({"train", "vae", "--help"}).out;
    CHECK(contains(vae, "Run:"));
    CHECK(contains(vae, "Model and data:"));
    CHECK(contains(vae, "[fashion-mnist]"));
    CHECK(contains(vae, "--checkpoint-every N"));
}

TEST_CASE("--version names version, BLAS, CPU and CUDA") {
    const Finished version = eps_program({"--version"});
    CHECK(version.code == 0);
    CHECK(version.out.starts_with("eps "));
    for (const char* part : {"\nBLAS", "OpenBLAS", "\nCPU", "\nCUDA"})
        CHECK(contains(version.out, part));
}

TEST_CASE("wrong usage: exit code 2, and one sentence that says what was probably meant") {
    const std::pair<const char*, const char*> mistakes[] = {
        {"", "no command; expected one of: train, sample, eval"},
        {"trian", "did you mean train?"},
        {"frobnicate", "expected one of: train"},
        {"--verison", "did you mean --version?"},
        {"train", "no model family; expected one of: vae"},
        {"train vea --out x", "did you mean vae?"},
        {"train vae", "--out is required"},
        {"train vae --out x --latnet 3", "did you mean --latent?"},
        {"train vae --out x --latnet=3", "did you mean --latent?"},
        {"train vae --out x --resum y", "unknown option '--resum'"},
        {"train vae --out x --latent two", "--latent"},
        {"train vae --out x --latent", "--latent"},
        {"train gan --out x --steps abc", "--steps is 'abc'; expected a whole number"},
        {"train gan --out x --steps=", "--steps"},
        {"train gan --out x --steps 9223372036854775808", "beyond what 64 bits hold"},
        {"train gan --out x --steps 9007199254740993", "expected 0 to 9007199254740992"},
        {"train gan --out x --seed 18446744073709551616", "beyond what 64 bits hold"},
        {"train gan --out x --layers 1000000", "'layers' is 1000000 in the options; expected 1 to"},
        {"train gan --out x --k 1000000000", "'k' is 1000000000 in the options; expected 1 to"},
        {"train gan --out x --unroll 1000000000", "expected 0 to 100"},
        {"train gan --out x --threads 1000", "--threads is 1000; expected 0 to 64"},
        {"train gan --out x --lr 1e400", "--lr is '1e400', which is beyond"},
        {"train gan --out x --lr 0,1", "--lr is '0,1'; expected a number"},
        {"train gan --out x --steps 5 --steps 6", "--steps"},
        {"train gan --out x --conditional=maybe", "--conditional"},
        {"train --resume x --minutes soon", "--minutes is 'soon'; expected a number"},
        {"sample x --out a.png --seed 1.5", "--seed is '1.5'; expected a whole number"},
        {"eval x --steps abc", "--steps is 'abc'; expected a whole number"},
        {"train vae --out x --lr nan", "'lr' is nan"},
        {"train vae --out x --steps -1", "'steps' is -1"},
        {"train vae --out x --data cifar", "expected one of: fashion-mnist, mnist"},
        {"train vae --out x --flow planar", "--flow and --flow-k go together"},
        {"train --resume x vae --out y", "takes the family from the run"},
        {"train --steps 5 vae --out x", "options of a new run go after 'vae'"},
        {"train --resume x --steps -1", "--steps"},
        {"sample x", "--out is required"},
        {"sample x --out a.jpg", "expected FILE.png"},
        {"sample x --out a.png --count 0", "--count"},
        {"eval x y", "unexpected argument 'y'"},
        {"info", "PATH is required"},
    };
    const auto check_mistake = [](const Words& arguments, const std::string& part) {
        const Finished finished = eps_program(arguments);
        CHECK_MESSAGE(finished.code == 2, finished.err);
        CHECK(finished.out.empty());
        CHECK_MESSAGE(one_sentence(finished.err), finished.err);
        CHECK_MESSAGE(contains(finished.err, part), finished.err);
    };
    for (const auto& [line, part] : mistakes) check_mistake(words(line), part);
    check_mistake({"train", "gan", "--out", "x", "--steps", ""}, "--steps is ''; expected a whole");
    check_mistake({"eval", "x", "--" + std::string(100000, 'a')}, "unknown option");
    CHECK_FALSE(std::filesystem::exists("x"));
}

TEST_CASE("an argument of any length: a message of 3000 bytes at most") {
    const std::string longest(100'000, 'a'), umlauts = [] {
        std::string text;
        for (int i = 0; i < 50'000; ++i) text += "\u00e4";
        return text;
    }();
    for (const std::string& word : {longest, umlauts})
        for (const Words& command :
             {Words{word}, Words{"--" + word}, Words{"info", word}, Words{"eval", word},
              Words{"sample", "x", "--out", word}, Words{"train", "--resume", word},
              Words{"train", "gan", "--out", "x", "--steps", word},
              Words{"train", "gan", "--out", "x", "--data", word},
              Words{"train", "gan", "--out", "x", "--device", word}}) {
            const Finished finished = eps_program(command);
            CHECK(finished.code != 0);
            CHECK_MESSAGE(one_sentence(finished.err), command[0]);
            CHECK_MESSAGE(finished.err.size() < 3000, command[0]);
            CHECK(contains(finished.err, " bytes] "));
        }
}

TEST_CASE("missing data: exit code 3, and no folder is left behind") {
    TempFolder folder;
    const Finished train =
        eps_program({"train", "vae", "--out", folder / "run", "--data-dir", folder / "nothing"});
    CHECK(train.code == 3);
    CHECK(one_sentence(train.err));
    CHECK(contains(train.err, "apt install dataset-fashion-mnist"));
    CHECK_FALSE(std::filesystem::exists(folder / "run"));
    CHECK(eps_program({"train", "vae", "--out", folder / "run", "--data", "mnist"}).code == 3);
}

TEST_CASE("--device: an unknown name is wrong usage, a missing GPU has exit code 3") {
    const TempFolder folder;
    const auto train = [&](const std::string& device, const std::string& precision) {
        return eps_program(
            words("train flow --target U1 --k 1 --batch 8 --steps 2 --picture-every 0 --quiet") +
            Words{"--device", device, "--precision", precision, "--out",
                  folder / (device + precision)});
    };
    const Finished wrong = train("gpu", "f32");
    CHECK(wrong.code == 2);
    CHECK_MESSAGE(one_sentence(wrong.err), wrong.err);
    CHECK_MESSAGE(contains(wrong.err, "expected auto, cpu, cuda or cuda:N"), wrong.err);

    CHECK(train("auto", "f32").code == 0);
    const std::string run = folder / "autof32";
    CHECK(Json::parse(bytes_of_file(run + "/config.json"))["device"] == "auto");
    const Words sample{"sample", run, "--out", folder / "s.png", "--device"};
    CHECK(eps_program(sample + Words{"cpu"}).code == 0);
    CHECK(eps_program(sample + Words{"cuda:x"}).code == 2);
    CHECK(eps_program({"train", "--resume", run, "--steps", "3", "--quiet", "--device", "cpu"})
              .code == 0);

    for (const std::string precision : {"bf16", "f16"}) {
        const Finished precise = train("cpu", precision);
        CHECK(precise.code == 2);
        CHECK(one_sentence(precise.err));
        CHECK_MESSAGE(
            contains(precise.err, "--precision " + precision + " is for GPUs; got --device cpu"),
            precise.err);
    }
    CHECK(contains(train("cpu", "fp8").err, "expected one of: f32, tf32, bf16, f16"));

    const bool gpu = kernels::cuda::device_count() > 0;
    const std::string missing = gpu ? "cuda:127" : "cuda";
    for (const Words& command : {words("train flow --target U1 --out") + Words{folder / "missing"},
                                 Words{"sample", run, "--out", folder / "s.png"},
                                 Words{"eval", run}, Words{"train", "--resume", run}}) {
        const Finished finished = eps_program(command + Words{"--device", missing});
        CHECK_MESSAGE(finished.code == 3, finished.err);
        CHECK_MESSAGE(one_sentence(finished.err), finished.err);
        CHECK_MESSAGE(contains(finished.err, gpu ? "does not exist" : "cuda:0 is not there: none"),
                      finished.err);
    }
}

TEST_CASE("ops lists every operation, as a table and as JSON") {
    const Json ops = Json::parse(eps_program({"ops", "--json"}).out);
    CHECK(ops.size() == op_catalog().size());
    for (const char* key :
         {"name", "kind", "f32_forward", "f64_backward", "f32_second_order", "cuda_second_order"})
        CHECK(ops.at(0).contains(key));
    for (const Json& op : ops)  // an op lacks derivatives only for a reason that is given
        for (const std::string type : {"f32", "f64", "cuda"}) {
            CHECK(op.at(type + "_forward") == true);
            for (const char* order : {"_backward", "_second_order"})
                CHECK_MESSAGE(op.at(type + order) == !op.contains("no_derivative_because"),
                              op.at("name").get<std::string>());
        }
    const std::string table = eps_program({"ops"}).out;
    CHECK(contains(table, "\nmatmul "));
    CHECK(static_cast<std::size_t>(std::count(table.begin(), table.end(), '\n')) ==
          op_catalog().size() + 2);
}

TEST_CASE("doctor describes the machine") {
    const Finished doctor = eps_program({"doctor"});
    CHECK(doctor.code == 0);
    for (const char* part :
         {"CPU", "instructions", "threads", "OpenBLAS", "memory", "CUDA", "fashion-mnist"})
        CHECK(contains(doctor.out, part));
}
