// config.json: what is written is read again, and whatever else stands there is refused with a
// sentence.
#include "experiments/run/config.h"

#include "experiments/run/option.h"
#include "experiments/run/task.h"
#include "tests/files.h"

using namespace eps;
using namespace eps::models;
using namespace eps::test;

namespace {

Config sample_config() {
    Config config;
    config.set("family", std::string("vae"));
    config.set("steps", std::int64_t{9007199254740993});
    config.set("lr", 1e-3);
    config.set("beta", 1.0);
    config.set("data-dir", std::string("/a \"quoted\"\\ b\n\u00e9"));
    config.set("fast", true);
    return config;
}

}  // namespace

TEST_CASE("a config keeps order, types and values through its file") {
    TempFolder folder;
    const Config config = sample_config();
    config.write(folder / "config.json");
    const Config read = Config::read(folder / "config.json");
    CHECK(read.entries() == config.entries());
    CHECK(read.integer("steps") == 9007199254740993);
    CHECK(read.number("steps") == 9007199254740992.0);
    CHECK(std::holds_alternative<double>(read.entries()[3].second));
    CHECK(read.flag("fast"));
}

TEST_CASE("wrong keys and types are named with the file they stand in") {
    TempFolder folder;
    sample_config().write(folder / "config.json");
    const Config read = Config::read(folder / "config.json");
    CHECK(contains(message_of([&] { read.integer("latent"); }),
                   "'latent' is missing in '" + (folder / "config.json")));
    CHECK(contains(message_of([&] { read.integer("lr"); }), "'lr' is a number"));
    CHECK(contains(message_of([&] { read.text("fast"); }), "expected a text"));
    CHECK(contains(message_of([&] { Config().text("family"); }), "the options"));
    Config bad;
    bad.set("lr", NAN);
    CHECK(contains(message_of([&] { bad.write(folder / "other.json"); }), "'lr' is nan"));
    bad.set("lr", std::string("\xff"));
    CHECK(contains(message_of([&] { bad.write(folder / "other.json"); }), "UTF-8"));
    CHECK_FALSE(std::filesystem::exists(folder / "other.json"));
}

TEST_CASE("hostile config files are refused with one sentence") {
    TempFolder folder;
    const std::string path = folder / "config.json";
    const auto refusal = [&](const std::string& text) {
        put(path, text);
        const std::string message = message_of([&] { Config::read(path); });
        CHECK_MESSAGE(contains(message, "'" + path + "'"), text, " -> ", message);
        CHECK(std::none_of(message.begin(), message.end(),
                           [](unsigned char c) { return c < ' ' || c == 127; }));
        return message;
    };
    CHECK(contains(refusal("{\"a\": 1, \"a\": 2}"), "the key 'a' twice"));
    CHECK(contains(refusal("{\"a\": {\"b\": 1}}"), "an object within"));
    CHECK(contains(refusal("{\"a\": [1]}"), "a list"));
    CHECK(contains(refusal("{\"a\": null}"), "null"));
    CHECK(contains(refusal("{\"a\": 9223372036854775808}"), "2^63"));
    CHECK(contains(refusal("{\"a\": 1e999}"), "syntax error"));
    CHECK(contains(refusal("{\"a\": NaN}"), "syntax error at byte"));
    CHECK(contains(refusal("{\"\\u001b[31m\": 1}"), "a key that is no name"));
    CHECK(contains(refusal("{\"\": 1}"), "a key that is no name"));
    for (const char* text : {"", "1", "\"text\"", "[]", "{}x", "{} {}", "{\"a\": 1,}", "{'a': 1}",
                             "{\"a\": \"\xff\"}", "{\"a\" 1}", "// {}"})
        refusal(text);
    refusal(std::string(100000, '['));
    refusal(std::string("{\"a\":") + std::string(100000, '{'));
    refusal(std::string(2 << 20, ' '));
    put(path, "{}");
    CHECK(Config::read(path).entries().empty());
}

TEST_CASE("truncated and corrupted config files are read or refused, never worse") {
    TempFolder folder;
    sample_config().write(folder / "valid.json");
    std::string valid = bytes_of_file(folder / "valid.json");
    valid.pop_back();  // the final newline is no loss
    fuzz_reader(
        folder / "config.json", valid, [&] { Config::read(folder / "config.json"); }, 3000);
}

TEST_CASE("options are checked: type, choice, range, missing, unknown") {
    const std::vector<Option> options{{"latent", std::int64_t{2}, "", {}, 1},
                                      {"lr", 0.5, ""},
                                      {"data", std::string("a"), "", {"a", "b"}}};
    const auto with = [](Value latent, Value lr, Value data) {
        Config config;
        config.set("family", std::string("x"));
        config.set("latent", std::move(latent));
        config.set("lr", std::move(lr));
        config.set("data", std::move(data));
        return config;
    };
    const std::int64_t one = 1;
    const Config good = check_config(with(one, one, std::string("b")), options);
    CHECK(std::get<double>(good.entries()[2].second) == 1.0);  // a whole number became a double
    CHECK(contains(message_of([&] { check_config(with(one - 1, 1.0, std::string("b")), options); }),
                   "'latent' is 0 in the options; expected at least 1"));
    CHECK(contains(message_of([&] { check_config(with(1.5, 1.0, std::string("b")), options); }),
                   "expected a whole number"));
    CHECK(contains(message_of([&] { check_config(with(one, NAN, std::string("b")), options); }),
                   "expected a finite number"));
    CHECK(contains(message_of([&] { check_config(with(one, 1.0, std::string("c")), options); }),
                   "expected one of: a, b"));
    Config more = good;
    more.set("extra", true);
    CHECK(contains(message_of([&] { check_config(more, options); }), "unknown key 'extra'"));
    CHECK(contains(message_of([&] { check_config(Config(), options); }),
                   "missing in the options: latent, lr, data"));
}

TEST_CASE("the state of a generator survives packing") {
    Generator a(0xfedcba9876543210u, 0xffffffffffffffffu - 5), b;
    unpack(pack(a), b);
    CHECK(b.seed() == a.seed());
    CHECK(b.counter() == a.counter());
    CHECK(contains(message_of([&] { unpack(Tensor(1.0), b); }), "expected i64 [2]"));
}
