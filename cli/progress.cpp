#include "cli/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "cli/text.h"
#include "tensor/error.h"

namespace eps::cli {
namespace {

constexpr double kRedraw = 0.1;      // seconds between two redraws of the bar
constexpr double kLine = 5;          // seconds between two lines
constexpr double kSmoothing = 0.98;  // weight of the past in the loss that is shown
constexpr int kNarrowestBar = 8;     // columns
constexpr int kWidestBar = 40;

}  // namespace

ProgressDisplay::~ProgressDisplay() {
    if (drawn_) talk("\n");
}

void ProgressDisplay::started(const models::RunSettings& settings,
                              const models::Progress& progress) {
    settings_ = settings;
    shown_ = Clock::now();
    shown_step_ = progress.step;
    shown_seconds_ = progress.seconds;
    if (!quiet_ && !title_.empty()) talk(title_ + "\n");
    if (!quiet_ && progress.step > 0) talk(str("resuming from step ", progress.step, "\n"));
}

void ProgressDisplay::stepped(const models::Progress& progress) {
    if (quiet_) return;
    if (!progress.scalars.empty() && std::isfinite(progress.scalars.front().second)) {
        loss_ = kSmoothing * loss_ + (1 - kSmoothing) * progress.scalars.front().second;
        loss_weight_ = kSmoothing * loss_weight_ + (1 - kSmoothing);
        if (loss_name_ != progress.scalars.front().first)
            loss_name_ = progress.scalars.front().first;
    }
    const bool last = settings_.steps > 0 && progress.step == settings_.steps;
    const double waited = std::chrono::duration<double>(Clock::now() - shown_).count();
    if (waited >= (terminal_.interactive ? kRedraw : kLine) || last) show(progress);
}

void ProgressDisplay::noted(const std::string& note) {
    if (quiet_) return;
    const std::string sentence = "note: " + printable(note);
    if (terminal_.interactive)
        // above the bar
        talk("\r\033[K" +
             wrapped(sentence, 6, static_cast<std::size_t>(terminal_width(STDERR_FILENO))) + "\n");
    else
        talk(sentence + "\n");
    drawn_ = false;
}

void ProgressDisplay::show(const models::Progress& progress) {
    if (const double seconds = progress.seconds - shown_seconds_; seconds > 0) {
        const double rate = static_cast<double>(progress.step - shown_step_) / seconds;
        const double past = rate_ == 0 ? 0 : std::exp(-seconds / 3);  // forgets in a few seconds
        rate_ = past * rate_ + (1 - past) * rate;
    }
    shown_ = Clock::now();
    shown_step_ = progress.step;
    shown_seconds_ = progress.seconds;
    if (terminal_.interactive) {
        talk("\r" + line(progress, terminal_width(STDERR_FILENO) - 1) + "\033[K");
        drawn_ = true;
    } else {
        talk(line(progress, 0) + "\n");
    }
}

double ProgressDisplay::fraction(const models::Progress& progress) const {
    double done = 0;  // fraction of the nearer limit
    if (settings_.steps > 0)
        done = static_cast<double>(progress.step) / static_cast<double>(settings_.steps);
    if (settings_.minutes > 0) done = std::max(done, progress.seconds / (60 * settings_.minutes));
    return std::clamp(done, 0.0, 1.0);
}

std::string ProgressDisplay::line(const models::Progress& progress, int width) const {
    const std::string head = settings_.steps > 0 ? str("step ", progress.step, "/", settings_.steps)
                                                 : str("step ", progress.step);
    std::string tail;
    if (loss_weight_ > 0) tail += str("  ", loss_name_, " ", significant(loss_ / loss_weight_, 4));
    if (rate_ > 0) tail += str("  ", significant(rate_, 3), " steps/s");
    double left = INFINITY;
    if (settings_.steps > 0 && rate_ > 0)
        left = static_cast<double>(settings_.steps - progress.step) / rate_;
    if (settings_.minutes > 0) left = std::min(left, 60 * settings_.minutes - progress.seconds);
    if (std::isfinite(left)) tail += "  ETA " + duration(left);

    const int room = std::min(width - static_cast<int>(head.size() + tail.size()) - 2, kWidestBar);
    if (width <= 0 || (settings_.steps == 0 && settings_.minutes == 0)) return head + tail;
    if (room < kNarrowestBar) return (head + tail).substr(0, static_cast<std::size_t>(width));
    const int full = static_cast<int>(std::lround(room * fraction(progress)));
    std::string bar, rest;
    for (int i = 0; i < room; ++i)
        (i < full ? bar : rest) += terminal_.unicode ? "\u2501" : i < full ? "#" : "-";
    if (terminal_.colour) return head + "  \033[32m" + bar + "\033[90m" + rest + "\033[0m" + tail;
    if (terminal_.unicode) rest = std::string(static_cast<std::size_t>(room - full), ' ');
    return head + "  " + bar + rest + tail;
}

}  // namespace eps::cli
