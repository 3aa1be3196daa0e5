// config.json and tables of options: what is written is read again, and everything else is rejected
// in one sentence.
#include "experiments/run/config.h"

#include "experiments/run/field.h"
#include "experiments/run/option.h"
#include "experiments/run/train_state.h"
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

TEST_CASE("wrong keys and types are named, with their file") {
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

TEST_CASE("malformed config files are rejected in one sentence") {
    TempFolder folder;
    const std::string path = folder / "config.json";
    const auto message = [&](const std::string& text) {
        put(path, text);
        const std::string sentence = message_of([&] { Config::read(path); });
        CHECK_MESSAGE(contains(sentence, "'" + path + "'"), text, " -> ", sentence);
        CHECK(std::none_of(sentence.begin(), sentence.end(),
                           [](unsigned char c) { return c < ' ' || c == 127; }));
        return sentence;
    };
    CHECK(contains(message("{\"a\": 1, \"a\": 2}"), "the key 'a' twice"));
    CHECK(contains(message("{\"a\": {\"b\": 1}}"), "an object within"));
    CHECK(contains(message("{\"a\": [1]}"), "a list"));
    CHECK(contains(message("{\"a\": null}"), "null"));
    CHECK(contains(message("{\"a\": 9223372036854775808}"), "2^63"));
    CHECK(contains(message("{\"a\": 1e999}"), "syntax error"));
    CHECK(contains(message("{\"a\": NaN}"), "syntax error at byte"));
    CHECK(contains(message("{\"\\u001b[31m\": 1}"), "a key that is no name"));
    CHECK(contains(message("{\"\": 1}"), "a key that is no name"));
    for (const char* text : {"", "1", "\"text\"", "[]", "{}x", "{} {}", "{\"a\": 1,}", "{'a': 1}",
                             "{\"a\": \"\xff\"}", "{\"a\" 1}", "// {}"})
        message(text);
    message(std::string(100000, '['));
    message(std::string("{\"a\":") + std::string(100000, '{'));
    message(std::string(2 << 20, ' '));
    put(path, "{}");
    CHECK(Config::read(path).entries().empty());
}

TEST_CASE("truncated and corrupted config files are read or rejected, never worse") {
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

namespace {

enum class Colour { red, green };
struct Inner {
    std::int64_t width = 8;
};
struct Settings {
    double lr = 1e-3;
    bool fast = false;
    Colour colour = Colour::red;
    std::vector<std::int64_t> levels = {1, 2};
    Inner inner;
};

const std::vector<Field<Settings>>& fields() {
    static const std::vector<Field<Settings>> all{
        field("lr", &Settings::lr, "learning rate").at_least(0),
        field("fast", &Settings::fast, "faster"),
        choice("colour", &Settings::colour, {{"red", Colour::red}, {"green", Colour::green}}, ""),
        field("levels", &Settings::levels, "levels"),
        field("width", &Settings::inner, &Inner::width, "width").between(1, 9).by("data"),
    };
    return all;
}

}  // namespace

TEST_CASE("a table of fields gives the options their types, defaults and limits") {
    const std::vector<Option> options = options_of(fields());
    REQUIRE(options.size() == 5);
    CHECK(options[0].fallback == Value(1e-3));
    CHECK(options[1].fallback == Value(false));
    CHECK(options[2].fallback == Value(std::string("red")));
    CHECK(options[2].choices == std::vector<std::string>{"red", "green"});
    CHECK(options[3].fallback == Value(std::string("1,2")));
    CHECK(options[4].fallback == Value(std::int64_t{8}));
    CHECK(options[4].most == 9);
    CHECK_FALSE(options[3].derived);
    CHECK(options[4].derived);
    CHECK(options[4].default_text == "by data");
}

TEST_CASE("a table of fields reads a config into a struct and back") {
    Config config;
    config.set("lr", std::int64_t{2});
    config.set("fast", true);
    config.set("colour", std::string("green"));
    config.set("levels", std::string("3,14"));
    config.set("width", std::int64_t{5});
    Settings settings;
    read(settings, fields(), config);
    CHECK(settings.lr == 2);
    CHECK(settings.fast);
    CHECK(settings.colour == Colour::green);
    CHECK(settings.levels == std::vector<std::int64_t>{3, 14});
    CHECK(settings.inner.width == 5);
    for (const auto& each : fields())
        if (each.option.name != "lr") CHECK(each.get(settings) == *config.find(each.option.name));

    config.set("levels", std::string(""));
    read(settings, fields(), config);
    CHECK(settings.levels.empty());
    Settings untouched;
    read(untouched, fields(), Config());
    CHECK(untouched.inner.width == 8);
}

TEST_CASE("a table of fields rejects wrong values, naming the option and the source") {
    const auto message = [](const std::string& key, Value value) {
        Config config;
        config.set(key, std::move(value));
        Settings settings;
        return message_of([&] { read(settings, fields(), config); });
    };
    CHECK(contains(message("lr", -1.0), "'lr' is -1 in the options; expected at least 0"));
    CHECK(contains(message("width", std::int64_t{10}), "expected 1 to 9"));
    CHECK(contains(message("colour", std::string("blue")), "expected one of: red, green"));
    for (const char* bad : {"1,", ",1", "1,x", "0", "1,,2", "-1", "99999", "1 2"})
        CHECK_MESSAGE(contains(message("levels", std::string(bad)),
                               "expected a list of whole numbers above 0, such as 1,2,2"),
                      bad);
}

TEST_CASE("a rule that is broken shows the options as they are typed") {
    Settings settings;
    settings.levels.clear();
    const Rules rule("toy", settings, fields());
    CHECK(message_of([&] { rule(true, "fine", {}, ""); }).empty());
    CHECK(message_of([&] {
              rule(false, "too wide", {"width", "fast", "levels", "colour"}, "--width 4");
          }) ==
          "toy: too wide; got --width 8 --no-fast --levels '' --colour red; expected --width "
          "4");
}

TEST_CASE("the state of a generator survives packing") {
    Generator a(0xfedcba9876543210u, 0xffffffffffffffffu - 5), b;
    unpack(pack(a), b);
    CHECK(b.seed() == a.seed());
    CHECK(b.counter() == a.counter());
    CHECK(contains(message_of([&] { unpack(Tensor(1.0), b); }), "expected i64 [2]"));
}
