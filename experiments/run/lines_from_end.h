#pragma once
// The lines of a file from the last to the first: the end of a long log is found without reading
// what comes before it.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tensor/io/input_file.h"

namespace eps::models {

class LinesFromEnd {
public:
    explicit LinesFromEnd(const InputFile& file);

    /// Whether something follows the last line end. It is no line.
    bool ends_within_line() const { return end_ < file_.size(); }

    struct Line {
        std::uint64_t begin, end;  // where it lies in the file, its line end included
        std::string_view text;     // without the line end; valid until the next call
        bool too_long;             // longer than 64 kB; then the text is empty
    };
    /// The line before the one that was returned last; nothing at the beginning of the file.
    std::optional<Line> next();

private:
    std::uint64_t start_of_line(std::uint64_t end);
    std::string_view text_between(std::uint64_t begin, std::uint64_t end);
    void read(std::uint64_t begin, std::uint64_t end);

    const InputFile& file_;
    std::string window_;              // a part of the file,
    std::uint64_t window_begin_ = 0;  // which begins here
    std::uint64_t end_;  // of the line that comes next; last, since finding it fills the window
};

}  // namespace eps::models
