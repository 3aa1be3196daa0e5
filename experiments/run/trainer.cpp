#include "experiments/run/trainer.h"

#include <chrono>
#include <cmath>
#include <exception>
#include <optional>
#include <set>

#include "experiments/run/non_finite_search.h"
#include "experiments/run/shell_quoted.h"

namespace eps::models {
namespace {

constexpr const char* kOp = "train";

// The means of named numbers over the steps since the last line of the log.
class RecentMeans {
public:
    void add(const Scalars& scalars) {
        for (std::size_t i = 0; i < scalars.size(); ++i) {
            const auto& [name, value] = scalars[i];
            Mean& mean = slot(i, name);
            mean.sum += value;
            ++mean.count;
        }
    }
    /// Fills `scalars` and starts again from nothing.
    void take(Scalars& scalars) {
        scalars.clear();
        for (Mean& mean : means_) {
            if (mean.count > 0)
                scalars.emplace_back(mean.name, mean.sum / static_cast<double>(mean.count));
            mean.sum = 0;
            mean.count = 0;
        }
    }

private:
    struct Mean {
        std::string name;
        double sum = 0;
        std::int64_t count = 0;
    };
    Mean& slot(std::size_t guess, const std::string& name) {
        // Usually a step has the same names in the same order.
        if (guess < means_.size() && means_[guess].name == name) return means_[guess];
        for (Mean& mean : means_)
            if (mean.name == name) return mean;
        return means_.emplace_back(Mean{.name = name});
    }
    std::vector<Mean> means_;
};

bool is_loss(const std::string& name) { return name == "loss" || name.ends_with("_loss"); }

class Training {
public:
    Training(Task& task, RunFolder& run, const PictureWriter& writer, TrainListener& listener,
             const std::atomic<int>& stop)
        : task_(task),
          run_(run),
          writer_(writer),
          listener_(listener),
          stop_(stop),
          options_(run_settings_of(run.config())) {}

    TrainResult operator()() {
        check(run_.is_locked(), kOp, "the run in '", run_.path().string(),
              "' was opened for reading; expected RunFolder::create or RunFolder::resume");
        const CheckpointInfo loaded = run_.load_checkpoint(task_);
        const std::int64_t first = step_ = loaded.step;
        if (run_.has_checkpoint()) saved_ = step_;
        ended_ = saved_ && loaded.ended;
        if (ended_) pictured_ = step_;
        if (const auto line = run_.metrics().last(); line && line->step <= step_)
            seconds_before_ = line->seconds;
        std::optional<TrainEnd> end = reached();
        if (end != TrainEnd::interrupted && end && ended_) {
            show_notes({run_.config_note(), loaded.note, run_.metrics().skipped()});
            return {*end, first, step_, seconds()};  // nothing to do, so nothing is touched
        }

        run_.save_config();
        const auto line = run_.metrics().cut(step_);
        seconds_before_ = line ? line->seconds : 0;
        start_ = Clock::now();
        logged_ = line ? line->step : 0;
        listener_.started(options_, {step_, seconds(), {}});
        show_notes({run_.config_note(), loaded.note, run_.metrics().skipped()});
        // A killed program may have saved this checkpoint but not its pictures.
        if (saved_ && !ended_ && is_due(options_.picture_every)) pictures();
        for (end = reached(); !end; end = reached()) advance();
        finish(*end);
        return {*end, first, step_, seconds()};
    }

private:
    using Clock = std::chrono::steady_clock;

    double seconds() const {
        return seconds_before_ +
               (start_ ? std::chrono::duration<double>(Clock::now() - *start_).count() : 0);
    }

    std::optional<TrainEnd> reached() const {
        if (stop_.load(std::memory_order_relaxed) != 0) return TrainEnd::interrupted;
        if (options_.steps > 0 && step_ >= options_.steps) return TrainEnd::steps_done;
        if (options_.minutes > 0 && seconds() >= 60 * options_.minutes) return TrainEnd::time_up;
        return std::nullopt;
    }

    bool is_due(std::int64_t every) const { return every > 0 && step_ % every == 0; }

    void advance() {
        const Scalars scalars = task_.step(step_);
        ++step_;
        recent_.add(scalars);
        for (const std::string& sentence : task_.notes()) note(sentence);
        if (const std::string& reason = task_.capture_fallback(); reason != capture_fallback_) {
            capture_fallback_ = reason;
            note("steps are not captured into a graph, and slower than they could be: " + reason);
        }
        for (const auto& [name, value] : scalars)
            if (is_loss(name) && !std::isfinite(value)) stop_at(name, value);
        if (is_due(options_.log_every)) log();
        if (is_due(options_.checkpoint_every)) save(false);
        if (is_due(options_.picture_every)) pictures();
        listener_.stepped({step_, seconds(), scalars});
    }

