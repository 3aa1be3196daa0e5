#pragma once
// Signals: what ends a training, what must not, and what is an error.
#include <atomic>

namespace eps::cli {

/// For every command: a file that grows beyond the limit (ulimit -f) is an error that says so.
void ignore_file_size_signal();

/// For training. The first of SIGINT, SIGTERM and SIGHUP (a closed terminal) asks the loop to stop
/// and save. A second SIGINT or SIGTERM ends the program immediately; a second SIGHUP does not,
/// because a terminal that closes may send several. Signals that are ignored now (nohup, a
/// background job) stay ignored. Output that nobody reads is dropped, and training goes on.
/// Returns the number of the first signal that came; 0 if none has come yet.
const std::atomic<int>& catch_stop_signals();

}  // namespace eps::cli
