// What texts of the command line stand for, and the bounds of options.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "experiments/run/family.h"
#include "experiments/run/run_settings.h"
#include "tests/files.h"

using namespace eps;
using namespace eps::models;
using eps::test::contains;

namespace {

const Option whole{.name = "steps", .fallback = std::int64_t{0}, .help = "", .least = 0};
const Option real{.name = "lr", .fallback = 0.0, .help = "", .least = 0};

std::string complaint(const Option& option, const std::string& text) {
    try {
        value_from(option, text);
    } catch (const Error& error) { return error.sentence(); }
    return "";
}

}  // namespace

TEST_CASE("a whole number is decimal digits, exactly") {
    const auto value = [](const char* text) {
        return std::get<std::int64_t>(value_from(whole, text));
    };
    CHECK(value("0") == 0);
    CHECK(value("-12") == -12);
    CHECK(value("010") == 10);  // not octal
    CHECK(value("9007199254740993") == 9007199254740993);
    CHECK(value("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
    for (const char* text : {"", " ", "abc", "1.5", "1e3", "0x10", "+5", " 5", "5 ", "5x", "--5",
                             "99999999999999999999x", "\xd9\xa5"})
        CHECK_MESSAGE(
            complaint(whole, text) == str("--steps is '", text, "'; expected a whole number"),
            text);
    for (const char* text : {"9223372036854775808", "18446744073709551616", "-9223372036854775809",
                             "99999999999999999999999999"})
        CHECK_MESSAGE(complaint(whole, text) ==
                          str("--steps is '", text,
                              "', which is beyond what 64 bits hold; expected at least 0"),
                      text);
}

TEST_CASE("a number is read to its last bit, in every locale") {
    const auto value = [](const char* text) { return std::get<double>(value_from(real, text)); };
    CHECK(value("0.1") == 0.1);
    CHECK(value("1e-3") == 1e-3);
    CHECK(value("-2") == -2);
    CHECK(std::isnan(value("nan")));  // check_value() refuses it
    for (const char* text : {"", "0,1", "1e", "0x1p3", "1 ", "+1", "one"})
        CHECK_MESSAGE(complaint(real, text) == str("--lr is '", text, "'; expected a number"),
                      text);
    CHECK(contains(complaint(real, "1e400"), "beyond what 64 bits hold"));
}

TEST_CASE("every whole number among the options has bounds, and both of them hold") {
    std::vector<Option> options = run_options();
    for (const Family& family : families())
        for (const auto& list : {family.options, family.sample_options})
            options.insert(options.end(), list.begin(), list.end());
    int seen = 0;
    for (const Option& option : options) {
        if (!std::holds_alternative<std::int64_t>(option.fallback)) continue;
        ++seen;
        CHECK_MESSAGE(std::isfinite(option.least), option.name);
        const auto accepts = [&](std::int64_t number) {
            try {
                check_value(option, number, "a test");
                return true;
            } catch (const Error&) { return false; }
        };
        const auto least = static_cast<std::int64_t>(option.least);
        CHECK_MESSAGE(accepts(least), option.name);
        CHECK_MESSAGE(!accepts(least - 1), option.name);
        if (option.name == "seed") continue;  // any: no time and no memory depends on it
        CHECK_MESSAGE(std::isfinite(option.most), option.name);
        const auto most = static_cast<std::int64_t>(option.most);
        CHECK_MESSAGE(accepts(most), option.name);
        CHECK_MESSAGE(!accepts(most + 1), option.name);
    }
    CHECK(seen > 30);
}
