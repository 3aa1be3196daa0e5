// One run through all commands, and what they say of runs that are broken.
#include <nlohmann/json.hpp>

#include "tests/cli/process.h"
#include "tests/cli/tiny_data.h"

using namespace eps;
using namespace eps::test;
using Json = nlohmann::json;

namespace {

/// A VAE after a few steps.
struct Trained {
    TempFolder data;
    std::string run = data / "run";
    Finished train;

    explicit Trained(int steps) {
        put_tiny_data(data);
        train = eps_program(tiny_vae(data, run, steps));
        REQUIRE_MESSAGE(train.code == 0, train.err);
    }
};

/// What the program says of a run that is broken.
std::string complaint(const Words& arguments) {
    const Finished finished = eps_program(arguments);
    CHECK_MESSAGE(finished.code == 1, finished.code, " ", finished.err);
    CHECK(finished.out.empty());
    CHECK_MESSAGE(contains(finished.err, "eps: "), finished.err);
    return finished.err;
}

}  // namespace

TEST_CASE("train writes pictures and plain lines, and does not train twice") {
    const Trained trained(30);
    CHECK(trained.train.out.empty());
    CHECK(contains(trained.train.err, "step 30/30"));
    CHECK_FALSE(contains(trained.train.err, "\r"));
    CHECK_FALSE(contains(trained.train.err, "\033"));
    for (const char* name : {"samples", "reconstructions", "interpolation"})
        CHECK(std::filesystem::exists(trained.run + "/samples/" + name + ".png"));

    const Finished again = eps_program(tiny_vae(trained.data, trained.run, 30));
    CHECK(again.code == 0);
    CHECK(contains(again.err, "is already trained: 30 steps"));
    const Finished other = eps_program(tiny_vae(trained.data, trained.run, 40));
    CHECK(other.code == 1);
    CHECK(contains(other.err, "steps is 30 there, 40 here"));
}

TEST_CASE("info describes runs, checkpoints and data") {
    const Trained trained(30);
    const auto info = [](const std::string& path) {
        const Finished finished = eps_program({"info", path});
        CHECK(finished.code == 0);
        return finished.out;
    };
    const std::string run = info(trained.run);
    for (const char* part :
         {"family", "vae", "parameters", "Settings", "latent", "Last metrics", "kl"})
        CHECK(contains(run, part));
    const std::string checkpoint = info(trained.run + "/checkpoint.safetensors");
    CHECK(contains(checkpoint, "model.encoder.mu.weight"));
    CHECK(contains(checkpoint, "step = 30"));
    CHECK(contains(info(trained.data / "train-images-idx3-ubyte"), "u8 [60, 28, 28]"));
}

TEST_CASE("sample draws the same picture for the same seed") {
    const Trained trained(30);
    const std::string picture = trained.data / "new.png";
    const auto drawn = [&](const char* seed) {
        const Finished sample =
            eps_program({"sample", trained.run, "--count", "9", "--seed", seed, "--out", picture});
        CHECK(sample.code == 0);
        CHECK(sample.out == picture + "\n");
        return bytes_of_file(picture);
    };
    const std::string first = drawn("7");
    CHECK(drawn("7") == first);
    CHECK(drawn("8") != first);
    CHECK(contains(eps_program({"info", picture}).out, "u8 ["));
}

TEST_CASE("eval prints metrics as JSON and as a table, of the steps that are trained") {
    const Trained trained(30);
    const Finished eval = eps_program({"eval", trained.run, "--json"});
    REQUIRE_MESSAGE(eval.code == 0, eval.err);
    const Json metrics = Json::parse(eval.out);
    for (const char* key : {"elbo", "elbo_se", "iwae", "nll", "bits_per_dim", "coverage",
                            "coverage_se", "coverage_floor", "cfd", "cfd_floor", "classifier"})
        CHECK_MESSAGE(metrics.contains(key), key);
    CHECK(metrics.at("images") == 40);
    CHECK(metrics.at("samples") == 40);
    CHECK(metrics.at("step") == 30);
    CHECK(eps_program({"eval", trained.run, "--json"}).out == eval.out);

    const std::string table = eps_program({"eval", trained.run}).out;
    CHECK(contains(table, "elbo"));
    CHECK(contains(table, " (floor "));
    CHECK_FALSE(contains(table, "_floor"));
    CHECK(contains(table, "  " + metrics.at("classifier").dump() + "\n"));  // whole, not rounded

    const Finished more =
        eps_program({"train", "--resume", trained.run, "--steps", "45", "--quiet"});
    CHECK(more.code == 0);
    CHECK(more.err.empty());
    CHECK(Json::parse(eps_program({"eval", trained.run, "--json"}).out).at("step") == 45);
}

