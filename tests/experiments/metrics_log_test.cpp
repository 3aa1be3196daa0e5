#include "experiments/run/metrics_log.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <fstream>

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

/// While it lives, files of this process cannot grow beyond a size, as on a full disk.
class FileSizeLimit {
public:
    explicit FileSizeLimit(std::size_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

private:
    rlimit before_{};
    void (*handler_)(int);
};

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
          "\"x\": null, \"checksum\": \"d312f1d4\"}\n");
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

TEST_CASE("damaged lines are skipped with a note, and stay") {
    TempFolder folder;
    const std::string path = folder / "metrics.jsonl";
    MetricsLog(path).append(line(5));
    const std::string good = bytes_of_file(path);
    const auto damage = [&](const std::string& text) {
        put(path, good + text);
        for (const bool cutting : {false, true}) {
            MetricsLog log(path);
            const auto found = cutting ? log.cut(10) : log.last();
            REQUIRE_MESSAGE(found.has_value(), text);
            CHECK_MESSAGE(found->step == 5, text);
            CHECK_MESSAGE(contains(log.skipped(), "skipped in '" + path + "'"), log.skipped());
            if (text.ends_with("\n")) CHECK(bytes_of_file(path) == good + text);
        }
    };
    for (const char* text :
         {"x\n", "\n", "{\"loss\": 5}\n", "{\"step\": -1}\n", "{\"step\": 1.5}\n",
          "{\"step\": 6, \"seconds\": null}\n", "{\"step\": 6, \"seconds\": -1}\n",
          "{\"step\": 6, \"loss\": \"a\"}\n", "{\"step\": 6, \"note\": 1}\n",
          "{\"step\": 6, \"checksum\": \"00000000\"}\n", "{\"step\": 6}x\n", "\n\n\nx\n",
          "{\"step\": 7", "\xff\xfe\n{"})
        damage(text);
    damage(std::string(4, '\0') + "\n");
    damage(std::string(3 << 20, 'x') + "\n");
    damage("{\"step\": 6, \"note\": \"" + std::string(1 << 20, 'x') + "\"}\n");
    put(path, "");
    CHECK_FALSE(MetricsLog(path).last().has_value());
    put(path, "{\"step\": 5}");
    CHECK_FALSE(MetricsLog(path).cut(10).has_value());
    CHECK(bytes_of_file(path).empty());
}

TEST_CASE("a cut keeps damaged lines before the lines it removes") {
    TempFolder folder;
    const std::string path = folder / "metrics.jsonl";
    std::string lines[3];
    for (int i = 0; i < 3; ++i) {
        MetricsLog(folder / "one").append(line(10 * i + 10));
        lines[i] = bytes_of_file(folder / "one");
        std::filesystem::remove(folder / "one");
    }
    put(path, lines[0] + "x\n" + lines[1] + "y\n" + lines[2] + "z\n");
    MetricsLog log(path);
    CHECK(log.cut(20)->step == 20);
    CHECK(bytes_of_file(path) == lines[0] + "x\n" + lines[1] + "y\n");
    CHECK(log.cut(10)->step == 10);
    CHECK(bytes_of_file(path) == lines[0] + "x\n");
}

TEST_CASE("a truncated log is one whose last line is missing, and no flipped bit goes unnoticed") {
    TempFolder folder;
    const std::string path = folder / "metrics.jsonl";
    std::string valid;
    std::vector<std::size_t> ends{0};
    for (const int step : {10, 20, 30}) {
        MetricsLog(folder / "valid").append(line(step));
        valid = bytes_of_file(folder / "valid");
        ends.push_back(valid.size());
    }
    for (std::size_t length = 0; length <= valid.size(); ++length) {
        put(path, valid.substr(0, length));
        const auto whole = std::upper_bound(ends.begin(), ends.end(), length) - ends.begin() - 1;
        const auto last = MetricsLog(path).last();
        REQUIRE((last ? last->step : 0) == 10 * whole);
    }
    for (std::size_t at = ends[2]; at < valid.size(); ++at)
        for (int bit = 0; bit < 8; ++bit) {
            std::string bytes = valid;
            bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
            put(path, bytes);
            MetricsLog log(path);
            REQUIRE(log.last()->step == 20);
            REQUIRE_FALSE(log.skipped().empty());
        }
}

TEST_CASE("a line that cannot be written whole leaves the log as it was") {
    TempFolder folder;
    const std::string path = folder / "metrics.jsonl";
    MetricsLog log(path);
    log.append(line(10));
    const std::string good = bytes_of_file(path);
    {
        const FileSizeLimit limit(good.size() + 20);
        CHECK(contains(message_of([&] { log.append(line(20)); }), "cannot write '" + path + "'"));
        CHECK(bytes_of_file(path) == good);
    }
    log.append(line(20));
    CHECK(log.last()->step == 20);
    CHECK(log.skipped().empty());
}

TEST_CASE("the end of a long log takes no longer than that of a short one") {
    TempFolder folder;
    const std::string path = folder / "metrics.jsonl";
    {
        std::ofstream file(path, std::ios::binary);
        const std::string padding(100, '0');
        for (int i = 1; i <= 200000; ++i)
            file << "{\"step\": " << i << ", \"seconds\": 1, \"loss\": 1." << padding << "}\n";
    }
    MetricsLog log(path);
    const auto start = std::chrono::steady_clock::now();
    CHECK(log.last()->step == 200000);
    CHECK(log.cut(200000)->step == 200000);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    CHECK(taken.count() < 0.1);  // to read all of it takes seconds
    CHECK(log.cut(100)->step == 100);
    CHECK(log.last()->step == 100);
}
