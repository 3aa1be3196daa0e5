#include "experiments/run/metrics_line.h"

#include <cmath>

#include "experiments/run/checksum.h"
#include "experiments/run/flat_json.h"

namespace eps::models {
namespace {

constexpr const char* kOp = "metrics";
constexpr std::string_view kChecksum = ", \"checksum\": \"", kEnd = "\"}";
constexpr std::size_t kChecksumDigits = 8;

// The end of a line whose other characters are `text`.
std::string ending(std::string_view text) {
    return std::string(kChecksum) + Checksum().add(std::string(text)).text() + std::string(kEnd);
}

double number(const Value& value) {
    if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
    const auto* real = std::get_if<double>(&value);
    check(real != nullptr, kOp, "no number");
    return *real;
}

MetricsLine line_of(const Fields& fields) {
    MetricsLine line{.step = -1};
    for (const auto& [key, value] : fields) {
        if (key == "step") {
            const auto* step = std::get_if<std::int64_t>(&value);
            check(step != nullptr, kOp, "'step' is no count");
            line.step = *step;
        } else if (key == "epoch") {
            line.epoch = number(value);
        } else if (key == "seconds") {
            line.seconds = number(value);
        } else if (key == "note") {
            const auto* note = std::get_if<std::string>(&value);
            check(note != nullptr, kOp, "'note' is no text");
            line.note = *note;
        } else {
            line.scalars.emplace_back(key, number(value));
        }
    }
    check(line.step >= 0, kOp, "no 'step'");
    check(std::isfinite(line.seconds) && line.seconds >= 0, kOp, "'seconds' is no duration");
    return line;
}

}  // namespace

void write_line(const MetricsLine& line, std::string& text) {
    text = "{\"step\": " + std::to_string(line.step);
    const auto add = [&](const std::string& name, double value) {
        text.append(", \"").append(name).append("\": ").append(std::isfinite(value) ? str(value)
                                                                                    : "null");
    };
    add("epoch", line.epoch);
    add("seconds", line.seconds);
    for (const auto& [name, value] : line.scalars) add(name, value);
    if (!line.note.empty()) text.append(", \"note\": ").append(json_quoted(line.note));
    text += ending(text) + "\n";
}

std::optional<MetricsLine> parse_line(std::string_view text) {
    std::string whole(text);
    constexpr std::size_t length = kChecksum.size() + kChecksumDigits + kEnd.size();
    if (whole.size() > length && text.substr(text.size() - length).starts_with(kChecksum)) {
        const std::string_view covered = text.substr(0, text.size() - length);
        if (text.substr(covered.size()) != ending(covered)) return std::nullopt;
        whole = std::string(covered) + "}";
    }
    try {
        // A checksum that stands elsewhere is a scalar that is no number.
        return line_of(parse_flat_json(whole, kOp, "a line", true));
    } catch (const Error&) { return std::nullopt; }
}

}  // namespace eps::models