TEST_CASE("a loss that is not finite: the op it came from, and the last good checkpoint") {
    TempFolder data;
    const Finished early = eps_program(tiny_gan(data, data / "run", 50, {"--lr", "1e30"}));
    CHECK(early.code == 1);
    for (const char* part :
         {"\nnote: ", "it came from ", ": its backward made a NaN or an infinity",
          "no checkpoint was saved before"})
        CHECK_MESSAGE(contains(early.err, part), early.err);
}

TEST_CASE("missing and unknown files: exit code 1") {
    TempFolder data;
    CHECK(contains(complaint({"eval", data / "nothing"}), "there is no '"));
    CHECK(contains(complaint({"info", data / "nothing"}), "there is no '"));
    CHECK(contains(complaint({"info", data.path().string()}), "no config.json"));
    put(data / "a.txt", "x");
    CHECK(contains(complaint({"info", data / "a.txt"}), "not a kind of file"));
}

TEST_CASE("a truncated file of a run: every command names it, and none changes it") {
    const Trained trained(20);
    const std::string& run = trained.run;
    for (const char* name : {"config.json", "checkpoint.safetensors"}) {
        const std::string path = run + "/" + name;
        const std::string good = bytes_of_file(path);
        for (const std::size_t length :
             {std::size_t{0}, std::size_t{1}, good.size() / 3, good.size() / 2, good.size() - 3}) {
            put(path, good.substr(0, length));
            for (const Words& command : {Words{"eval", run}, Words{"info", run},
                                         Words{"sample", run, "--out", trained.data / "a.png"},
                                         Words{"train", "--resume", run, "--steps", "50"}})
                CHECK(contains(complaint(command), path));
            CHECK(bytes_of_file(path) == good.substr(0, length));
        }
        put(path, good);
    }
}

TEST_CASE("absurd settings in config.json: one sentence that names the run") {
    const Trained trained(20);
    const std::string path = trained.run + "/config.json";
    const std::string good = bytes_of_file(path);
    const std::pair<const char*, const char*> changes[] = {
        {"\"latent\": 2", "\"latent\": 4000000000000000000"},
        {"\"latent\": 2", "\"latent\": 400000000000"},
        {"\"latent\": 2", "\"latent\": -2"},
        {"\"latent\": 2", "\"latent\": 0"},
        {"\"latent\": 2", "\"latent\": 3"},
        {"\"layers\": 1", "\"layers\": 3"},
        {"\"batch\": 10", "\"batch\": 0"},
        {"\"batch\": 10", "\"batch\": 1.5"},
        {"\"family\": \"vae\"", "\"family\": \"\\u001b[31m\""},
        {"\"log-every\": 5", "\"log-every\": 0"},
        {"\"seed\": 0", "\"seed\": -1"},
        {"\"eval-k\": 2", "\"evil-k\": 2"},
    };
    for (const auto& [from, to] : changes) {
        std::string text = good;
        const std::size_t at = text.find(from);
        REQUIRE(at != std::string::npos);
        put(path, text.replace(at, std::string(from).size(), to));
        const std::string message = complaint(
            {"train", "--resume", trained.run, "--steps", "50", "--accept-edited-config"});
        CHECK_MESSAGE(contains(message, trained.run), message);
    }
    put(path, good);
    CHECK(eps_program({"eval", trained.run}).code == 0);
}
