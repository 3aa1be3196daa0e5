#pragma once
// What a stream is connected to, and output to it.
#include <string>

namespace eps::cli {

struct Terminal {
    bool interactive = false;  // a terminal that can redraw a line
    // Interactive without NO_COLOR, or CLICOLOR_FORCE is set.
    bool colour = false;
    bool unicode = false;  // the locale is UTF-8

    static Terminal of(int descriptor);
};

/// Columns of the terminal now: its window may have been resized.
int terminal_width(int descriptor);

/// Writes results to stdout. Throws if that fails (a full disk).
void print(const std::string& text);
/// Writes everything else to stderr.
void talk(const std::string& text);

}  // namespace eps::cli
