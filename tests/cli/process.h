#pragma once
// Runs programs as a user would: arguments in, exit code and both streams out.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <map>
#include <thread>

#include "tests/files.h"

namespace eps::test {

struct Finished {
    int code = 0;  // of exit; 128 + signal if killed
    std::string out, err;
};

/// A running program; its output goes to files in a folder of its own.
class Process {
public:
    Process(std::vector<std::string> arguments,
            const std::map<std::string, std::string>& environment = {}, int error_descriptor = -1) {
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
        // a sanitized eps, too, is to hear of memory it cannot have
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

/// eps with these arguments, to its end.
inline Finished eps_program(std::vector<std::string> arguments,
                            const std::map<std::string, std::string>& environment = {}) {
    arguments.insert(arguments.begin(), EPS_BINARY);
    return Process(std::move(arguments), environment).wait();
}

/// Whether standard error holds what the program says of a mistake, and nothing else.
inline bool one_sentence(const std::string& err) {
    return err.starts_with("eps") && err.ends_with("\n") &&
           std::count(err.begin(), err.end(), '\n') == 1;
}

/// Waits for something that another process brings about; fails after a minute.
template <class Condition> void wait_until(const Condition& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!condition()) {
        REQUIRE(std::chrono::steady_clock::now() < end);
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

}  // namespace eps::test
