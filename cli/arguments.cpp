#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <limits>

#include "cli/help.h"
#include "cli/machine.h"
#include "cli/runs.h"
#include "cli/text.h"
#include "tensor/names.h"
#include "experiments/run/trainer.h"

namespace eps::cli {
namespace {

// The value of an option in words: no quotes, and nothing for an empty text.
std::string shown(const models::Value& value) {
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "on" : "off";
    if (const auto* whole = std::get_if<std::int64_t>(&value)) return std::to_string(*whole);
    return str(std::get<double>(value));
}

CLI::Option* add_option(CLI::App& app, const models::Option& option, models::Value& value) {
    const std::string flag = "--" + option.name;
    std::string help = option.help;
    if (!option.choices.empty()) help += " (" + listed(option.choices) + ")";
    CLI::Option* added = nullptr;
    if (auto* text = std::get_if<std::string>(&value))
        added = app.add_option(flag, *text, help)->type_name("TEXT");
    else if (auto* whole = std::get_if<std::int64_t>(&value))
        added = app.add_option(flag, *whole, help)->type_name("N");
    else if (auto* number = std::get_if<double>(&value))
        added = app.add_option(flag, *number, help)->type_name("X");
    else
        added = app.add_flag(flag + ",!--no-" + option.name, std::get<bool>(value), help);
    return added->default_str(option.derived ? "by data" : shown(option.fallback));
}

CLI::Option* add_count(CLI::App& app, const std::string& flag, std::int64_t& value,
                       const std::string& help, std::int64_t least, std::int64_t most) {
    return app.add_option(flag, value, help)
        ->type_name("N")
        ->check(CLI::Range(least, most).description(""));
}

void add_threads(CLI::App& app, std::int64_t& threads) {
    add_count(app, "--threads", threads, "threads of the kernels; 0: as many as there are cores", 0,
              1024)
        ->default_str("0")
        ->group("Machine");
}
void add_device(CLI::App& app, std::string& device, const std::string& help) {
    const auto refusal = [](const std::string& text) {
        return is_device_name(text)
                   ? ""
                   : "'" + text + "' is no device; expected auto, cpu, cuda or cuda:N";
    };
    app.add_option("--device", device, help)
        ->type_name("TEXT")
        ->check(CLI::Validator(refusal, ""))
        ->group("Machine");
}
constexpr const char* kOtherDevice = "auto, cpu, cuda or cuda:N, instead of the run's";
constexpr std::int64_t kAnySeed = std::numeric_limits<std::int64_t>::max();

// One command `eps train FAMILY`, with the values its options are parsed into.
struct FamilyCommand {
    const models::Family* family;
    std::vector<models::Option> options;
    std::vector<models::Value> values;
    CLI::App* app = nullptr;

    explicit FamilyCommand(const models::Family& f) : family(&f), options(options_of(f)) {
        for (const models::Option& option : options) values.push_back(option.fallback);
    }

    void add_to(CLI::App& train, TrainArguments& arguments, std::int64_t& threads) {
        app = train.add_subcommand(family->name, family->summary);
        app->add_option("--out", arguments.run, "folder of the new run")
            ->type_name("RUN")
            ->required()
            ->group("Run");
        const std::size_t shared = models::run_options().size();
        for (std::size_t i = 0; i < options.size(); ++i)
            add_option(*app, options[i], values[i])->group(i < shared ? "Run" : "Model and data");
        add_threads(*app, threads);
        app->add_flag("--quiet", arguments.quiet, "nothing on stderr but errors")->group("Machine");
    }

    models::Config config() const {
        models::Config config;
        config.set("family", family->name);
        const auto given = [&](const models::Option& option) {
            return !option.derived || app->count("--" + option.name) > 0;
        };
        for (std::size_t i = 0; i < options.size(); ++i)
            if (given(options[i])) config.set(options[i].name, values[i]);
        if (app->count("--minutes") > 0 && app->count("--steps") == 0)
            config.set("steps", std::int64_t{0});  // who limits the time does not mean 20000 steps
        return as_usage("eps train " + family->name, [&] {
            for (std::size_t i = 0; i < options.size(); ++i)
                if (given(options[i])) models::check_value(options[i], values[i], config.source());
            return models::check_config(family->complete(config), options);
        });
    }
};

// What `eps sample` and `eps eval` say about the way to draw samples: the options of all families,
// as the run's is not known yet. Families that share a name share its type.
struct SamplingOptions {
    struct Entry {
        models::Option option;
        models::Value value;
    };
    std::vector<std::unique_ptr<Entry>> entries;  // where CLI11 can point at them
    CLI::App* app = nullptr;

