#include "experiments/run/metrics_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <system_error>
#include <vector>

#include "experiments/run/lines_from_end.h"
#include "experiments/run/metrics_line.h"
#include "tensor/io/atomic_file.h"
#include "tensor/io/input_file.h"

namespace eps::models {
namespace {

constexpr const char* kOp = "metrics";
constexpr int kMostDamaged = 1000;  // lines that are skipped before the search ends

bool is_there(const std::filesystem::path& file) {
    std::error_code ignored;
    return std::filesystem::exists(std::filesystem::symlink_status(file, ignored));
}

// What the end of a log says of its lines up to a step.
struct End {
    std::optional<MetricsLine> line;  // the last of them that is not damaged
    std::uint64_t bytes = 0;          // where the first line of a later step begins
    int damaged = 0;                  // lines that were skipped
    bool within_line = false;
};
End find_end(const InputFile& file, std::int64_t step) {
    LinesFromEnd lines(file);
    End end{
        .line = {}, .bytes = file.size(), .damaged = 0, .within_line = lines.ends_within_line()};
    bool first = true;
    while (const auto text = lines.next()) {
        if (first) end.bytes = text->end;
        first = false;
        std::optional<MetricsLine> line;
        if (!text->too_long) line = parse_line(text->text);
        if (line && line->step <= step) {
            end.line = std::move(line);
            return end;
        }
        if (line) end.bytes = text->begin;
        if (!line && ++end.damaged == kMostDamaged) return end;
    }
    if (first) end.bytes = 0;  // not a single whole line
    return end;
}

// "2 damaged lines and a line without its end are skipped in 'run/metrics.jsonl'"
std::string skipped_in(const std::string& file, const End& end) {
    std::string what;
    if (end.damaged > 0) what = str(end.damaged, " damaged line", end.damaged == 1 ? "" : "s");
    if (end.within_line) what += str(what.empty() ? "" : " and ", "a line without its end");
    if (what.empty()) return "";
    const bool one = end.damaged + (end.within_line ? 1 : 0) == 1;
    return str(what, one ? " is" : " are", " skipped in '", file, "'",
               end.damaged == kMostDamaged ? ", and the search for a good one ends there" : "");
}

// Replaces the file by its first bytes.
void shorten(const InputFile& file, std::uint64_t bytes) {
    std::vector<std::byte> part(1 << 20);
    AtomicFile shorter(file.path(), kOp);
    for (std::uint64_t at = 0; at < bytes; at += part.size()) {
        part.resize(static_cast<std::size_t>(std::min<std::uint64_t>(part.size(), bytes - at)));
        file.read(at, part);
        shorter.write(part);
    }
    shorter.commit();
}

}  // namespace

MetricsLog::~MetricsLog() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

std::optional<MetricsLine> MetricsLog::last() {
    skipped_.clear();
    if (!is_there(file_)) return std::nullopt;
    const InputFile file(file_.string(), kOp);
    End end = find_end(file, std::numeric_limits<std::int64_t>::max());
    skipped_ = skipped_in(file.path(), end);
    return std::move(end.line);
}

std::optional<MetricsLine> MetricsLog::cut(std::int64_t step) {
    skipped_.clear();
    if (!is_there(file_)) return std::nullopt;
    const InputFile file(file_.string(), kOp);
    End end = find_end(file, step);
    skipped_ = skipped_in(file.path(), end);
    if (end.bytes < file.size()) shorten(file, end.bytes);
    return std::move(end.line);
}

void MetricsLog::open() {
    // NONBLOCK: opening a FIFO would wait for its reader.
    descriptor_ = ::open(file_.c_str(),
                         O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    struct stat status {};
    if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0 || S_ISREG(status.st_mode)) return;
    ::close(descriptor_);
    descriptor_ = -1;
    errno = EINVAL;
}

void MetricsLog::append(const MetricsLine& line) {
    if (descriptor_ < 0) open();
    const ::off_t size = descriptor_ < 0 ? -1 : ::lseek(descriptor_, 0, SEEK_END);
    const auto give_up = [&] {
        const int reason = errno;
        if (size >= 0) (void)!::ftruncate(descriptor_, size);
        fail(kOp, "cannot write '", file_.string(), "': ", std::generic_category().message(reason));
    };
    if (size < 0) give_up();
    write_line(line, text_);
    for (std::size_t done = 0; done < text_.size();) {
        const ssize_t count = ::write(descriptor_, text_.data() + done, text_.size() - done);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) give_up();
        done += static_cast<std::size_t>(count);
    }
}

}  // namespace eps::models
