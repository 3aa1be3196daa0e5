#pragma once
// Words in commands that messages print, so that they can be pasted into a shell.
#include <string>

namespace eps::models {

/// The word as a shell reads it back.
std::string shell_quoted(const std::string& word);

}  // namespace eps::models
