// Training whose pictures, films, lines or checkpoints cannot be written: what is lost, what is
// said, and what the next session makes good.
#include <sys/stat.h>

#include "tests/experiments/toy_session.h"

using namespace eps;
using namespace eps::models;
using namespace eps::test;

namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const std::string& file) { fail("png", "no space for '", file, "'"); }

struct Killed {};

bool ended(const fs::path& run) {
    return checkpoint_info((run / "checkpoint.safetensors").string()).ended;
}

// The names and bytes of all files, without the clock.
std::map<std::string, std::string> files_of(const fs::path& run) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(run))
        if (entry.is_regular_file())
            files[fs::relative(entry.path(), run).string()] = bytes_of_file(entry.path().string());
    files["metrics.jsonl"] = metrics_of(run);
    return files;
}

}  // namespace

TEST_CASE("pictures that cannot be saved are noted, and training goes on") {
    TempFolder folder;
    session(folder.path() / "whole", toy_config());
    const auto run = folder.path() / "run";
    std::vector<std::string> notes;
    session(run, toy_config(), [&](Session s) {
        s.writer.save = [&](const std::string& file, const Picture&) {
            if (contains(file, "0000050")) refuse(file);
            put(file, "picture");
        };
        s.listener.on_step = [&, s](const Progress&) { notes = s.listener.notes; };
    });
    REQUIRE(notes.size() == 1);
    CHECK(notes[0] == "the pictures of step 50 were not saved: png: no space for '" +
                          (folder / "run/samples/toy-0000050.png") + "'");
    CHECK(contains(metrics_of(run), "\"note\": \"the pictures of step 50 were not saved"));
    CHECK(checkpoint_of(run) == checkpoint_of(folder.path() / "whole"));
    CHECK(fs::exists(run / "samples" / "toy-0000100.png"));
}

TEST_CASE("the last pictures or film cannot be saved: the checkpoint is, and resuming draws them") {
    TempFolder folder;
    session(folder.path() / "whole", toy_config());
    const auto check_mended = [&](const fs::path& run) {
        CHECK(session(RunFolder::resume(run)).last_step == 100);
        CHECK(files_of(run) == files_of(folder.path() / "whole"));
        CHECK(ended(run));
    };
    const auto message_for = [&](const fs::path& run, const std::function<void(Session)>& prepare) {
        const std::string message = message_of([&] { session(run, toy_config(), prepare); });
        CHECK_MESSAGE(message.starts_with("train: the checkpoint of step 100 is saved, but the "),
                      message);
        CHECK(contains(message, "hint: eps train --resume " + run.string()));
        CHECK_FALSE(ended(run));
        ToyTask task;
        CHECK(RunFolder::open(run).load_checkpoint(task).step == 100);
        return message;
    };
    SUBCASE("pictures") {
        const auto run = folder.path() / "pictures";
        CHECK(contains(message_for(run,
                                   [](Session s) {
                                       s.writer.save = [](const std::string& file, const Picture&) {
                                           if (contains(file, "100")) refuse(file);
                                           put(file, "picture");
                                       };
                                   }),
                       "the pictures of step 100 were not saved: png: no space"));
        check_mended(run);
    }
    SUBCASE("film") {
        const auto run = folder.path() / "film";
        CHECK(contains(message_for(run,
                                   [](Session s) {
                                       s.writer.join = [](const std::string& file,
                                                          const std::vector<std::string>&) {
                                           refuse(file);
                                       };
                                   }),
                       "the films of step 100 were not saved: png: no space"));
        check_mended(run);
    }
    SUBCASE("the folder of the pictures is a file") {
        const auto run = folder.path() / "file";
        CHECK(contains(message_for(run,
                                   [&](Session s) {
                                       s.task.on_step = [run](std::int64_t index) {
                                           if (index == 3) put((run / "samples").string(), "");
                                       };
                                   }),
                       "cannot create the folder '" + (run / "samples").string() + "'"));
        fs::remove(run / "samples");
        CHECK(session(RunFolder::resume(run)).last_step == 100);
        CHECK(fs::exists(run / "samples" / "toy-0000100.png"));
        CHECK(ended(run));
    }
    SUBCASE("there is no memory to draw") {
        const auto run = folder.path() / "memory";
        message_for(run, [](Session s) {
            s.writer.save = [](const std::string& file, const Picture&) {
                if (contains(file, "100")) throw std::bad_alloc();
                put(file, "picture");
            };
        });
        check_mended(run);
    }
}

TEST_CASE("a run that is killed while it draws has its checkpoint, and resuming draws the rest") {
    TempFolder folder;
    // Checkpoints and pictures of the same steps; 100 is the last.
    Config config = toy_config();
    config.set("checkpoint-every", std::int64_t{50});
    session(folder.path() / "whole", config);
    for (const std::int64_t step : {50, 100})
        for (const bool film : {false, true}) {
            if (film && step != 100) continue;
            const auto run = folder.path() / str("killed-", step, film ? "-film" : "");
            CHECK_THROWS_AS(
                session(run, config,
                        [&](Session s) {
                            const auto save = s.writer.save;
                            s.writer.save = [=](const std::string& file, const Picture& picture) {
                                if (!film && contains(file, str("00", step, ".png")))
                                    throw Killed();
                                save(file, picture);
                            };
                            if (!film) return;
                            s.writer.join = [](const std::string&,
                                               const std::vector<std::string>&) { throw Killed(); };
                        }),
                Killed);
            ToyTask task;
            CHECK(RunFolder::open(run).load_checkpoint(task).step == step);
            session(RunFolder::resume(run));
            CHECK(files_of(run) == files_of(folder.path() / "whole"));
        }
}

TEST_CASE("lines that cannot be written are noted once, and training goes on") {
    TempFolder folder;
    session(folder.path() / "whole", toy_config());
    const auto run = folder.path() / "run";
    std::vector<std::string> notes;
    // A FIFO in the log's place: opening it must not wait for a reader.
    const std::string message = message_of([&] {
        session(run, toy_config(), [&](Session s) {
            s.task.on_step = [run](std::int64_t index) {
                if (index == 0) REQUIRE(::mkfifo((run / "metrics.jsonl").c_str(), 0600) == 0);
            };
            s.listener.on_step = [&, s](const Progress&) { notes = s.listener.notes; };
        });
    });
    CHECK(contains(message, "the checkpoint of step 100 is saved, but metrics: cannot write"));
    REQUIRE(notes.size() == 1);
    CHECK(contains(notes[0], "lines of metrics.jsonl are lost from step 10 on: metrics: cannot"));
    CHECK(checkpoint_of(run) == checkpoint_of(folder.path() / "whole"));
}

TEST_CASE("a checkpoint that cannot be written ends the training, and the one before stays") {
    TempFolder folder;
    session(folder.path() / "whole", toy_config());
    const auto run = folder.path() / "run";
    const std::string message = message_of([&] {
        session(run, toy_config(), [&](Session s) {
            s.task.on_step = [run](std::int64_t index) {
                if (index != 50) return;
                fs::rename(run / "checkpoint.safetensors", run / "aside");
                fs::create_directory(run / "checkpoint.safetensors");
            };
        });
    });
    CHECK_MESSAGE(contains(message, "checkpoint.safetensors' is a folder"), message);
    CHECK(contains(metrics_of(run), "\"step\": 60"));
    fs::remove(run / "checkpoint.safetensors");
    fs::rename(run / "aside", run / "checkpoint.safetensors");
    session(RunFolder::resume(run));
    CHECK(files_of(run) == files_of(folder.path() / "whole"));
}
