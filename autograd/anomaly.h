#pragma once
// Where a node was created, for anomaly mode.
#include <string>
#include <vector>

namespace eps {

/// Return addresses of the calls now active, innermost first.
std::vector<void*> capture_stack();
/// The innermost frames outside the library: as "file.cpp:12" where addr2line and debug information
/// are available, else as symbols.
std::string describe_stack(const std::vector<void*>& stack);

}  // namespace eps
