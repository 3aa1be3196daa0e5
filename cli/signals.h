#pragma once
// Ctrl-C while training: the first asks the loop to stop and save, the second ends the program
// immediately.
#include <atomic>

namespace eps::cli {

/// Installs handlers of SIGINT and SIGTERM. Returns the number of the first signal that came; 0 if
/// none has come yet.
const std::atomic<int>& catch_stop_signals();

}  // namespace eps::cli
