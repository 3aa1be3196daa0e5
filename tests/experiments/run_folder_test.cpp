// The folder of a run: what may begin there, who may train there, and what it says of files that
// are damaged or edited.
#include "experiments/run/run_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "experiments/run/flat_json.h"
#include "tests/experiments/toy_session.h"

using namespace eps;
using namespace eps::models;
using namespace eps::test;

namespace {

void replace_in(const std::string& path, const std::string& from, const std::string& to) {
    std::string text = bytes_of_file(path);
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    put(path, text.replace(at, from.size(), to));
}

// What a session that has to do nothing but to open the run shows.
std::vector<std::string> notes_of(RunFolder run) {
    ToyTask task;
    QuietListener listener;
    const std::atomic<int> stop{0};
    train(task, run, toy_writer(), listener, stop);
    return listener.notes;
}

}  // namespace

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
    for (const char* name : {"config.json", "checkpoint.safetensors"}) {
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

TEST_CASE("a folder is locked before anybody looks into it") {
    TempFolder folder;
    const auto path = folder.path() / "deep" / "run";
    const auto taken = [&](const std::function<void()>& f) {
        return contains(message_of(f), "another program is training in '" + path.string() + "'");
    };
    {
        // This program has seen that the folder is fresh, and is as slow as it likes.
        RunFolder slow = RunFolder::create(path, toy_config(30));
        CHECK(taken([&] { session(path, toy_config(40)); }));
        CHECK(session(std::move(slow)).last_step == 30);
    }
    {
        RunFolder slow = RunFolder::resume(path);
        CHECK(taken([&] { session(path, toy_config(30)); }));
        CHECK(taken([&] { RunFolder::resume(path); }));
        // Who only reads is not kept out.
        ToyTask task;
        CHECK(RunFolder::open(path).load_checkpoint(task).step == 30);
        CHECK_FALSE(RunFolder::open(path).is_locked());
    }
    // Another program's lock comes before anything that is wrong in the folder.
    put((path / "config.json").string(), "{");
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY);
    REQUIRE(::flock(descriptor, LOCK_EX) == 0);
    CHECK(taken([&] { RunFolder::resume(path); }));
    CHECK(taken([&] { RunFolder::create(path, toy_config()); }));
    ::close(descriptor);
    CHECK(contains(message_of([&] { RunFolder::resume(path); }), "syntax error"));
}

TEST_CASE("a run that was opened for reading cannot be trained") {
    TempFolder folder;
    session(folder.path() / "run", toy_config(30));
    CHECK(contains(message_of([&] { session(RunFolder::open(folder.path() / "run")); }),
                   "was opened for reading"));
}

TEST_CASE("a folder that was created for nothing is removed") {
    TempFolder folder;
    { const RunFolder run = RunFolder::create(folder.path() / "a" / "b" / "c", toy_config()); }
    CHECK(folder.names().empty());
    std::filesystem::create_directory(folder.path() / "mine");
    { const RunFolder run = RunFolder::create(folder.path() / "mine", toy_config()); }
    CHECK(folder.names() == std::vector<std::string>{"mine"});
    {
        RunFolder run = RunFolder::create(folder.path() / "a" / "b", toy_config());
        run.save_config();
    }
    CHECK(std::filesystem::exists(folder / "a/b/config.json"));
}

TEST_CASE("a run that is killed before its settings are written begins again") {
    TempFolder folder;
    std::filesystem::create_directory(folder.path() / "run");
    put(folder / "run/.config.json.1f2e3d4c.eps-tmp", "{\"fam");
    CHECK(session(folder.path() / "run", toy_config()).last_step == 100);
}

TEST_CASE("a config.json that was edited is refused, or taken once it is said so") {
    TempFolder folder;
    const auto run = folder.path() / "run";
    const std::string config = folder / "run/config.json";
    session(run, toy_config(30));
    const std::string good = bytes_of_file(config);
    for (const auto& [from, to] : {std::pair{"\"steps\": 30", "\"steps\": 31"},
                                   {"\"seed\": 0", "\"seed\": 1"},
                                   {"\"log-every\"", "\"log-evers\""},
                                   {"\"checksum\": \"", "\"checksum\": \"0"}}) {
        put(config, good);
        replace_in(config, from, to);
        const std::string edited = bytes_of_file(config);
        for (const std::string& message : {message_of([&] { RunFolder::open(run); }),
                                           message_of([&] { RunFolder::resume(run); }),
                                           message_of([&] { session(run, toy_config(30)); })}) {
            CHECK_MESSAGE(
                contains(message, "the checksum does not match the settings in '" + config + "'"),
                message);
            CHECK(contains(message, "--accept-edited-config"));
        }
        CHECK(bytes_of_file(config) == edited);
        CHECK(contains(RunFolder::open(run, EditedConfig::accepted).config_note(),
                       "was edited, and is taken as it is"));
    }
    put(config, good);
    replace_in(config, "\"steps\": 30", "\"steps\":40  ");
    CHECK(session(RunFolder::resume(run, EditedConfig::accepted)).last_step == 40);
    // Training has written a checksum of the new settings.
    CHECK(RunFolder::open(run).config().integer("steps") == 40);
    CHECK(RunFolder::open(run).config_note().empty());
    // White space is not covered.
    replace_in(config, "\"steps\": 40", "\"steps\"  :  40");
    CHECK(RunFolder::open(run).config_note().empty());
}

