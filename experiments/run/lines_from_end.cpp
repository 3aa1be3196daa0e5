#include "experiments/run/lines_from_end.h"

namespace eps::models {
namespace {

constexpr std::uint64_t kWindow = 1 << 16, kLongestLine = kWindow;  // bytes; usual are some 300

}  // namespace

LinesFromEnd::LinesFromEnd(const InputFile& file) : file_(file), end_(start_of_line(file.size())) {}

std::optional<LinesFromEnd::Line> LinesFromEnd::next() {
    if (end_ == 0) return std::nullopt;
    Line line{.begin = start_of_line(end_ - 1), .end = end_, .text = {}, .too_long = false};
    line.too_long = line.end - line.begin > kLongestLine;
    if (!line.too_long) line.text = text_between(line.begin, line.end - 1);
    end_ = line.begin;
    return line;
}

// The place after the last line end before `end`.
std::uint64_t LinesFromEnd::start_of_line(std::uint64_t end) {
    while (end > 0) {
        if (end <= window_begin_ || end > window_begin_ + window_.size())
            read(end > kWindow ? end - kWindow : 0, end);
        const auto length = static_cast<std::size_t>(end - window_begin_);
        const std::size_t at = std::string_view(window_).substr(0, length).rfind('\n');
        if (at != std::string_view::npos) return window_begin_ + at + 1;
        end = window_begin_;
    }
    return 0;
}

std::string_view LinesFromEnd::text_between(std::uint64_t begin, std::uint64_t end) {
    if (begin < window_begin_ || end > window_begin_ + window_.size()) read(begin, end);
    return std::string_view(window_).substr(static_cast<std::size_t>(begin - window_begin_),
                                            static_cast<std::size_t>(end - begin));
}

void LinesFromEnd::read(std::uint64_t begin, std::uint64_t end) {
    window_.resize(static_cast<std::size_t>(end - begin));
    window_begin_ = begin;
    file_.read(begin, std::as_writable_bytes(std::span(window_)));
}

}  // namespace eps::models
