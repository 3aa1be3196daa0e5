#pragma once
// Runs programs as a user would: arguments in, exit code and both streams out.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <iterator>
#include <map>
#include <sstream>
#include <thread>

#include "tests/files.h"

namespace eps::test {

/// The arguments of a program.
using Words = std::vector<std::string>;

/// "--batch 8 --threads 1" in words, which spaces separate.
inline Words words(const std::string& line) {
    std::istringstream stream(line);
    return {std::istream_iterator<std::string>(stream), {}};
}
inline Words operator+(Words a, const Words& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

struct Finished {
    int code = 0;  // exit code; 128 + signal if it was killed
    std::string out, err;
};

/// A running program. Its output goes to files in a temporary folder; stderr, if a descriptor is
/// given, goes there.
class Process {
public:
    Process(Words arguments, const std::map<std::string, std::string>& environment = {},
            int error_descriptor = -1) {
        std::vector<char*> argv;
        for (std::string& argument : arguments) argv.push_back(argument.data());
        argv.push_back(nullptr);
        const std::string out = folder_ / "out", err = folder_ / "err";
        id_ = ::fork();
        REQUIRE(id_ >= 0);
        if (id_ > 0) return;
        ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
        ::dup2(error_descriptor >= 0 ? error_descriptor
                                     : ::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600),
               STDERR_FILENO);
        // under a sanitizer, too, an allocation that is too large fails with an exception
        ::setenv("ASAN_OPTIONS", "allocator_may_return_null=1", 0);
        ::setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1);  // tests leave nothing behind
        for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
        ::execv(argv[0], argv.data());
        ::_exit(127);
    }
    ~Process() {
        if (id_ > 0) signal(SIGKILL), wait();
    }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    void signal(int number) const { ::kill(id_, number); }
    bool running() {
        if (id_ > 0 && ::waitpid(id_, &status_, WNOHANG) == id_) id_ = 0;
        return id_ > 0;
    }
    Finished wait() {
        while (id_ > 0)
            if (::waitpid(id_, &status_, 0) == id_) id_ = 0;
        const int code = WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
        return {code, bytes_of_file(folder_ / "out"), bytes_of_file(folder_ / "err")};
    }

private:
    TempFolder folder_;
    ::pid_t id_ = 0;
    int status_ = 0;
};

/// The command line of eps with these arguments.
inline Words eps_command(const Words& arguments) { return Words{EPS_BINARY} + arguments; }
/// Runs eps to its end.
inline Finished eps_program(const Words& arguments,
                            const std::map<std::string, std::string>& environment = {}) {
    return Process(eps_command(arguments), environment).wait();
}

/// Whether stderr holds one sentence of the program, and nothing else.
inline bool one_sentence(const std::string& err) {
    return err.starts_with("eps") && err.ends_with("\n") &&
           std::count(err.begin(), err.end(), '\n') == 1;
}

/// Waits for something that another process does; fails after a minute.
template <class Condition> void wait_until(const Condition& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!condition()) {
        REQUIRE(std::chrono::steady_clock::now() < end);
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

}  // namespace eps::test
