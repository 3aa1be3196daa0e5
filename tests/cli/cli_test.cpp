// The program as a user meets it: exit codes, streams, sentences.
#include <sys/ioctl.h>

#include <pty.h>

#include <nlohmann/json.hpp>

#include "autograd/catalog.h"
#include "tensor/contract/kernels.h"
#include "tests/cli/process.h"
#include "tests/cli/tiny_data.h"

using namespace eps;
using namespace eps::test;
using Json = nlohmann::json;

namespace {

std::string longest_line(const std::string& text) {
    std::string longest, line;
    for (const char c : text + "\n") {
        if (c != '\n')
            line += c;
        else {
            if (line.size() > longest.size()) longest = line;
            line.clear();
        }
    }
    return longest;
}

}  // namespace

TEST_CASE("help fits 80 columns, goes to stdout and shows defaults") {
    for (const std::vector<std::string>& command : {std::vector<std::string>{},
                                                    {"train"},
                                                    {"train", "vae"},
                                                    {"train", "gan"},
                                                    {"train", "ddpm"},
                                                    {"train", "flow"},
                                                    {"sample"},
                                                    {"eval"},
                                                    {"info"},
                                                    {"ops"},
                                                    {"doctor"}}) {
        std::vector<std::string> arguments = command;
        arguments.push_back("--help");
        const Finished help = eps_program(arguments);
        CHECK(help.code == 0);
        CHECK(help.err.empty());
        CHECK(help.out.starts_with("Usage: eps"));
        CHECK_MESSAGE(longest_line(help.out).size() <= 80, longest_line(help.out));
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

TEST_CASE("wrong usage: exit code 2, one sentence on stderr, what was probably meant") {
    const auto complaint = [](const std::vector<std::string>& arguments) {
        const Finished finished = eps_program(arguments);
        CHECK_MESSAGE(finished.code == 2, finished.err);
        CHECK(finished.out.empty());
        CHECK_MESSAGE(one_sentence(finished.err), finished.err);
        return finished.err;
    };
    CHECK(contains(complaint({}), "no command; expected one of: train, sample, eval"));
    CHECK(contains(complaint({"trian"}), "did you mean train?"));
    CHECK(contains(complaint({"frobnicate"}), "expected one of: train"));
    CHECK(contains(complaint({"--verison"}), "did you mean --version?"));
    CHECK(contains(complaint({"train"}), "no model family; expected one of: vae"));
    CHECK(contains(complaint({"train", "vea", "--out", "x"}), "did you mean vae?"));
    CHECK(contains(complaint({"train", "vae"}), "--out is required"));
    CHECK(contains(complaint({"train", "vae", "--out", "x", "--latnet", "3"}),
                   "did you mean --latent?"));
    CHECK(contains(complaint({"train", "vae", "--out", "x", "--latnet=3"}),
                   "did you mean --latent?"));
    CHECK(contains(complaint({"train", "vae", "--out", "x", "--resum", "y"}),
                   "unknown option '--resum'"));
    CHECK(contains(complaint({"train", "vae", "--out", "x", "--latent", "two"}), "--latent"));
    CHECK(contains(complaint({"train", "vae", "--out", "x", "--latent"}), "--latent"));
    CHECK(contains(complaint({"train", "vae", "--out", "x", "--lr", "nan"}), "'lr' is nan"));
    CHECK(contains(complaint({"train", "vae", "--out", "x", "--steps", "-1"}), "'steps' is -1"));
    CHECK(contains(complaint({"train", "vae", "--out", "x", "--data", "cifar"}),
                   "expected one of: fashion-mnist, mnist"));
    CHECK(contains(complaint({"train", "--resume", "x", "vae", "--out", "y"}),
                   "takes the family from the run"));
    CHECK(contains(complaint({"train", "--resume", "x", "--steps", "-1"}), "--steps"));
    CHECK(contains(complaint({"sample", "x"}), "--out is required"));
    CHECK(contains(complaint({"sample", "x", "--out", "a.jpg"}), "expected FILE.png"));
    CHECK(contains(complaint({"sample", "x", "--out", "a.png", "--count", "0"}), "--count"));
    CHECK(contains(complaint({"eval", "x", "y"}), "unexpected argument 'y'"));
    CHECK(contains(complaint({"info"}), "PATH is required"));
    CHECK(complaint({"eval", "x", "--" + std::string(100000, 'a')}).size() > 0);
    CHECK_FALSE(std::filesystem::exists("x"));
}

TEST_CASE("data that is not there: exit code 3 and no folder left behind") {
    TempFolder folder;
    const Finished train =
        eps_program({"train", "vae", "--out", folder / "run", "--data-dir", folder / "nothing"});
    CHECK(train.code == 3);
    CHECK(one_sentence(train.err));
    CHECK(contains(train.err, "apt install dataset-fashion-mnist"));
    CHECK_FALSE(std::filesystem::exists(folder / "run"));
    CHECK(eps_program({"train", "vae", "--out", folder / "run", "--data", "mnist"}).code == 3);
}

TEST_CASE("train, info, sample and eval on one run") {
    TempFolder data;
    put_tiny_data(data);
    const std::string run = data / "run";
    const Finished train = eps_program(tiny_training(data, run, 30));
    REQUIRE_MESSAGE(train.code == 0, train.err);
    CHECK(train.out.empty());
    CHECK(contains(train.err, "step 30/30"));
    CHECK_FALSE(contains(train.err, "\r"));
    CHECK_FALSE(contains(train.err, "\033"));
    for (const char* name : {"samples", "reconstructions", "interpolation"})
        CHECK(std::filesystem::exists(run + "/samples/" + name + ".png"));

    const Finished again = eps_program(tiny_training(data, run, 30));
    CHECK(again.code == 0);
    CHECK(contains(again.err, "is trained already: 30 steps"));
    const Finished other = eps_program(tiny_training(data, run, 40));
    CHECK(other.code == 1);
    CHECK(contains(other.err, "steps is 30 there, 40 here"));

    const Finished info = eps_program({"info", run});
    CHECK(info.code == 0);
    for (const char* part :
         {"family", "vae", "parameters", "Settings", "latent", "Last metrics", "kl"})
        CHECK(contains(info.out, part));
    const Finished tensors = eps_program({"info", run + "/checkpoint.safetensors"});
    CHECK(contains(tensors.out, "model.encoder.mu.weight"));
    CHECK(contains(tensors.out, "step = 30"));
    CHECK(contains(eps_program({"info", data / "train-images-idx3-ubyte"}).out, "u8 [60, 28, 28]"));

    const std::string picture = data / "new.png";
    const Finished sample =
        eps_program({"sample", run, "--count", "9", "--seed", "7", "--out", picture});
    CHECK(sample.code == 0);
    CHECK(sample.out == picture + "\n");
    CHECK(contains(eps_program({"info", picture}).out, "u8 ["));
    const std::string first = bytes_of_file(picture);
    eps_program({"sample", run, "--count", "9", "--seed", "7", "--out", picture});
    CHECK(bytes_of_file(picture) == first);
    eps_program({"sample", run, "--count", "9", "--seed", "8", "--out", picture});
    CHECK(bytes_of_file(picture) != first);

    const Finished eval = eps_program({"eval", run, "--json"});
    REQUIRE_MESSAGE(eval.code == 0, eval.err);
    const Json metrics = Json::parse(eval.out);
    for (const char* key : {"elbo", "elbo_se", "iwae", "nll", "bits_per_dim", "coverage",
                            "coverage_se", "coverage_floor", "cfd", "cfd_floor", "classifier"})
        CHECK_MESSAGE(metrics.contains(key), key);
    CHECK(metrics.at("images") == 40);
    CHECK(metrics.at("samples") == 40);
    CHECK(metrics.at("step") == 30);
    CHECK(eps_program({"eval", run, "--json"}).out == eval.out);
    const std::string table = eps_program({"eval", run}).out;
    CHECK(contains(table, "elbo"));
    CHECK(contains(table, " (floor "));
    CHECK_FALSE(contains(table, "_floor"));
    CHECK(contains(table, "  " + metrics.at("classifier").dump() + "\n"));  // whole, not rounded

    const Finished more = eps_program({"train", "--resume", run, "--steps", "45", "--quiet"});
    CHECK(more.code == 0);
    CHECK(more.err.empty());
    CHECK(Json::parse(eps_program({"eval", run, "--json"}).out).at("step") == 45);
}

TEST_CASE("a loss that is not finite: the op it came from, and the last good checkpoint") {
    TempFolder data;
    const std::string run = data / "run";
    const Finished early = eps_program(tiny_gan(data, run, 50, {"--lr", "1e30"}));
    CHECK(early.code == 1);
    CHECK_MESSAGE(contains(early.err, "\nnote: "), early.err);
    CHECK_MESSAGE(contains(early.err, "it came from "), early.err);
    CHECK_MESSAGE(contains(early.err, ": its backward made a NaN or an infinity"), early.err);
    CHECK_MESSAGE(contains(early.err, "no checkpoint was saved before"), early.err);
}

TEST_CASE("what is broken is named: exit code 1") {
    TempFolder data;
    put_tiny_data(data);
    const std::string run = data / "run";
    REQUIRE(eps_program(tiny_training(data, run, 20)).code == 0);
    const auto complaint = [](const std::vector<std::string>& arguments) {
        const Finished finished = eps_program(arguments);
        CHECK_MESSAGE(finished.code == 1, finished.code, " ", finished.err);
        CHECK(finished.out.empty());
        CHECK_MESSAGE(finished.err.find("eps: ") != std::string::npos, finished.err);
        return finished.err;
    };
    CHECK(contains(complaint({"eval", data / "nothing"}), "there is no '"));
    CHECK(contains(complaint({"info", data / "nothing"}), "there is no '"));
    CHECK(contains(complaint({"info", data.path().string()}), "no config.json"));
    put(data / "a.txt", "x");
    CHECK(contains(complaint({"info", data / "a.txt"}), "of no known kind"));

    for (const char* name : {"config.json", "checkpoint.safetensors"}) {
        const std::string path = run + "/" + name, good = bytes_of_file(path);
        for (const std::size_t length :
             {std::size_t{0}, std::size_t{1}, good.size() / 3, good.size() / 2, good.size() - 3}) {
            put(path, good.substr(0, length));
            for (const std::vector<std::string>& command :
                 {std::vector<std::string>{"eval", run},
                  {"info", run},
                  {"sample", run, "--out", data / "a.png"},
                  {"train", "--resume", run, "--steps", "50"}})
                CHECK(contains(complaint(command), path));
            CHECK(bytes_of_file(path) == good.substr(0, length));
        }
        put(path, good);
    }
    // Settings that are well-formed and absurd.
    const std::string path = run + "/config.json", good = bytes_of_file(path);
    const auto with = [&](const std::string& from, const std::string& to) {
        std::string text = good;
        const std::size_t at = text.find(from);
        REQUIRE(at != std::string::npos);
        put(path, text.replace(at, from.size(), to));
        const std::string message = complaint({"train", "--resume", run, "--steps", "50"});
        CHECK_MESSAGE(contains(message, run), message);
    };
    with("\"latent\": 2", "\"latent\": 4000000000000000000");
    with("\"latent\": 2", "\"latent\": 400000000000");
    with("\"latent\": 2", "\"latent\": -2");
    with("\"latent\": 2", "\"latent\": 0");
    with("\"latent\": 2", "\"latent\": 3");
    with("\"layers\": 1", "\"layers\": 3");
    with("\"batch\": 10", "\"batch\": 0");
    with("\"batch\": 10", "\"batch\": 1.5");
    with("\"family\": \"vae\"", "\"family\": \"\\u001b[31m\"");
    with("\"log-every\": 5", "\"log-every\": 0");
    with("\"seed\": 0", "\"seed\": -1");
    with("\"eval-k\": 2", "\"evil-k\": 2");
    put(path, good);
    CHECK(eps_program({"eval", run}).code == 0);
}

TEST_CASE("ops lists every operation, as a table and as JSON") {
    const Json ops = Json::parse(eps_program({"ops", "--json"}).out);
    CHECK(ops.size() == op_catalog().size());
    for (const char* key :
         {"name", "kind", "f32_forward", "f64_backward", "f32_second_order", "cuda_second_order"})
        CHECK(ops.at(0).contains(key));
    for (const Json& op : ops)  // the only holes are those that have a reason
        for (const char* type : {"f32", "f64", "cuda"}) {
            CHECK(op.at(std::string(type) + "_forward") == true);
            for (const char* order : {"_backward", "_second_order"})
                CHECK_MESSAGE(
                    op.at(type + std::string(order)) == !op.contains("no_derivative_because"),
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

TEST_CASE("a terminal gets a bar, and its wishes are heard") {
    TempFolder data;
    put_tiny_data(data);
    int count = 0;
    const auto seen = [&](const std::map<std::string, std::string>& environment) {
        int master = -1, slave = -1;
        winsize size{.ws_row = 24, .ws_col = 70, .ws_xpixel = 0, .ws_ypixel = 0};
        REQUIRE(::openpty(&master, &slave, nullptr, nullptr, &size) == 0);
        std::vector<std::string> arguments =
            tiny_training(data, data / ("run" + std::to_string(count++)), 50);
        arguments.insert(arguments.begin(), EPS_BINARY);
        Process process(arguments, environment, slave);
        ::close(slave);
        std::string text;
        char buffer[4096];
        for (ssize_t n; (n = ::read(master, buffer, sizeof buffer)) > 0;)
            text.append(buffer, static_cast<std::size_t>(n));
        ::close(master);
        CHECK(process.wait().code == 0);
        return text;
    };
    const std::string bar = seen({{"TERM", "xterm"}, {"NO_COLOR", ""}, {"LC_ALL", "C.UTF-8"}});
    CHECK(contains(bar, "\rstep "));
    CHECK(contains(bar, "\u2501"));
    CHECK(contains(bar, "\033[32m"));
    CHECK(contains(bar, "steps/s"));
    const std::string plain = seen({{"TERM", "xterm"}, {"NO_COLOR", "1"}, {"LC_ALL", "C"}});
    CHECK(contains(plain, "####"));
    CHECK_FALSE(contains(plain, "\033[32m"));
    const std::string dumb = seen({{"TERM", "dumb"}});
    CHECK_FALSE(contains(dumb, "\rstep"));
    CHECK_FALSE(contains(dumb, "\033"));
}

TEST_CASE(
    "--device: a name that is none is a mistake, a GPU that is not there is missing, and auto "
    "takes what there is") {
    const TempFolder folder;
    const auto train = [&](const std::string& device, const std::string& precision) {
        return eps_program({"train", "flow", "--target", "U1", "--k", "1", "--batch", "8",
                            "--steps", "2", "--picture-every", "0", "--quiet", "--device", device,
                            "--precision", precision, "--out", folder / (device + precision)});
    };
    const Finished wrong = train("gpu", "f32");
    CHECK(wrong.code == 2);
    CHECK_MESSAGE(one_sentence(wrong.err), wrong.err);
    CHECK_MESSAGE(contains(wrong.err, "expected one of: auto, cpu, cuda, cuda:N"), wrong.err);
    CHECK(train("auto", "f32").code == 0);
    CHECK(Json::parse(bytes_of_file(folder / "autof32/config.json"))["device"] == "auto");
    const std::string run = folder / "autof32";
    const auto used = [&](const std::vector<std::string>& command) { return eps_program(command); };
    CHECK(used({"sample", run, "--out", folder / "s.png", "--device", "cpu"}).code == 0);
    CHECK(used({"sample", run, "--out", folder / "s.png", "--device", "cuda:x"}).code == 2);
    CHECK(used({"train", "--resume", run, "--steps", "3", "--quiet", "--device", "cpu"}).code == 0);
    for (const std::string precision : {"bf16", "f16"}) {
        const Finished precise = train("cpu", precision);
        CHECK(precise.code == 2);
        CHECK_MESSAGE(
            contains(precise.err, "--precision " + precision + " is for GPUs; got --device cpu"),
            precise.err);
        CHECK(one_sentence(precise.err));
    }
    CHECK(contains(train("cpu", "fp8").err, "expected one of: f32, tf32, bf16, f16"));

    const bool gpu = kernels::cuda::device_count() > 0;
    const std::string missing = gpu ? "cuda:127" : "cuda";
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"train", "flow", "--target", "U1", "--device", missing, "--out",
                                   folder / "missing"},
          {"sample", run, "--out", folder / "s.png", "--device", missing},
          {"eval", run, "--device", missing},
          {"train", "--resume", run, "--device", missing}}) {
        const Finished finished = eps_program(command);
        CHECK_MESSAGE(finished.code == 3, finished.err);
        CHECK_MESSAGE(one_sentence(finished.err), finished.err);
        CHECK_MESSAGE(contains(finished.err, gpu ? "does not exist" : "cuda:0 is not there: none"),
                      finished.err);
    }
}
