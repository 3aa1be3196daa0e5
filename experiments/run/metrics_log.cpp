#include "experiments/run/metrics_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <system_error>

#include "experiments/run/flat_json.h"
#include "tensor/io/atomic_file.h"
#include "tensor/io/input_file.h"

namespace eps::models {
namespace {

constexpr const char* kOp = "metrics";

double number(const Value& value, const std::string& key, const std::string& where) {
    if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
    const auto* real = std::get_if<double>(&value);
    check(real != nullptr, kOp, "'", key, "' is no number in ", where);
    return *real;
}

MetricsLine parse(std::string_view text, const std::string& where) {
    MetricsLine line{.step = -1};
    for (const auto& [key, value] : parse_flat_json(text, kOp, where, true)) {
        if (key == "step") {
            const auto* step = std::get_if<std::int64_t>(&value);
            check(step != nullptr && *step >= 0, kOp, "'step' is no count in ", where);
            line.step = *step;
        } else if (key == "epoch") {
            line.epoch = number(value, key, where);
        } else if (key == "seconds") {
            line.seconds = number(value, key, where);
            check(std::isfinite(line.seconds) && line.seconds >= 0, kOp,
                  "'seconds' is no duration in ", where);
        } else if (key == "note") {
            const auto* note = std::get_if<std::string>(&value);
            check(note != nullptr, kOp, "'note' is no text in ", where);
            line.note = *note;
        } else {
            line.scalars.emplace_back(key, number(value, key, where));
        }
    }
    check(line.step >= 0, kOp, "no 'step' in ", where);
    return line;
}

std::string read_text(const std::filesystem::path& file) {
    std::error_code ignored;
    if (!std::filesystem::exists(std::filesystem::symlink_status(file, ignored))) return "";
    const std::vector<std::byte> bytes = read_file(file.string(), kOp);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The lines up to a step: their length in bytes, and the last of them.
struct Prefix {
    std::size_t bytes = 0;
    std::optional<MetricsLine> last;
};
Prefix lines_up_to(std::int64_t step, const std::string& text, const std::string& file) {
    Prefix prefix;
    std::int64_t before = -1;
    bool cutting = false;
    for (std::size_t begin = 0, number = 1; begin < text.size(); ++number) {
        const std::size_t end = text.find('\n', begin);
        // The program was killed while it wrote this line.
        if (end == std::string::npos) break;
        const std::string where = str("'", file, "', line ", number);
        MetricsLine line = parse(std::string_view(text).substr(begin, end - begin), where);
        check(line.step > before, kOp, "step ", line.step, " after step ", before, " in ", where);
        before = line.step;
        begin = end + 1;
        cutting = cutting || line.step > step;
        if (!cutting) prefix = {begin, std::move(line)};
    }
    return prefix;
}

}  // namespace

MetricsLog::~MetricsLog() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

std::optional<MetricsLine> MetricsLog::last() const {
    return lines_up_to(std::numeric_limits<std::int64_t>::max(), read_text(file_), file_.string())
        .last;
}

std::optional<MetricsLine> MetricsLog::cut(std::int64_t step) const {
    const std::string text = read_text(file_);
    Prefix prefix = lines_up_to(step, text, file_.string());
    if (prefix.bytes < text.size())
        write_file_atomically(file_.string(), std::string_view(text).substr(0, prefix.bytes), kOp);
    return std::move(prefix.last);
}

void MetricsLog::append(const MetricsLine& line) {
    const auto fail_to_write = [&] {
        fail(kOp, "cannot write '", file_.string(), "': ", std::generic_category().message(errno));
    };
    if (descriptor_ < 0)
        descriptor_ =
            ::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (descriptor_ < 0) fail_to_write();
    text_ = "{\"step\": " + std::to_string(line.step);
    const auto add = [&](const std::string& name, double value) {
        text_.append(", \"").append(name).append("\": ").append(std::isfinite(value) ? str(value)
                                                                                     : "null");
    };
    add("epoch", line.epoch);
    add("seconds", line.seconds);
    for (const auto& [name, value] : line.scalars) add(name, value);
    if (!line.note.empty()) text_.append(", \"note\": ").append(json_quoted(line.note));
    text_ += "}\n";
    for (std::size_t done = 0; done < text_.size();) {
        const ssize_t count = ::write(descriptor_, text_.data() + done, text_.size() - done);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail_to_write();
        done += static_cast<std::size_t>(count);
    }
}

}  // namespace eps::models
