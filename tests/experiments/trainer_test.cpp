// The training loop and its folder: what is written when, what resuming does, and that a stop at
// any step changes nothing.
#include "experiments/run/trainer.h"

#include <algorithm>
#include <thread>

#include "experiments/run/flat_json.h"
#include "tests/experiments/toy_task.h"
#include "tests/files.h"

using namespace eps;
using namespace eps::models;
using namespace eps::test;

namespace {

struct Stopped {};

// One session as the program would run it; the task is made anew, as in a new process.
TrainResult session(
    const std::filesystem::path& path, const Config& config,
    const std::function<void(ToyTask&, QuietListener&, std::atomic<int>&)>& prepare = {}) {
    ToyTask task;
    QuietListener listener;
    std::atomic<int> stop{0};
    if (prepare) prepare(task, listener, stop);
    RunFolder run = RunFolder::create(path, config);
    const PictureWriter writer{
        .save = [](const std::string& file, const Picture&) { put(file, "picture"); },
        .join =
            [](const std::string& file, const std::vector<std::string>& frames) {
                std::string names;
                for (const std::string& frame : frames)
                    names += std::filesystem::path(frame).filename().string() + "\n";
                put(file, names);
            }};
    return train(task, run, writer, listener, stop);
}

std::string checkpoint_of(const std::filesystem::path& path) {
    return bytes_of_file((path / "checkpoint.safetensors").string());
}

// The log without its clock.
std::string metrics_of(const std::filesystem::path& path) {
    std::string text = bytes_of_file((path / "metrics.jsonl").string());
    for (std::size_t at = 0; (at = text.find("\"seconds\"", at)) != std::string::npos;)
        text.erase(at, text.find(',', at) - at);
    return text;
}

}  // namespace

TEST_CASE("a run writes its config, metrics, pictures and checkpoint") {
    TempFolder folder;
    const auto path = folder.path() / "deep" / "run";
    const TrainResult result = session(path, toy_config());
    CHECK(result.end == TrainEnd::steps_done);
    CHECK(result.last_step == 100);
    CHECK(Config::read(path / "config.json").entries() == toy_config().entries());
    const std::string metrics = bytes_of_file((path / "metrics.jsonl").string());
    CHECK(std::count(metrics.begin(), metrics.end(), '\n') == 10);
    CHECK(contains(metrics, "{\"step\": 10, \"epoch\": 1, \"seconds\": "));
    CHECK(std::filesystem::exists(path / "samples" / "toy-0000050.png"));
    CHECK(std::filesystem::exists(path / "samples" / "toy-0000100.png"));
    CHECK(std::filesystem::exists(path / "samples" / "toy.png"));
    CHECK(bytes_of_file((path / "samples" / "toy-film.png").string()) ==
          "toy-0000050.png\ntoy-0000100.png\n");
    ToyTask task;
    CHECK(RunFolder::open(path).load_checkpoint(task) == 100);
}

TEST_CASE("a run that is stopped at any step, by any means, and resumed ends with the same bytes") {
    TempFolder folder;
    session(folder.path() / "whole", toy_config());
    const std::string whole = checkpoint_of(folder.path() / "whole"),
                      metrics = metrics_of(folder.path() / "whole");

    for (const std::int64_t at : {0, 1, 19, 20, 21, 50, 99}) {
        const auto asked = folder.path() / str("asked-", at),
                   thrown = folder.path() / str("thrown-", at);
        const TrainResult result = session(
            asked, toy_config(), [&](ToyTask& task, QuietListener&, std::atomic<int>& stop) {
                task.on_step = [&, at](std::int64_t index) {
                    if (index == at) stop = 2;
                };
            });
        CHECK(result.end == TrainEnd::interrupted);
        CHECK(result.last_step == at + 1);  // the step under way was finished
        session(asked, toy_config());
        CHECK(checkpoint_of(asked) == whole);

        // An exception is as good as a kill: nothing after the step is done.
        CHECK_THROWS_AS(session(thrown, toy_config(),
                                [&](ToyTask& task, QuietListener&, std::atomic<int>&) {
                                    task.on_step = [at](std::int64_t index) {
                                        if (index == at) throw Stopped();
                                    };
                                }),
                        Stopped);
        session(thrown, toy_config());
        CHECK(checkpoint_of(thrown) == whole);
        CHECK(metrics_of(thrown) == metrics);
    }
}

