#pragma once
// What the other end of a stream can show.
#include <string>

namespace eps::cli {

struct Terminal {
    bool interactive = false;  // a terminal that can redraw a line
    // interactive, and neither NO_COLOR nor TERM=dumb says otherwise; or CLICOLOR_FORCE
    bool colour = false;
    bool unicode = false;  // the locale is UTF-8

    static Terminal of(int descriptor);
};

/// Columns of the terminal, asked anew each time, so that a resized window is noticed.
int terminal_width(int descriptor);

/// Results, to stdout. Throws if they cannot be written (a full disk).
void print(const std::string& text);
/// Everything else, to stderr.
void talk(const std::string& text);

}  // namespace eps::cli