TEST_CASE("a run of version 0.2 opens: what has no checksum is named, and gets one") {
    TempFolder folder;
    const auto run = folder.path() / "run";
    const std::string config = folder / "run/config.json";
    session(run, toy_config(30));
    put(config, to_json(toy_config(30).entries(), true) + "\n");
    const std::string metrics = folder / "run/metrics.jsonl";
    std::string lines = bytes_of_file(metrics);
    for (std::size_t at = 0; (at = lines.find(", \"checksum\"")) != std::string::npos;)
        lines.erase(at, lines.find('}', at) - at);
    put(metrics, lines);
    CHECK(RunFolder::open(run).metrics().last()->step == 30);
    const std::vector<std::string> notes = notes_of(RunFolder::resume(run));
    REQUIRE(notes.size() == 1);
    CHECK(notes[0] == "'" + config + "' has no checksum, so that damage to it goes unnoticed");
    RunFolder more = RunFolder::resume(run);
    more.set_config(toy_config(40));
    session(std::move(more));
    CHECK(notes_of(RunFolder::resume(run)).empty());
}

TEST_CASE("no flipped bit of a config.json is accepted") {
    TempFolder folder;
    const std::string path = folder / "config.json";
    toy_config(30).write(path);
    const std::string good = bytes_of_file(path);
    for (std::size_t at = 0; at < good.size(); ++at)
        for (int bit = 0; bit < 8; ++bit) {
            std::string bytes = good;
            bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
            put(path, bytes);
            Config read;
            const std::string message = message_of([&] { read = Config::read(path); });
            // A flip may make white space of white space, or lose the name of the checksum.
            const bool harmless = read.entries() == toy_config(30).entries(),
                       named = contains(read.note(), "has no checksum");
            REQUIRE_MESSAGE((!message.empty() || harmless || named), bytes);
        }
}

TEST_CASE("damaged lines of metrics.jsonl are skipped, and the run goes on") {
    TempFolder folder;
    session(folder.path() / "whole", toy_config(60));
    const auto run = folder.path() / "run";
    const std::string metrics = folder / "run/metrics.jsonl";
    session(run, toy_config(30));
    const std::string good = bytes_of_file(metrics);
    put(metrics, good + std::string(4, '\0') + "\n{\"step\": 31, \"epo");
    RunFolder more = RunFolder::resume(run);
    more.set_config(toy_config(60));
    std::vector<std::string> notes;
    session(std::move(more), [&](Session s) {
        s.listener.on_step = [&, s](const Progress&) { notes = s.listener.notes; };
    });
    REQUIRE(notes.size() == 1);
    CHECK(notes[0] == "1 damaged line and a line without its end are skipped in '" + metrics + "'");
    CHECK(checkpoint_of(run) == checkpoint_of(folder.path() / "whole"));
    CHECK(bytes_of_file(metrics).starts_with(good + std::string(4, '\0') + "\n{\"step\": 40"));
    CHECK(RunFolder::open(run).metrics().last()->step == 60);
}

TEST_CASE("hints can be pasted into a shell") {
    TempFolder folder;
    const auto run = folder.path() / "it's; a run";
    CHECK(contains(message_of([&] { RunFolder::open(run); }),
                   "hint: eps train vae --out '" + (folder / "it'\\''s; a run") + "'"));
    session(run, toy_config(30));
    CHECK(contains(message_of([&] { session(run, toy_config(40)); }),
                   "eps train --resume '" + (folder / "it'\\''s; a run") + "'"));
    std::filesystem::remove(run / "checkpoint.safetensors");
    ToyTask task;
    CHECK(contains(message_of([&] { RunFolder::open(run).require_checkpoint(task); }),
                   "eps train --resume '" + (folder / "it'\\''s; a run") + "'"));
}