TEST_CASE("a run that gets more steps later equals a longer run") {
    TempFolder folder;
    session(folder.path() / "long", toy_config(100));
    session(folder.path() / "short", toy_config(30));
    RunFolder run = RunFolder::open(folder.path() / "short");
    run.set_config(toy_config(100));
    ToyTask task;
    QuietListener listener;
    std::atomic<int> stop{0};
    train(task, run,
          {.save = [](const std::string&, const Picture&) {},
           .join = [](const std::string&, const std::vector<std::string>&) {}},
          listener, stop);
    CHECK(checkpoint_of(folder.path() / "short") == checkpoint_of(folder.path() / "long"));
    CHECK(Config::read(folder.path() / "short" / "config.json").integer("steps") == 100);
    CHECK(task.steps_taken == 70);
}

TEST_CASE("a finished run is left alone") {
    TempFolder folder;
    session(folder.path() / "run", toy_config());
    const auto before =
        std::filesystem::last_write_time(folder.path() / "run" / "checkpoint.safetensors");
    const std::string metrics = bytes_of_file(folder / "run/metrics.jsonl");
    const TrainResult result = session(folder.path() / "run", toy_config());
    CHECK(result.first_step == result.last_step);
    CHECK(std::filesystem::last_write_time(folder.path() / "run" / "checkpoint.safetensors") ==
          before);
    CHECK(bytes_of_file(folder / "run/metrics.jsonl") == metrics);
}

TEST_CASE("time limits count all sessions") {
    TempFolder folder;
    Config config = toy_config(0);
    config.set("minutes", 0.1 / 60);
    const auto slow = [](ToyTask& task, QuietListener&, std::atomic<int>&) {
        task.on_step = [](std::int64_t) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        };
    };
    const TrainResult result = session(folder.path() / "run", config, slow);
    CHECK(result.end == TrainEnd::time_up);
    CHECK(result.seconds >= 0.1);
    CHECK(session(folder.path() / "run", config, slow).first_step == result.last_step);
}

TEST_CASE("a loss that is not finite stops the run, naming the step and the last good checkpoint") {
    TempFolder folder;
    const auto broken = [](ToyTask& task, QuietListener&, std::atomic<int>&) { task.nan_at = 46; };
    const std::string message =
        message_of([&] { session(folder.path() / "run", toy_config(), broken); });
    CHECK(contains(message,
                   "loss is nan at step 47; the last good checkpoint is that of step 40 in '" +
                       (folder / "run/checkpoint.safetensors")));
    CHECK(contains(bytes_of_file(folder / "run/metrics.jsonl"), "\"loss\": null"));
    ToyTask task;
    CHECK(RunFolder::open(folder.path() / "run").load_checkpoint(task) == 40);
    const auto at_once = [](ToyTask& toy, QuietListener&, std::atomic<int>&) { toy.nan_at = 0; };
    CHECK(contains(message_of([&] { session(folder.path() / "new", toy_config(), at_once); }),
                   "no checkpoint was saved before"));
}

TEST_CASE("what a task notes is shown at once and is in the next line of the log") {
    TempFolder folder;
    std::vector<std::string> shown;
    session(folder.path() / "run", toy_config(),
            [&](ToyTask& task, QuietListener& listener, std::atomic<int>&) {
                task.on_step = [&](std::int64_t index) {
                    if (index == 23) task.to_note = {"it is \"late\"", "and cold"};
                    if (index == 24) shown = listener.notes;
                };
            });
    CHECK(shown == std::vector<std::string>{"it is \"late\"", "and cold"});
    MetricsLog log(folder.path() / "run" / "metrics.jsonl");
    CHECK(log.cut(20)->note.empty());
    const auto line = [&] {
        session(folder.path() / "again", toy_config(30),
                [&](ToyTask& task, QuietListener&, std::atomic<int>&) {
                    task.on_step = [&](std::int64_t index) {
                        if (index == 23) task.to_note = {"it is \"late\"", "and cold"};
                    };
                });
        return MetricsLog(folder.path() / "again" / "metrics.jsonl").last();
    }();
    REQUIRE(line.has_value());
    CHECK(line->step == 30);
    CHECK(line->note == "it is \"late\"\nand cold");
    CHECK(checkpoint_of(folder.path() / "again").size() > 0);
}