    void add_to(CLI::App& command) {
        app = &command;
        for (const models::Family& family : models::families())
            for (const models::Option& option : family.sample_options) {
                if (app->get_option_no_throw("--" + option.name) != nullptr) continue;
                entries.push_back(std::make_unique<Entry>(option, option.fallback));
                add_option(*app, option, entries.back()->value)
                    ->default_str(option.derived ? "of the run" : shown(option.fallback))
                    ->group("Samples of " + family.name);
            }
    }

    models::Config given() const {
        models::Config config;
        for (const auto& entry : entries)
            if (app->count("--" + entry->option.name) > 0)
                config.set(entry->option.name, entry->value);
        return config;
    }
};

CLI::App* innermost(CLI::App& app) {
    CLI::App* inner = &app;
    while (!inner->get_subcommands().empty()) inner = inner->get_subcommands().back();
    return inner;
}

std::vector<std::string> names_of_commands(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
    return names;
}

[[noreturn]] void usage_error(CLI::App& app, const std::string& sentence) {
    const std::string command = command_of(innermost(app));
    throw UsageError(command, sentence + "; see " + command + " --help");
}

// Words that nothing expected, with the one that was probably meant.
[[noreturn]] void refuse_unknown(CLI::App& app, const std::string& word) {
    const CLI::App* inner = innermost(app);
    const bool option = word.starts_with('-') && word != "-";
    std::vector<std::string> known;
    if (option) {
        for (const CLI::Option* o : inner->get_options())
            for (const std::string& name : o->get_lnames()) known.push_back("--" + name);
    } else {
        known = names_of_commands(*inner);
    }
    const std::string guess = closest(word.substr(0, word.find('=')), known);
    const std::string expected =
        option || known.empty() ? "" : "; expected one of: " + listed(known);
    usage_error(app, str(option          ? "unknown option '"
                         : known.empty() ? "unexpected argument '"
                                         : "unknown command '",
                         word, "'", guess.empty() ? expected : "; did you mean " + guess + "?"));
}

class Parser {
public:
    Parser()
        : app_(
              "Generative models on tensors of our own: train them, sample from them, measure "
              "them.",
              "eps") {
        app_.formatter(help_page());
        app_.require_subcommand(1);
        app_.add_flag("--version", version_,
                      "version, BLAS, CPU instruction set and CUDA of this program");
        app_.footer(
            "Exit codes: 0 ok, 1 run error, 2 usage, 3 data or device missing, 130\ninterrupted.\n"
            "example: eps train vae --out runs/a && eps sample runs/a --out a.png");
        for (const models::Family& family : models::families()) families_.emplace_back(family);
        add_train();
        add_sample();
        add_eval();
        info_ = app_.add_subcommand(
            "info", "What a run folder or a file (.safetensors, .npy, .png, IDX) holds");
        info_->add_option("PATH", info_arguments_.path, "folder of a run, or a file")->required();
        ops_ = app_.add_subcommand(
            "ops", "Every operation x f32, f64, cuda x forward, backward, second order");
        ops_->add_flag("--json", ops_arguments_.json, "a JSON list instead of a table");
        doctor_ = app_.add_subcommand(
            "doctor",
            "CPU, instruction set, threads, BLAS, memory, CUDA and data sets of this machine");
    }

