#pragma once
// How far training is, on stderr: a bar that is redrawn on a terminal, a line every few seconds
// elsewhere.
#include <chrono>
#include <string>

#include "cli/terminal.h"
#include "experiments/run/trainer.h"

namespace eps::cli {

class ProgressDisplay final : public models::TrainListener {
public:
    ProgressDisplay(Terminal terminal, bool quiet) : terminal_(terminal), quiet_(quiet) {}
    /// Leaves the last state of the bar standing in a line of its own.
    ~ProgressDisplay() override;

    void started(const models::RunSettings& settings, const models::Progress& progress) override;
    void stepped(const models::Progress& progress) override;
    void noted(const std::string& note) override;

    /// "step 120/600  loss 181.2  812 steps/s  ETA 0:23"; a bar between, as wide as is left, where
    /// width > 0. For tests.
    std::string line(const models::Progress& progress, int width) const;

private:
    using Clock = std::chrono::steady_clock;
    void show(const models::Progress& progress);
    double fraction(const models::Progress& progress) const;

    Terminal terminal_;
    bool quiet_;
    models::RunSettings settings_;
    Clock::time_point shown_{};
    std::int64_t shown_step_ = 0;
    double shown_seconds_ = 0;
    double rate_ = 0;                    // steps per second, smoothed
    double loss_ = 0, loss_weight_ = 0;  // the first scalar, smoothed
    std::string loss_name_;
    bool drawn_ = false;
};

}  // namespace eps::cli
