// What training shows on a terminal.
#include <pty.h>
#include <sys/ioctl.h>

#include "tests/cli/process.h"
#include "tests/cli/tiny_data.h"

using namespace eps;
using namespace eps::test;

namespace {

// All that a terminal of 70 columns receives from a program.
std::string received(const Words& command, const std::map<std::string, std::string>& environment) {
    int master = -1;
    int slave = -1;
    winsize size{.ws_row = 24, .ws_col = 70, .ws_xpixel = 0, .ws_ypixel = 0};
    REQUIRE(::openpty(&master, &slave, nullptr, nullptr, &size) == 0);
    Process process(command, environment, slave);
    ::close(slave);
    std::string text;
    char buffer[4096];
    for (ssize_t n; (n = ::read(master, buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(n));
    ::close(master);
    CHECK(process.wait().code == 0);
    return text;
}

}  // namespace

TEST_CASE("a terminal gets a bar in the characters and colours that it can show") {
    TempFolder data;
    put_tiny_data(data);
    const auto training = [&](const char* run) {
        return eps_command(tiny_vae(data, data / run, 50));
    };
    const std::string bar =
        received(training("a"), {{"TERM", "xterm"}, {"NO_COLOR", ""}, {"LC_ALL", "C.UTF-8"}});
    CHECK(contains(bar, "\rstep "));
    CHECK(contains(bar, "\u2501"));
    CHECK(contains(bar, "\033[32m"));
    CHECK(contains(bar, "steps/s"));
    const std::string plain =
        received(training("b"), {{"TERM", "xterm"}, {"NO_COLOR", "1"}, {"LC_ALL", "C"}});
    CHECK(contains(plain, "####"));
    CHECK_FALSE(contains(plain, "\033[32m"));
    const std::string dumb = received(training("c"), {{"TERM", "dumb"}});
    CHECK_FALSE(contains(dumb, "\rstep"));
    CHECK_FALSE(contains(dumb, "\033"));
}