TEST_CASE("a steady step asks the system for no memory") {
    TempFolder folder;
    Config config = toy_config(2000);
    config.set("log-every", std::int64_t{7});
    config.set("checkpoint-every", std::int64_t{0});
    config.set("picture-every", std::int64_t{0});
    std::size_t early = 0, late = 0;
    session(folder.path() / "run", config,
            [&](ToyTask&, QuietListener& listener, std::atomic<int>&) {
                listener.on_step = [&](const Progress& progress) {
                    if (progress.step == 100) early = allocator_of(cpu).stats().system_bytes;
                    if (progress.step == 2000) late = allocator_of(cpu).stats().system_bytes;
                };
            });
    CHECK(early == late);
}

TEST_CASE("a folder that is no run, or another run, is left as it is") {
    TempFolder folder;
    const auto error_for = [&](const std::filesystem::path& path, const Config& config) {
        return message_of([&] { session(path, config); });
    };
    put(folder / "letter.txt", "hello");
    CHECK(contains(error_for(folder.path(), toy_config()), "is not empty and holds no run"));
    CHECK(contains(error_for(folder / "letter.txt", toy_config()), "is no folder"));
    CHECK(contains(error_for(folder.path() / "letter.txt" / "run", toy_config()), "letter.txt"));
    std::filesystem::create_directory(folder.path() / "empty");
    CHECK(error_for(folder.path() / "empty", toy_config()).empty());

    session(folder.path() / "run", toy_config());
    const std::string checkpoint = checkpoint_of(folder.path() / "run");
    CHECK(contains(error_for(folder.path() / "run", toy_config(200)),
                   "other settings: steps is 100 there, 200 here; hint: "));
    Config more = toy_config();
    more.set("latent", std::int64_t{3});
    CHECK(contains(error_for(folder.path() / "run", more), "latent is not set there"));
    CHECK(checkpoint_of(folder.path() / "run") == checkpoint);

    const auto opening = [&](const std::filesystem::path& path) {
        return message_of([&] { RunFolder::open(path); });
    };
    CHECK(contains(opening(folder.path() / "nothing"),
                   "there is no '" + (folder / "nothing") + "'; hint: eps train"));
    CHECK(contains(opening(folder.path()), "no config.json in '"));
    CHECK(contains(opening(folder / "letter.txt"), "is no folder"));
}

TEST_CASE("errors name the broken files of a run, and nothing is overwritten") {
    TempFolder folder;
    const auto run = folder.path() / "run";
    session(run, toy_config(40));
    for (const char* name : {"config.json", "metrics.jsonl", "checkpoint.safetensors"}) {
        const std::string path = (run / name).string(), good = bytes_of_file(path);
        const std::string bad =
            good.substr(0, good.size() / 2) + "\n\x01\n" + good.substr(good.size() / 2);
        put(path, bad);
        const std::string config = bytes_of_file(folder / "run/config.json"),
                          checkpoint = checkpoint_of(run),
                          metrics = bytes_of_file(folder / "run/metrics.jsonl");
        const std::string message = message_of([&] { session(run, toy_config(40)); });
        CHECK_MESSAGE(contains(message, path), message);
        CHECK(bytes_of_file(folder / "run/config.json") == config);
        CHECK(checkpoint_of(run) == checkpoint);
        CHECK(bytes_of_file(folder / "run/metrics.jsonl") == metrics);
        put(path, good);
    }
    CHECK(message_of([&] { session(run, toy_config(40)); }).empty());
}

TEST_CASE("two programs cannot train in one folder") {
    TempFolder folder;
    RunFolder first = RunFolder::create(folder.path() / "run", toy_config());
    first.claim();
    CHECK(contains(message_of([&] { session(folder.path() / "run", toy_config()); }),
                   "another program is training in '"));
}

TEST_CASE("a run that is killed before its settings are written begins again") {
    TempFolder folder;
    std::filesystem::create_directory(folder.path() / "run");
    put(folder / "run/.config.json.1f2e3d4c.eps-tmp", "{\"fam");
    CHECK(session(folder.path() / "run", toy_config()).last_step == 100);
}
