#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include "tensor/error.h"

namespace eps::cli {
namespace {

std::string_view variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string_view() : value;
}

bool locale_is_utf8() {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"})
        if (const std::string_view value = variable(name); !value.empty())
            return value.find("UTF-8") != value.npos || value.find("utf8") != value.npos ||
                   value.find("UTF8") != value.npos;
    return false;
}

}  // namespace

Terminal Terminal::of(int descriptor) {
    Terminal terminal;
    const std::string_view force = variable("CLICOLOR_FORCE");
    terminal.interactive =
        ::isatty(descriptor) == 1 && variable("TERM") != "dumb" && !variable("TERM").empty();
    terminal.colour =
        variable("NO_COLOR").empty() && (terminal.interactive || (!force.empty() && force != "0"));
    terminal.unicode = locale_is_utf8();
    return terminal;
}

int terminal_width(int descriptor) {
    winsize size{};
    return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void print(const std::string& text) {
    const bool written =
        std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
    check(written, "stdout", "cannot write the result: ", std::generic_category().message(errno));
}

void talk(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

}  // namespace eps::cli
