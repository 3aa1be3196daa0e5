#include "autograd/anomaly.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

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

Line source_line(const char* object, std::uintptr_t address) {
    char command[4352];
    std::snprintf(command, sizeof command, "addr2line -f -C -s -e '%s' 0x%zx 2>/dev/null", object, address);
    Line line;
    if (FILE* pipe = popen(command, "r")) {
        for (std::string* text : {&line.function, &line.file}) {
            char buffer[1024];
            if (std::fgets(buffer, sizeof buffer, pipe)) *text = buffer;
            while (!text->empty() && text->back() == '\n') text->pop_back();
            if (text->find("??") != std::string::npos) text->clear();
        }
        pclose(pipe);
    }
    return line;
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
        const auto offset = reinterpret_cast<std::uintptr_t>(frame) - reinterpret_cast<std::uintptr_t>(info.dli_fbase) - 1;
        const Line line = source_line(info.dli_fname, offset);
        const std::string function = !line.function.empty() ? line.function : info.dli_sname ? demangled(info.dli_sname) : "";
        if (function.find("eps::") != std::string::npos || function.find("__libc_start") != std::string::npos) continue;
        const std::string place = line.file.empty() ? function : line.file + " (" + function + ")";
        if (place.empty() || function == "_start") continue;
        text += (text.empty() ? "" : ", called from ") + place;
        if (++shown == 3) break;
    }
    return text;
}

}  // namespace eps
