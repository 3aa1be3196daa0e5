#include "autograd/anomaly.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "tensor/error.h"

namespace eps {
namespace {

std::string demangled(const char* symbol) {
    int status = 0;
    char* text = abi::__cxa_demangle(symbol, nullptr, nullptr, &status);
    std::string name = status == 0 ? text : symbol;
    std::free(text);
    return name;
}

std::string all_of(int descriptor) {
    std::string text;
    char buffer[4096];
    for (ssize_t n = 0; (n = ::read(descriptor, buffer, sizeof buffer)) != 0;) {
        if (n > 0) text.append(buffer, static_cast<std::size_t>(n));
        if (n < 0 && errno != EINTR) break;
    }
    return text;
}

// What a program of the PATH prints to stdout; "" if it is missing. There is no shell between, so
// the words may hold anything.
std::string output_of(std::vector<std::string> words) {
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return "";
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    ::pid_t id = 0;
    const bool started = ::posix_spawnp(&id, argv[0], &files, nullptr, argv.data(), environ) == 0;
    ::posix_spawn_file_actions_destroy(&files);
    ::close(ends[1]);
    const std::string text = started ? all_of(ends[0]) : "";
    ::close(ends[0]);
    while (started && ::waitpid(id, nullptr, 0) < 0 && errno == EINTR) {}
    return text;
}

// The program's own name may be relative to another folder than the current one, or to the PATH.
std::string path_of(const char* object) {
    Dl_info program{};
    const bool is_program =
        ::dladdr(reinterpret_cast<void*>(::getauxval(AT_ENTRY)), &program) != 0 &&
        std::strcmp(program.dli_fname, object) == 0;
    return is_program ? str("/proc/", ::getpid(), "/exe") : object;
}

struct Line {
    std::string function, file;  // empty when the tool or the debug information is missing
};

// The calls at an address, innermost first: several where functions were inlined.
std::vector<Line> source_lines(const char* object, std::uintptr_t address) {
    char number[32];
    std::snprintf(number, sizeof number, "0x%zx", static_cast<std::size_t>(address));
    std::istringstream text(
        output_of({"addr2line", "-i", "-f", "-C", "-s", "-e", path_of(object), number}));
    std::vector<Line> lines;
    bool is_function = true;
    for (std::string line; std::getline(text, line); is_function = !is_function) {
        if (line.find("??") != std::string::npos) line.clear();
        line = line.substr(0, line.find(" (discriminator"));
        if (is_function)
            lines.push_back({line, ""});
        else
            lines.back().file = line;
    }
    return lines;
}

// Whether a demangled function belongs to the library or to the language. Its own name counts, not
// the types of its result and arguments.
bool is_internal(const std::string& function) {
    std::size_t start = 0;
    int depth = 0;
    for (std::size_t i = 0; i < function.size() && !(function[i] == '(' && depth == 0 && i > start);
         ++i) {
        depth += (function[i] == '<') - (function[i] == '>');
        if (function[i] == ' ' && depth == 0) start = i + 1;
    }
    for (const char* name : {"eps::", "std::", "__libc_start", "_start"})
        if (function.compare(start, std::strlen(name), name) == 0) return true;
    return false;
}

}  // namespace

std::vector<void*> capture_stack() {
    std::vector<void*> stack(32);
    stack.resize(static_cast<std::size_t>(backtrace(stack.data(), static_cast<int>(stack.size()))));
    return stack;
}

std::string describe_stack(const std::vector<void*>& stack) {
    std::string text;
    int shown = 0;
    for (void* frame : stack) {
        Dl_info info{};
        if (!dladdr(frame, &info) || !info.dli_fname) continue;
        // One byte back: the return address may belong to the next line.
        const auto offset = reinterpret_cast<std::uintptr_t>(frame) -
                            reinterpret_cast<std::uintptr_t>(info.dli_fbase) - 1;
        std::vector<Line> lines = source_lines(info.dli_fname, offset);
        if (lines.empty() || lines[0].function.empty())
            lines = {{info.dli_sname ? demangled(info.dli_sname) : "", ""}};
        for (const Line& line : lines) {
            if (line.function.empty() || is_internal(line.function)) continue;
            text += (text.empty() ? "" : ", called from ") +
                    (line.file.empty() ? line.function : line.file + " (" + line.function + ")");
            if (++shown == 3) return text;
        }
    }
    return text;
}

}  // namespace eps
