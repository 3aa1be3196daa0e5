// Run folders that are damaged, edited, hostile or in use, through the program.
#include <sys/resource.h>

#include "experiments/run/checksum.h"
#include "tensor/create.h"
#include "tensor/io/safetensors.h"
#include "tests/cli/process.h"
#include "tests/cli/tiny_data.h"

using namespace eps;
using namespace eps::test;

namespace {

/// A GAN of the plane after a few steps.
struct Trained {
    TempFolder data;
    std::string run = data / "run";

    Trained() {
        const Finished finished =
            eps_program(tiny_gan(data, run, 20, words("--data ring8 --quiet")));
        REQUIRE_MESSAGE(finished.code == 0, finished.err);
    }
    std::string file(const std::string& name) const { return run + "/" + name; }
    /// The commands that read a run.
    std::vector<Words> commands() const {
        return {{"info", run},
                {"sample", run, "--out", data / "a.png"},
                {"eval", run},
                {"train", "--resume", run, "--steps", "30"}};
    }
    /// Saves the state anew, changed by f, with a checksum if one is asked for.
    void change_state(const std::function<void(const std::string&, Tensor&)>& f,
                      bool with_checksum) const {
        const SafetensorsFile old = read_safetensors(file("checkpoint.safetensors"));
        auto metadata = old.metadata;
        NamedTensors state = old.tensors();
        for (auto& [name, x] : state) f(name, x);
        models::Checksum sum;
        sum.add(metadata.at("step")).add(state);
        metadata.erase("checksum");
        for (const auto& [key, value] : metadata)
            if (key != "step") sum.add(key).add(value);
        if (with_checksum) metadata["checksum"] = sum.text();
        write_safetensors(file("checkpoint.safetensors"), state, metadata);
    }
};

void replace_in(const std::string& path, const std::string& from, const std::string& to) {
    std::string text = bytes_of_file(path);
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    put(path, text.replace(at, from.size(), to));
}

// Every weight that a GAN draws samples with.
void fill_weights(const std::string& name, Tensor& x, double value) {
    if (x.dtype() == f32 && (name.starts_with("ema.") || name.starts_with("generator")))
        x = full(x.shape(), value);
}

double seconds_of(const std::function<void()>& f) {
    const auto start = std::chrono::steady_clock::now();
    f();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

TEST_CASE("a flipped bit of a checkpoint: every command says it is damaged") {
    const Trained trained;
    const std::string path = trained.file("checkpoint.safetensors");
    std::string bytes = bytes_of_file(path);
    bytes[bytes.size() - 100] = static_cast<char>(bytes[bytes.size() - 100] ^ 1);
    put(path, bytes);
    auto commands = trained.commands();
    commands.push_back({"info", path});
    for (const Words& command : commands) {
        const Finished finished = eps_program(command);
        CHECK_MESSAGE(finished.code == 1, command[0]);
        CHECK(finished.out.empty());
        CHECK_MESSAGE(contains(finished.err, "the checksum does not match the data in '" + path),
                      finished.err);
        CHECK_MESSAGE(one_sentence(finished.err), finished.err);
    }
}

TEST_CASE("a checkpoint without a checksum is read, and every command names it") {
    const Trained trained;
    trained.change_state([](const std::string&, Tensor&) {}, false);
    for (const Words& command : trained.commands()) {
        const Finished finished = eps_program(command);
        CHECK_MESSAGE(finished.code == 0, finished.err);
        CHECK_MESSAGE(contains(finished.err, "note: '" + trained.file("checkpoint.safetensors") +
                                                 "' has no checksum"),
                      finished.err);
    }
    // training wrote one
    CHECK(eps_program({"info", trained.run}).err.empty());
}

TEST_CASE("an edited config.json is refused in one sentence, which says how to go on") {
    const Trained trained;
    const std::string path = trained.file("config.json"), good = bytes_of_file(path);
    replace_in(path, "\"lr\": ", "\"lr\": 1");
    for (const Words& command : trained.commands()) {
        const Finished refused = eps_program(command);
        CHECK(refused.code == 1);
        CHECK(refused.out.empty());
        CHECK(one_sentence(refused.err));
        CHECK_MESSAGE(contains(refused.err, "the checksum does not match the settings in '" + path),
                      refused.err);
        CHECK(contains(refused.err, "--accept-edited-config"));
        const Finished taken = eps_program(command + Words{"--accept-edited-config"});
        CHECK_MESSAGE(taken.code == 0, taken.err);
        CHECK(contains(taken.err, "note: '" + path + "' was edited, and is taken as it is"));
    }
    CHECK(bytes_of_file(path) != good);
    CHECK(eps_program({"info", trained.run}).err.empty());  // training has written its checksum
    CHECK(eps_program(words("train --accept-edited-config gan --out x")).code == 2);
}

TEST_CASE("weights that are no numbers, and samples that are none: sample refuses as eval does") {
    for (const double bad : {std::nan(""), 1e30}) {
        const Trained trained;
        trained.change_state(
            [&](const std::string& name, Tensor& x) { fill_weights(name, x, bad); }, true);
        for (const Words& command : {Words{"sample", trained.run, "--out", trained.data / "a.png"},
                                     Words{"eval", trained.run}}) {
            const Finished finished = eps_program(command);
            CHECK_MESSAGE(finished.code == 1, finished.err);
            CHECK(finished.out.empty());
            CHECK_MESSAGE(contains(finished.err, "is not finite"), finished.err);
        }
        CHECK_FALSE(std::filesystem::exists(trained.data / "a.png"));
    }
}

TEST_CASE("a damaged line of metrics.jsonl: info and --resume say so and go on") {
    const Trained trained;
    const std::string path = trained.file("metrics.jsonl");
    put(path, bytes_of_file(path) + std::string(4, '\0') + "\n");
    const std::string note = "note: 1 damaged line is skipped in '" + path + "'\n";
    const Finished info = eps_program({"info", trained.run});
    CHECK(info.code == 0);
    CHECK(contains(info.out, "Last metrics\n  step            20\n"));
    CHECK(info.err == note);
    const Finished resumed = eps_program(words("train --steps 30 --resume") + Words{trained.run});
    CHECK_MESSAGE(resumed.code == 0, resumed.err);
    CHECK(contains(resumed.err, note));
    CHECK(eps_program({"info", trained.run}).err.empty());
}

TEST_CASE("hostile settings and lines of 1 MB are read in no time") {
    const Trained trained;
    std::string keys;
    for (int i = 0; i < 95000; ++i) keys += str(",\"", i, "\":0");
    const std::string metrics = trained.file("metrics.jsonl");
    put(metrics, bytes_of_file(metrics) + "{\"step\":30" + keys + "}\n" +
                     std::string(1000, '\n'));  // and empty lines
    const auto info = [&] { return eps_program({"info", trained.run}); };
    const double start = seconds_of([] { eps_program({"--version"}); });
    CHECK(seconds_of([&] { CHECK(info().code == 0); }) < start + 1);
    put(trained.file("config.json"), "{\"family\":\"gan\"" + keys + "}");
    Finished finished;
    CHECK(seconds_of([&] { finished = info(); }) < start + 1);
    CHECK(finished.code == 1);
    CHECK_MESSAGE(contains(finished.err, "expected at most 65536"), finished.err);
    put(trained.file("config.json"), "{\"family\":\"gan\"" + keys.substr(0, 9000) + "}");
    CHECK(contains(info().err, "more than 1000 keys"));
}

TEST_CASE("a broken checkpoint is noticed before anything else is said") {
    const Trained trained;
    put(trained.file("checkpoint.safetensors"), "x");
    const Finished finished = eps_program({"train", "--resume", trained.run, "--steps", "30"});
    CHECK(finished.code == 1);
    CHECK_MESSAGE(one_sentence(finished.err), finished.err);
}

TEST_CASE("pictures that cannot be written do not lose the training") {
    TempFolder data;
    const std::string run = data / "it's lost";
    Process process(eps_command({"train",
                                 "gan",
                                 "--data",
                                 "ring8",
                                 "--width",
                                 "8",
                                 "--layers",
                                 "1",
                                 "--batch",
                                 "8",
                                 "--steps",
                                 "400",
                                 "--checkpoint-every",
                                 "0",
                                 "--picture-every",
                                 "0",
                                 "--log-every",
                                 "1",
                                 "--threads",
                                 "1",
                                 "--out",
                                 run}));
    wait_until([&] { return std::filesystem::exists(run + "/metrics.jsonl"); });
    put(run + "/samples", "");
    const Finished finished = process.wait();
    CHECK_MESSAGE(finished.code == 1, finished.err);
    CHECK_MESSAGE(contains(finished.err, "eps: train: the checkpoint of step 400 is saved, but"),
                  finished.err);
    CHECK(contains(eps_program({"info", run}).out, "400"));
    // the hint, as a shell reads it, draws them
    std::filesystem::remove(run + "/samples");
    const std::size_t begin = finished.err.find("eps train --resume"),
                      end = finished.err.find(", when that is mended");
    REQUIRE((begin != std::string::npos && end != std::string::npos));
    const std::string line = finished.err.substr(begin + 3, end - begin - 3);
    const Finished again =
        Process({"/bin/sh", "-c", "exec '" + std::string(EPS_BINARY) + "'" + line}).wait();
    CHECK_MESSAGE(again.code == 0, again.err);
    CHECK(std::filesystem::exists(run + "/samples/samples.png"));
}

TEST_CASE("a second program that trains in the folder is refused, whatever its settings") {
    TempFolder data;
    const std::string run = data / "run";
    Process first(eps_command(tiny_gan(data, run, 1000000, words("--data ring8 --quiet"))));
    wait_until([&] { return std::filesystem::exists(run + "/metrics.jsonl"); });
    for (const Words& second :
         {tiny_gan(data, run, 5, words("--data ring8")), Words{"train", "--resume", run}}) {
        const Finished refused = eps_program(second);
        CHECK(refused.code == 1);
        CHECK(one_sentence(refused.err));
        CHECK_MESSAGE(contains(refused.err, "another program is training in '" + run + "'"),
                      refused.err);
    }
    CHECK(eps_program({"info", run}).code == 0);
    first.signal(SIGTERM);
    CHECK(first.wait().code == 143);
}
