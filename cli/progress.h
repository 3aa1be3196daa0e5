#pragma once
// Progress of training on stderr: on a terminal a bar that is redrawn, elsewhere a line every few
// seconds.
#include <chrono>
#include <string>

#include "cli/terminal.h"
#include "experiments/run/trainer.h"

namespace eps::cli {

class ProgressDisplay final : public models::TrainListener {
public:
    /// `title` is a line that is shown when training starts.
    ProgressDisplay(Terminal terminal, bool quiet, std::string title = "")
        : terminal_(terminal), quiet_(quiet), title_(std::move(title)) {}
    /// Ends the line of the bar, so that its last state stays visible.
    ~ProgressDisplay() override;

    void started(const models::RunSettings& settings, const models::Progress& progress) override;
    void stepped(const models::Progress& progress) override;
    void noted(const std::string& note) override;

    /// "step 120/600  loss 181.2  812 steps/s  ETA 0:23". If width > 0, a bar after the step fills
    /// what is left of it.
    std::string line(const models::Progress& progress, int width) const;

private:
    using Clock = std::chrono::steady_clock;
    void show(const models::Progress& progress);
    double fraction(const models::Progress& progress) const;

    Terminal terminal_;
    bool quiet_;
    std::string title_;
    models::RunSettings settings_;
    Clock::time_point shown_{};
    std::int64_t shown_step_ = 0;
    double shown_seconds_ = 0;
    double rate_ = 0;         // steps per second, smoothed
    double loss_ = 0;         // exponential sum of the first scalar
    double loss_weight_ = 0;  // sum of its weights
    std::string loss_name_;
    bool drawn_ = false;
};

}  // namespace eps::cli
