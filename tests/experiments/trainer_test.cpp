// The training loop and its folder: what is written when, what resuming does, and that a stop at
// any step changes nothing.
#include "experiments/run/trainer.h"

#include <algorithm>
#include <thread>

#include "experiments/run/flat_json.h"
#include "tests/experiments/toy_session.h"

using namespace eps;
using namespace eps::models;
using namespace eps::test;

namespace {

struct Stopped {};

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
    CHECK(RunFolder::open(path).load_checkpoint(task).step == 100);
}

TEST_CASE("a run that is stopped at any step, by any means, and resumed ends with the same bytes") {
    TempFolder folder;
    session(folder.path() / "whole", toy_config());
    const std::string whole = checkpoint_of(folder.path() / "whole"),
                      metrics = metrics_of(folder.path() / "whole");

    for (const std::int64_t at : {0, 1, 19, 20, 21, 50, 99}) {
        const auto asked = folder.path() / str("asked-", at),
                   thrown = folder.path() / str("thrown-", at);
        const TrainResult result = session(asked, toy_config(), [&](Session s) {
            s.task.on_step = [&stop = s.stop, at](std::int64_t index) {
                if (index == at) stop = 2;
            };
        });
        CHECK(result.end == TrainEnd::interrupted);
        CHECK(result.last_step == at + 1);  // the step under way was finished
        session(asked, toy_config());
        CHECK(checkpoint_of(asked) == whole);

        // An exception is as good as a kill: nothing after the step is done.
        CHECK_THROWS_AS(session(thrown, toy_config(),
                                [&](Session s) {
                                    s.task.on_step = [at](std::int64_t index) {
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
    RunFolder run = RunFolder::resume(folder.path() / "short");
    run.set_config(toy_config(100));
    const TrainResult result = session(std::move(run));
    CHECK(checkpoint_of(folder.path() / "short") == checkpoint_of(folder.path() / "long"));
    CHECK(Config::read(folder.path() / "short" / "config.json").integer("steps") == 100);
    CHECK(result.last_step - result.first_step == 70);
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
    const auto slow = [](Session s) {
        s.task.on_step = [](std::int64_t) {
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
    const auto broken = [](Session s) { s.task.nan_at = 46; };
    const std::string message =
        message_of([&] { session(folder.path() / "run", toy_config(), broken); });
    CHECK(contains(message,
                   "loss is nan at step 47; the last good checkpoint is that of step 40 in '" +
                       (folder / "run/checkpoint.safetensors")));
    CHECK(contains(bytes_of_file(folder / "run/metrics.jsonl"), "\"loss\": null"));
    ToyTask task;
    CHECK(RunFolder::open(folder.path() / "run").load_checkpoint(task).step == 40);
    const auto at_once = [](Session s) { s.task.nan_at = 0; };
    CHECK(contains(message_of([&] { session(folder.path() / "new", toy_config(), at_once); }),
                   "no checkpoint was saved before"));
}

TEST_CASE("what a task notes is shown at once and is in the next line of the log") {
    TempFolder folder;
    std::vector<std::string> shown;
    session(folder.path() / "run", toy_config(), [&](Session s) {
        s.task.on_step = [&, s](std::int64_t index) {
            if (index == 23) s.task.to_note = {"it is \"late\"", "and cold"};
            if (index == 24) shown = s.listener.notes;
        };
    });
    CHECK(shown == std::vector<std::string>{"it is \"late\"", "and cold"});
    MetricsLog log(folder.path() / "run" / "metrics.jsonl");
    CHECK(log.cut(20)->note.empty());
    const auto line = [&] {
        session(folder.path() / "again", toy_config(30), [&](Session s) {
            s.task.on_step = [s](std::int64_t index) {
                if (index == 23) s.task.to_note = {"it is \"late\"", "and cold"};
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
    session(folder.path() / "run", config, [&](Session s) {
        s.listener.on_step = [&](const Progress& progress) {
            if (progress.step == 100) early = allocator_of(cpu).stats().system_bytes;
            if (progress.step == 2000) late = allocator_of(cpu).stats().system_bytes;
        };
    });
    CHECK(early == late);
}