    // The checkpoint comes first, so that nothing that goes wrong later loses what was trained. It
    // is saved again when the pictures and films are: then the run has ended.
    void finish(TrainEnd end) {
        if (saved_ != step_) save(false);
        if (end != TrainEnd::interrupted && pictured_ != step_) pictures();
        if (picture_problem_.empty()) films();
        if (end == TrainEnd::interrupted) return;
        if (picture_problem_.empty() && !ended_) save(true);
        check(picture_problem_.empty(), kOp, "the checkpoint of step ", step_, " is saved, but ",
              picture_problem_, "; hint: eps train --resume ", shell_quoted(run_.path().string()),
              ", when that is mended, draws them again");
        check(log_problem_.empty(), kOp, "the checkpoint of step ", step_, " is saved, but ",
              log_problem_);
    }

    void show_notes(const std::vector<std::string>& notes) {
        for (const std::string& sentence : notes)
            if (!sentence.empty()) listener_.noted(sentence);
    }
    void note(const std::string& sentence) {
        line_.note += (line_.note.empty() ? "" : "\n") + sentence;
        listener_.noted(sentence);
    }

    [[noreturn]] void stop_at(const std::string& name, double value) {
        log();
        const std::string file = run_.checkpoint_file().string(),
                          failed = str(name, " is ", value, " at step ", step_, "; ");
        listener_.noted(
            failed + "the steps since the last checkpoint are repeated to find where it came from");
        const std::string source = find_non_finite(run_, step_, stop_);
        fail(kOp, failed, source.empty() ? "" : str("it came from ", source, "; "),
             saved_ ? str("the last good checkpoint is that of step ", *saved_, " in '", file, "'")
                    : "no checkpoint was saved before",
             "; hint: a smaller learning rate");
    }

    // A line that cannot be written is lost, and training goes on. The first of them is noted.
    void log() {
        if (logged_ == step_) return;
        const std::int64_t epoch = task_.steps_per_epoch();
        line_.step = logged_ = step_;
        line_.epoch = epoch > 0 ? static_cast<double>(step_) / static_cast<double>(epoch) : 0;
        line_.seconds = std::round(1000 * seconds()) / 1000;
        recent_.take(line_.scalars);
        try {
            run_.metrics().append(line_);
            log_problem_.clear();
            line_.note.clear();
        } catch (const Error& error) {
            if (log_problem_.empty())
                note(str("lines of metrics.jsonl are lost from step ", step_,
                         " on: ", error.what()));
            log_problem_ = error.what();
        }
    }
    // Pictures show the training and are no part of it: it goes on without them.
    template <class Draw> void draw(const char* what, const Draw& draw) {
        try {
            draw();
        } catch (const std::exception& error) {
            picture_problem_ =
                str("the ", what, " of step ", step_, " were not saved: ", error.what());
            note(picture_problem_);
        }
    }
    void pictures() {
        picture_problem_.clear();
        pictured_ = step_;
        draw("pictures", [&] {
            const std::vector<Picture> pictures = task_.pictures();
            for (const Picture& picture : pictures)
                if (picture.filmed) filmed_.insert(picture.name);
            run_.save_pictures(pictures, step_, writer_);
        });
    }
    void films() {
        for (const std::string& name : filmed_)
            draw("films", [&] { run_.save_film(name, step_, writer_); });
    }
    // A checkpoint that cannot be saved ends the training: going on would risk more and more work.
    void save(bool ended) {
        log();
        run_.save_checkpoint(task_, step_, ended);
        saved_ = step_;
        ended_ = ended;
    }

    Task& task_;
    RunFolder& run_;
    const PictureWriter& writer_;
    TrainListener& listener_;
    const std::atomic<int>& stop_;
    RunSettings options_;

    std::int64_t step_ = 0, logged_ = 0, pictured_ = -1;
    std::optional<std::int64_t> saved_;
    bool ended_ = false;                         // whether the checkpoint on the disk says so
    std::string log_problem_, picture_problem_;  // why the last ones are not on the disk
    std::set<std::string> filmed_;               // names of pictures of this session
    double seconds_before_ = 0;
    std::optional<Clock::time_point> start_;
    RecentMeans recent_;
    MetricsLine line_;
    std::string capture_fallback_;  // as it was noted
};

}  // namespace

TrainResult train(Task& task, RunFolder& run, const PictureWriter& writer, TrainListener& listener,
                  const std::atomic<int>& stop) {
    return Training(task, run, writer, listener, stop)();
}

}  // namespace eps::models
