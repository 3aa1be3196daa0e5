#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/flags.h"
#include "cli/help.h"
#include "cli/machine.h"
#include "cli/text.h"
#include "cli/usage.h"
#include "experiments/run/bounds.h"
#include "experiments/run/run_settings.h"
#include "tensor/names.h"

namespace eps::cli {
namespace {

constexpr const char* kOtherDevice = "auto, cpu, cuda or cuda:N, instead of the run's";

/// eps train FAMILY: a new run.
class FamilyCommand {
public:
    FamilyCommand(CLI::App& train, const models::Family& family, TrainArguments& arguments)
        : family_(family), app_(*train.add_subcommand(family.name, family.summary)) {
        app_.add_option("--out", arguments.run, "folder of the new run")
            ->type_name("RUN")
            ->required()
            ->group("Run");
        for (const models::Option& option : models::run_options()) flags_.add(app_, option, "Run");
        for (const models::Option& option : family.options)
            flags_.add(app_, option, "Model and data");
        add_threads(app_, arguments.threads);
        add_quiet(app_, arguments.quiet);
    }

    bool parsed() const { return app_.parsed(); }
    const std::string& name() const { return family_.name; }

    models::Config config() const {
        models::Config config;
        config.set("family", family_.name);
        flags_.set_all(config);
        // a limit of time alone does not mean the default number of steps as well
        if (flags_.is_given("minutes") && !flags_.is_given("steps"))
            config.set("steps", std::int64_t{0});
        return as_usage("eps train " + family_.name, [&] { return family_.complete(config); });
    }

private:
    const models::Family& family_;
    CLI::App& app_;
    OptionFlags flags_;
};

/// eps train, with the families as commands of its own, or with --resume.
class TrainCommand {
public:
    explicit TrainCommand(CLI::App& program)
        : program_(program),
          app_(*program.add_subcommand("train", "Train a model, or resume a run")) {
        app_.require_subcommand(0, 1);
        app_.add_option("--resume", resumed_, "resume the run in this folder")->type_name("RUN");
        add_count(app_, "steps", steps_,
                  "with --resume: total steps, instead of those in config.json", 0,
                  models::most::steps);
        add_real(app_, "minutes", minutes_,
                 "with --resume: total minutes, instead of those in config.json", 0, 1e9);
        add_device(app_, arguments_.device, std::string("with --resume: ") + kOtherDevice);
        add_accept_edited(app_, arguments_.edited);
        add_threads(app_, arguments_.threads);
        add_quiet(app_, arguments_.quiet);
        for (const models::Family& family : models::families())
            families_.push_back(std::make_unique<FamilyCommand>(app_, family, arguments_));
    }

    bool parsed() const { return app_.parsed(); }
    Arguments arguments() {
        for (const auto& family : families_)
            if (family->parsed()) return new_run(*family);
        return resumed_run();
    }

private:
    Arguments new_run(const FamilyCommand& family) {
        if (app_.count("--resume") > 0)
            usage_error(program_,
                        "--resume takes the family from the run; hint: eps train --resume " +
                            shell_quoted(resumed_));
        if (app_.count("--steps") + app_.count("--minutes") + app_.count("--device") +
                app_.count("--accept-edited-config") >
            0)
            usage_error(program_, "options of a new run go after '" + family.name() + "'");
        arguments_.config = family.config();
        return arguments_;
    }

    Arguments resumed_run() {
        if (app_.count("--resume") == 0)
            usage_error(program_, "no model family; expected one of: " +
                                      listed(names_of_commands(app_)) + "; or --resume RUN");
        arguments_.resume = true;
        arguments_.run = resumed_;
        if (app_.count("--steps") > 0) arguments_.steps = steps_;
        if (app_.count("--minutes") > 0) arguments_.minutes = minutes_;
        return arguments_;
    }

    CLI::App& program_;
    CLI::App& app_;
    std::vector<std::unique_ptr<FamilyCommand>> families_;
    std::string resumed_;
    std::int64_t steps_ = 0;
    double minutes_ = 0;
    TrainArguments arguments_;
};

/// The sampling options of all families: that of the run is not known yet. Families that share a
/// name share its type.
void add_sampling(OptionFlags& flags, CLI::App& command) {
    for (const models::Family& family : models::families())
        for (const models::Option& option : family.sample_options)
            if (!flags.has(option.name)) flags.add(command, option, "Samples of " + family.name);
}

class SampleCommand {
public:
    explicit SampleCommand(CLI::App& program)
        : program_(program),
          app_(*program.add_subcommand("sample",
                                       "Draw samples from a trained model into a picture")) {
        app_.add_option("RUN", arguments_.run, "folder of a run")->required();
        app_.add_option("--out", arguments_.out, "the picture to write")
            ->type_name("FILE.png")
            ->required();
        add_count(app_, "count", arguments_.count, "number of samples", 1, 100000)
            ->default_str("64");
        add_seed(app_, arguments_.seed, "seed of the samples");
        add_accept_edited(app_, arguments_.edited);
        add_sampling(flags_, app_);
        add_device(app_, arguments_.device, kOtherDevice);
        add_threads(app_, arguments_.threads);
    }