    Arguments parse(int argc, const char* const* argv) {
        try {
            app_.parse(argc, argv);
        } catch (const CLI::CallForHelp&) {
            return ShowText{app_.help()};
        } catch (const CLI::ParseError& error) {
            if (version_ && app_.get_subcommands().empty() && app_.remaining().empty())
                return ShowText{version_text()};
            refuse(error);
        }
        if (version_) return ShowText{version_text()};
        return chosen();
    }

private:
    void add_train() {
        train_ = app_.add_subcommand("train", "Train a model, or go on with a run");
        train_->require_subcommand(0, 1);
        train_->add_option("--resume", resume_, "go on with the run in this folder")
            ->type_name("RUN");
        add_count(*train_, "--steps", steps_,
                  "for --resume: steps in all, instead of those in its config.json", 0,
                  std::numeric_limits<std::int64_t>::max());
        train_->add_option("--minutes", minutes_, "for --resume: minutes in all, likewise")
            ->type_name("X")
            ->check(CLI::Range(0.0, 1e9).description(""));
        add_device(*train_, device_, "for --resume: instead of the run's");
        add_threads(*train_, threads_);
        train_->add_flag("--quiet", train_arguments_.quiet, "nothing on stderr but errors")
            ->group("Machine");
        for (FamilyCommand& command : families_)
            command.add_to(*train_, train_arguments_, threads_);
    }
    void add_sample() {
        sample_ = app_.add_subcommand("sample", "Draw samples from a trained model into a picture");
        sample_->add_option("RUN", sample_arguments_.run, "folder of a run")->required();
        sample_->add_option("--out", sample_arguments_.out, "the picture to write")
            ->type_name("FILE.png")
            ->required();
        add_count(*sample_, "--count", sample_arguments_.count, "samples to draw", 1, 100000)
            ->default_str("64");
        add_count(*sample_, "--seed", sample_arguments_.seed, "seed of their noise", 0, kAnySeed)
            ->default_str("0");
        sample_sampling_.add_to(*sample_);
        add_device(*sample_, device_, kOtherDevice);
        add_threads(*sample_, threads_);
    }
    void add_eval() {
        eval_ = app_.add_subcommand("eval", "Measure a trained model on held-out data");
        eval_->add_option("RUN", eval_arguments_.run, "folder of a run")->required();
        eval_->add_flag("--json", eval_arguments_.json,
                        "one JSON object instead of a table; its keys: docs/eval.md");
        add_count(*eval_, "--seed", eval_arguments_.seed, "seed of the estimates", 0, kAnySeed)
            ->default_str("0");
        eval_sampling_.add_to(*eval_);
        add_device(*eval_, device_, kOtherDevice);
        add_threads(*eval_, threads_);
    }

    [[noreturn]] void refuse(const CLI::ParseError& error) {
        if (const std::vector<std::string> unknown = app_.remaining(true); !unknown.empty())
            refuse_unknown(app_, unknown.front());
        if (app_.get_subcommands().empty())
            usage_error(app_, "no command; expected one of: " + listed(names_of_commands(app_)));
        usage_error(app_, error.what());
    }

    Arguments chosen() {
        const int threads = static_cast<int>(threads_);
        train_arguments_.threads = sample_arguments_.threads = eval_arguments_.threads = threads;
        train_arguments_.device = sample_arguments_.device = eval_arguments_.device = device_;
        if (train_->parsed()) return train();
        sample_arguments_.sampling = sample_sampling_.given();
        eval_arguments_.sampling = eval_sampling_.given();
        if (sample_->parsed()) {
            if (!sample_arguments_.out.ends_with(".png"))
                usage_error(app_, "--out '" + sample_arguments_.out +
                                      "' is no name of a picture; expected FILE.png");
            return sample_arguments_;
        }
        if (eval_->parsed()) return eval_arguments_;
        if (info_->parsed()) return info_arguments_;
        if (ops_->parsed()) return ops_arguments_;
        return DoctorArguments{};
    }

    Arguments train() {
        const bool resume = train_->count("--resume") > 0;
        for (const FamilyCommand& command : families_) {
            if (!command.app->parsed()) continue;
            if (resume)
                usage_error(app_,
                            "--resume takes the family from the run; hint: eps train --resume " +
                                shell_quoted(resume_));
            if (train_->count("--steps") + train_->count("--minutes") + train_->count("--device") >
                0)
                usage_error(app_,
                            "options of a new run stand after '" + command.family->name + "'");
            train_arguments_.config = command.config();
            return train_arguments_;
        }
        if (!resume)
            usage_error(app_, "no model family; expected one of: " +
                                  listed(names_of_commands(*train_)) + "; or --resume RUN");
        train_arguments_.resume = true;
        train_arguments_.run = resume_;
        if (train_->count("--steps") > 0) train_arguments_.steps = steps_;
        if (train_->count("--minutes") > 0) train_arguments_.minutes = minutes_;
        return train_arguments_;
    }

    CLI::App app_;
    CLI::App *train_ = nullptr, *sample_ = nullptr, *eval_ = nullptr, *info_ = nullptr,
             *ops_ = nullptr, *doctor_ = nullptr;
    std::vector<FamilyCommand> families_;
    SamplingOptions sample_sampling_, eval_sampling_;
    bool version_ = false;
    std::string resume_, device_;
    std::int64_t threads_ = 0, steps_ = 0;
    double minutes_ = 0;
    TrainArguments train_arguments_;
    SampleArguments sample_arguments_;
    EvalArguments eval_arguments_;
    InfoArguments info_arguments_;
    OpsArguments ops_arguments_;
};

}  // namespace

Arguments parse_arguments(int argc, const char* const* argv) { return Parser().parse(argc, argv); }

}  // namespace eps::cli
