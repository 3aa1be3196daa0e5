#include "autograd/anomaly.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace eps {
namespace {

std::string demangled(const char* symbol) {
    int status = 0;
    char* text = abi::__cxa_demangle(symbol, nullptr, nullptr, &status);
    std::string name = status == 0 ? text : symbol;
    std::free(text);
    return name;
}

struct Line {
    std::string function, file;  // empty when the tool or the debug information is missing
};

// The calls at an address, innermost first: several where functions were inlined.
std::vector<Line> source_lines(const char* object, std::uintptr_t address) {
    char command[4352];
    std::snprintf(command, sizeof command, "addr2line -i -f -C -s -e '%s' 0x%zx 2>/dev/null",
                  object, address);
    std::vector<Line> lines;
    if (FILE* pipe = popen(command, "r")) {
        char buffer[4096];
        for (bool is_function = true; std::fgets(buffer, sizeof buffer, pipe);
             is_function = !is_function) {
            std::string text = buffer;
            while (!text.empty() && text.back() == '\n') text.pop_back();
            if (text.find("??") != std::string::npos) text.clear();
            text = text.substr(0, text.find(" (discriminator"));
            if (is_function)
                lines.push_back({text, ""});
            else
                lines.back().file = text;
        }
        pclose(pipe);
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
