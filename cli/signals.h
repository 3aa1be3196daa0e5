#pragma once
// Ctrl-C while training: the first asks the loop to stop and save, the second ends the program at
// once.
#include <atomic>

namespace eps::cli {

/// Installs the handlers of SIGINT and SIGTERM and returns where they put the signal's number; 0
/// while nobody asked to stop.
const std::atomic<int>& catch_stop_signals();

}  // namespace eps::cli
