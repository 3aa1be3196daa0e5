#include "experiments/run/metrics_log.h"

#include <cmath>

#include "tests/files.h"

using namespace eps;
using namespace eps::models;
using namespace eps::test;

namespace {

MetricsLine line(std::int64_t step) {
    return {step,
            static_cast<double>(step) / 10,
            0.5 * static_cast<double>(step),
            {{"loss", 1.0 / 3}, {"kl", 2.0}}};
}

}  // namespace

TEST_CASE("metrics are one JSON object a line, NaN is null") {
    TempFolder folder;
    MetricsLog log(folder / "metrics.jsonl");
    CHECK_FALSE(log.last().has_value());
    log.append({.step = 10,
                .epoch = 0.5,
                .seconds = 1.25,
                .scalars = {{"loss", NAN}, {"kl", 1e300}, {"x", -INFINITY}}});
    CHECK(bytes_of_file(folder / "metrics.jsonl") ==
          "{\"step\": 10, \"epoch\": 0.5, \"seconds\": 1.25, \"loss\": null, \"kl\": 1e+300, "
          "\"x\": null}\n");
    const auto last = log.last();
    REQUIRE(last.has_value());
    CHECK(last->step == 10);
    CHECK(std::isnan(last->scalars[0].second));
    CHECK(last->scalars[1].second == 1e300);
}

TEST_CASE("cut() keeps the lines up to a step, and new lines follow them") {
    TempFolder folder;
    const std::string path = folder / "metrics.jsonl";
    {
        MetricsLog log(path);
        for (const int step : {10, 20, 30, 40}) log.append(line(step));
    }
    const std::string whole = bytes_of_file(path);
    put(path, whole + "{\"step\": 50, \"ep");  // killed while writing
    MetricsLog log(path);
    CHECK(log.last()->step == 40);
    CHECK(log.cut(25)->step == 20);
    CHECK(bytes_of_file(path) == whole.substr(0, whole.find("{\"step\": 30")));
    log.append(line(30));
    log.append(line(40));
    CHECK(bytes_of_file(path) == whole);
    CHECK_FALSE(log.cut(5).has_value());
    CHECK(bytes_of_file(path).empty());
}

TEST_CASE("damaged metrics throw, naming file and line, and stay as they are") {
    TempFolder folder;
    const std::string path = folder / "metrics.jsonl";
    const auto error_for = [&](const std::string& text) {
        put(path, text);
        const std::string message = message_of([&] { MetricsLog(path).cut(10); });
        CHECK_MESSAGE(contains(message, "'" + path + "', line "), text, " -> ", message);
        CHECK(bytes_of_file(path) == text);
        return message;
    };
    CHECK(contains(error_for("{\"step\": 5}\n{\"step\": 5}\n"), "step 5 after step 5"));
    CHECK(contains(error_for("{\"step\": 5}\nx\n"), "line 2"));
    CHECK(contains(error_for("{\"loss\": 5}\n"), "no 'step'"));
    CHECK(contains(error_for("{\"step\": -1}\n"), "no count"));
    CHECK(contains(error_for("{\"step\": 1.5}\n"), "no count"));
    CHECK(contains(error_for("{\"step\": 1, \"seconds\": null}\n"), "no duration"));
    CHECK(contains(error_for("{\"step\": 1, \"loss\": \"a\"}\n"), "no number"));
    error_for("\n");
    put(path, "");
    CHECK_FALSE(MetricsLog(path).last().has_value());

    std::string valid;
    for (const int step : {10, 20, 30}) {
        MetricsLog(folder / "valid").append(line(step));
        valid = bytes_of_file(folder / "valid");
    }
    // a truncated log is a log whose last line is missing
    for (std::size_t length = 0; length <= valid.size(); ++length) {
        put(path, valid.substr(0, length));
        CHECK_NOTHROW(MetricsLog(path).last());
    }
    std::mt19937 random(2);
    for (int i = 0; i < 3000; ++i) {
        std::string bytes = valid;
        bytes[random() % bytes.size()] = static_cast<char>(random());
        put(path, bytes);
        const std::string message = message_of([&] { MetricsLog(path).cut(1000); });
        REQUIRE((message.empty() || contains(message, path)));
        REQUIRE((message.empty() || bytes_of_file(path) == bytes));
    }
}
