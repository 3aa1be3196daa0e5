#include "cli/signals.h"

#include <signal.h>
#include <unistd.h>

namespace eps::cli {
namespace {

std::atomic<int> stop_signal{0};
std::atomic<int> presses{0};  // signals that a person sends
static_assert(std::atomic<int>::is_always_lock_free,
              "a signal handler may only use atomics without a lock");

extern "C" void on_stop_signal(int signal) {
    if (signal != SIGHUP && presses.fetch_add(1) > 0) ::_exit(128 + signal);
    int none = 0;
    if (!stop_signal.compare_exchange_strong(none, signal)) return;
    constexpr char message[] = "\nStopping after this step; press again to stop immediately.\n";
    (void)!::write(STDERR_FILENO, message, sizeof message - 1);
}

void ignore(int signal) {
    struct sigaction action {};
    action.sa_handler = SIG_IGN;
    ::sigaction(signal, &action, nullptr);
}

void stop_at(int signal) {
    struct sigaction action {};
    if (::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) return;
    action = {};
    action.sa_handler = on_stop_signal;
    action.sa_flags = SA_RESTART;
    ::sigaction(signal, &action, nullptr);
}

}  // namespace

void ignore_file_size_signal() { ignore(SIGXFSZ); }

const std::atomic<int>& catch_stop_signals() {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) stop_at(signal);
    ignore(SIGPIPE);
    return stop_signal;
}

}  // namespace eps::cli
