#include "cli/signals.h"

#include <signal.h>
#include <unistd.h>

namespace eps::cli {
namespace {

std::atomic<int> stop_signal{0};
static_assert(std::atomic<int>::is_always_lock_free,
              "a signal handler may only use atomics without a lock");

extern "C" void on_stop_signal(int signal) {
    int none = 0;
    if (!stop_signal.compare_exchange_strong(none, signal)) ::_exit(128 + signal);
    constexpr char message[] = "\nStopping after this step; press again to stop immediately.\n";
    (void)!::write(STDERR_FILENO, message, sizeof message - 1);
}

}  // namespace

const std::atomic<int>& catch_stop_signals() {
    struct sigaction action {};
    action.sa_handler = on_stop_signal;
    action.sa_flags = SA_RESTART;
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
    return stop_signal;
}

}  // namespace eps::cli