    bool parsed() const { return app_.parsed(); }
    Arguments arguments() {
        if (!arguments_.out.ends_with(".png"))
            usage_error(program_, "--out '" + arguments_.out +
                                      "' is not the name of a picture; expected FILE.png");
        flags_.set_given(arguments_.sampling);
        return arguments_;
    }

private:
    CLI::App& program_;
    CLI::App& app_;
    OptionFlags flags_;
    SampleArguments arguments_;
};

class EvalCommand {
public:
    explicit EvalCommand(CLI::App& program)
        : app_(*program.add_subcommand("eval", "Measure a trained model on held-out data")) {
        app_.add_option("RUN", arguments_.run, "folder of a run")->required();
        app_.add_flag("--json", arguments_.json,
                      "print a JSON object instead of a table; docs/eval.md describes its keys");
        add_seed(app_, arguments_.seed, "seed of the estimates");
        add_accept_edited(app_, arguments_.edited);
        add_sampling(flags_, app_);
        add_device(app_, arguments_.device, kOtherDevice);
        add_threads(app_, arguments_.threads);
    }

    bool parsed() const { return app_.parsed(); }
    Arguments arguments() {
        flags_.set_given(arguments_.sampling);
        return arguments_;
    }

private:
    CLI::App& app_;
    OptionFlags flags_;
    EvalArguments arguments_;
};

/// The program before its commands, which take over its help page.
std::unique_ptr<CLI::App> make_program() {
    auto program = std::make_unique<CLI::App>(
        "Generative models on a tensor library of our own: train them, sample from them, measure "
        "them.",
        "eps");
    program->formatter(help_page());
    program->require_subcommand(1);
    program->footer(
        "Exit codes: 0 ok, 1 run error, 2 usage, 3 data or device missing, 130\ninterrupted.\n"
        "Example: eps train vae --out runs/a && eps sample runs/a --out a.png");
    return program;
}

class Parser {
public:
    Parser() {
        program_->add_flag("--version", version_,
                           "print version, BLAS, CPU instruction set and CUDA of this program");
        info_->add_option("PATH", info_arguments_.path, "folder of a run, or a file")->required();
        add_accept_edited(*info_, info_arguments_.edited);
        ops_->add_flag("--json", ops_arguments_.json, "print a JSON list instead of a table");
        program_->add_subcommand(
            "doctor", "Describe this machine: CPU, threads, BLAS, memory, CUDA, data sets");
    }

    Arguments parse(int argc, const char* const* argv) {
        try {
            program_->parse(argc, argv);
        } catch (const CLI::CallForHelp&) {
            return ShowText{program_->help()};
        } catch (const CLI::ParseError& error) {
            const bool nothing_else =
                program_->get_subcommands().empty() && program_->remaining().empty();
            if (!version_ || !nothing_else) usage_error(*program_, error);
        }
        if (version_) return ShowText{version_text()};
        if (train_.parsed()) return train_.arguments();
        if (sample_.parsed()) return sample_.arguments();
        if (eval_.parsed()) return eval_.arguments();
        if (info_->parsed()) return info_arguments_;
        if (ops_->parsed()) return ops_arguments_;
        return DoctorArguments{};
    }

private:
    std::unique_ptr<CLI::App> program_ = make_program();
    TrainCommand train_{*program_};
    SampleCommand sample_{*program_};
    EvalCommand eval_{*program_};
    CLI::App* info_ = program_->add_subcommand(
        "info", "Describe a run folder or a file (.safetensors, .npy, .png, IDX)");
    CLI::App* ops_ = program_->add_subcommand(
        "ops", "List the operations and their derivatives on f32, f64 and cuda");
    InfoArguments info_arguments_;
    OpsArguments ops_arguments_;
    bool version_ = false;
};

}  // namespace

Arguments parse_arguments(int argc, const char* const* argv) { return Parser().parse(argc, argv); }

}  // namespace eps::cli
