#include "experiments/ddpm/ddpm.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/ddpm/domain.h"
#include "experiments/ddpm/estimates.h"
#include "models/ddpm/guidance.h"
#include "models/ddpm/times.h"
#include "experiments/plots/line_plot.h"
#include "experiments/run/accumulate.h"
#include "experiments/run/learning_rate.h"
#include "experiments/run/named_state.h"
#include "experiments/run/task.h"
#include "experiments/run/task_step.h"
#include "nn/optim/optimizer.h"
#include "tensor/create.h"

namespace eps::models {
namespace {

using namespace ddpm;

// Independent streams of the one --seed.
enum Stream : std::uint64_t { initial_weights = 1, training, dropout_masks, pictures_noise };

constexpr std::int64_t kColumns = 8, kFrames = 25;             // of strips, and of films
constexpr std::int64_t kCurveTimes = 25, kCurveExamples = 16;  // of the loss by t

std::unique_ptr<Network> make_network(const Settings& s, Generator& masks) {
    Generator init = Generator(s.seed).fork(Stream::initial_weights);
    if (s.images) {
        UNetOptions options = s.unet;
        options.generator = &init;
        options.masks = &masks;
        return std::make_unique<UNet>(options);
    }
    MlpOptions options = s.mlp;
    options.generator = &init;
    options.masks = &masks;
    return std::make_unique<Mlp>(options);
}

// Of the losses of a step, those with t in each quarter of 1 .. T: what is hard and what is not.
class Quarters {
public:
    explicit Quarters(std::int64_t timesteps) : timesteps_(timesteps) {}
    void add(const Tensor& t, const Tensor& losses) {
        const NoGrad guard;
        // [B]
        const Tensor quarter = floor(to(t - 1.0, f64) * 4.0 / static_cast<double>(timesteps_));
        // [4, B]
        const Tensor is_in =
            to(eq(unsqueeze(quarter, 0), unsqueeze(arange(0, 4, 1, quarter.options()), 1)), f64);
        const Tensor sums = sum(is_in * to(losses, f64), {1}), counts = sum(is_in, {1});
        sums_ = sums_.defined() ? sums_ + sums : sums;
        counts_ = counts_.defined() ? counts_ + counts : counts;
    }
    /// [4], NaN where none was.
    Tensor means() const { return sums_ / counts_; }

private:
    std::int64_t timesteps_;
    Tensor sums_, counts_;  // f64 [4]
};

class DdpmTask final : public Task {
public:
    explicit DdpmTask(const Config& config)
        : settings_(Settings::of(config)),
          schedule_(make_schedule(settings_.schedule, settings_.timesteps).on(settings_.device)),
          noise_(Generator(settings_.seed).fork(Stream::training)),
          masks_(Generator(settings_.seed).fork(Stream::dropout_masks)),
          domain_(settings_.images ? images(settings_) : plane(settings_)),
          network_(make_network(settings_, masks_)),
          optimizer_(network_->parameters(), {.lr = settings_.lr}),
          scaler_(settings_.loss_scaling),
          uniform_times_(settings_.timesteps),
          sampling_(settings_),
          step_(settings_.device, [this] { return one_step(); }) {
        network_->to(settings_.device);
        if (settings_.importance) important_times_.emplace(settings_.timesteps);
        if (settings_.ema > 0) average_.emplace(*network_, settings_.ema, true);
        trained_.emplace(*network_, average_ ? &*average_ : nullptr, settings_,
                         domain_->sample_shape());
    }

    Scalars step(std::int64_t index) override {
        index_ = index;
        optimizer_.set_learning_rate(
            decayed(settings_.lr_decay, settings_.lr, settings_.steps, index));
        Scalars scalars = step_();
        // no such t
        std::erase_if(scalars, [](const auto& scalar) {
            return scalar.first.starts_with("loss_t") && std::isnan(scalar.second);
        });
        drop_skipped(scalars, "grad_norm", scaler_);
        return scalars;
    }
    std::vector<std::string> notes() override { return step_.notes(); }

    std::int64_t steps_per_epoch() override { return domain_->batches_per_epoch(); }
    std::int64_t parameter_count() const override { return network_->parameter_count(); }

    std::vector<Picture> pictures() override {
        // the same noise each time: one sees the model change
        Generator generator = Generator(settings_.seed).fork(Stream::pictures_noise);
        Film film{.frames = kColumns, .most = domain_->strip_rows()};
        const Tensor samples =
            trained_->samples(domain_->shown_count(), generator.seed(), sampling_, &film);
        std::vector<Picture> pictures{
            {"samples", domain_->picture(samples), true, domain_->scale()}, denoising(film)};
        if (const Minibatch data = domain_->held_out(domain_->strip_rows(), generator);
            data.x.size(0) > 0) {
            pictures.push_back(noising(data.x, generator));
            pictures.push_back(loss_curve(domain_->held_out(kCurveExamples, generator), generator));
        }
        return pictures;
    }

    void set_sampling(const Config& given) override { sampling_ = Sampling(settings_, given); }

    std::vector<Picture> sample(std::int64_t count, Generator& generator) override {
        Film film{.frames = kFrames, .most = domain_->shown_count()};
        const Tensor samples = trained_->samples(count, generator.seed(), sampling_, &film);
        return {{"samples", domain_->picture(samples), false, domain_->scale()},
                sampling_film(film),
                denoising(film)};
    }

    Scalars evaluate(Generator& generator) override {
        Scalars scalars = domain_->likelihood(*trained_, generator);
        const Tensor samples =
            trained_->samples(domain_->report_count(), generator.fork(0).seed(), sampling_);
        for (auto& scalar : domain_->report(samples, generator))
            scalars.push_back(std::move(scalar));
        return scalars;
    }

    NamedTensors state() const override {
        NamedTensors state;
        append_part(state, "model.", network_->state_dict());
        append_part(state, "optimizer.", optimizer_.state_dict());
        append_part(state, "scaler.", scaler_.state_dict());
        if (average_) append_part(state, "ema.", average_->state_dict());
        if (important_times_) append_part(state, "", important_times_->state());
        state.emplace_back("noise", pack(noise_));
        state.emplace_back("masks", pack(masks_));
        return state;
    }

    void load_state(const NamedTensors& state) override {
        const NamedTensors noise = part_of(state, "noise"), masks = part_of(state, "masks");
        check(noise.size() == 1 && masks.size() == 1, "ddpm",
              "the checkpoint has no random state; expected tensors named noise and masks");
        network_->load_state_dict(part_of(state, "model."));
        optimizer_.load_state_dict(part_of(state, "optimizer."));
        scaler_.load_state_dict(part_of(state, "scaler."));
        if (average_) average_->load_state_dict(part_of(state, "ema."));
        if (important_times_) {
            NamedTensors times;
            append_part(times, "times.", part_of(state, "times."));
            important_times_->load_state(times);
        }
        unpack(noise[0].second, noise_);
        unpack(masks[0].second, masks_);
    }

private:
    NamedTensors one_step() {
        optimizer_.zero_grad();
        const Minibatch batch = domain_->batch([this] { return index_; }, noise_);
        const Tensor rows =
            arange(0, static_cast<double>(batch.x.size(0)), 1, {i64, settings_.device});
        Quarters quarters(settings_.timesteps);
        NamedTensors scalars = accumulate(rows, settings_.parts, scaler_, [&](const Tensor& part) {
            return loss_of({index_select(batch.x, 0, part),
                            batch.y.defined() ? index_select(batch.y, 0, part) : Tensor()},
                           quarters);
        });
        scaler_.unscale_(optimizer_);
        if (settings_.grad_clip > 0)
            scalars.emplace_back("grad_norm",
                                 nn::clip_grad_norm_(network_->parameters(), settings_.grad_clip));
        scaler_.step(optimizer_);
        scaler_.update();
        append_scale(scalars, "", scaler_);
        if (average_) average_->update();
        const std::vector<Tensor> means = split(quarters.means(), 1);
        for (std::size_t q = 0; q < means.size(); ++q)
            scalars.emplace_back(str("loss_t", q + 1), means[q]);
        return scalars;
    }

    DrawnTimes draw_times(std::int64_t count) {
        if (!important_times_) return uniform_times_.draw(count, noise_, settings_.device);
        const DrawnTimes drawn = important_times_->draw(count, noise_);
        return {to(drawn.t, settings_.device), to(drawn.weight, settings_.device)};
    }

    PartLoss loss_of(const Minibatch& batch, Quarters& quarters) {
        const DrawnTimes drawn = draw_times(batch.x.size(0));
        const Tensor noise = randn(batch.x.shape(), batch.x.options(), noise_);
        const Tensor classes = batch.y.defined() ? drop_classes(batch.y, network_->class_count(),
                                                                settings_.class_dropout, noise_)
                                                 : Tensor();
        const Denoiser denoiser(
            [&](const Tensor& x, const Tensor& t) { return network_->forward(x, t, classes); },
            settings_.prediction, settings_.loss.variance == Variance::learned);
        const Tensor losses =
            training_loss(schedule_, denoiser, batch.x, drawn.t, noise, settings_.loss);
        if (important_times_) important_times_->update(drawn.t, losses);
        quarters.add(drawn.t, losses);
        const Tensor loss =
            mean(important_times_ ? losses * to(drawn.weight, losses.dtype()) : losses);
        return {loss, {{"loss", loss}}};
    }

    /// Above, what samples pass through; below, the x_0 that the model sees in it.
    Picture denoising(const Film& film) const {
        const auto columns = [&](const std::vector<Tensor>& states) {
            std::vector<Tensor> chosen;
            for (std::int64_t c = 0; c < kColumns; ++c) {
                const std::size_t at =
                    states.size() == 1
                        ? 0
                        : static_cast<std::size_t>(c) * (states.size() - 1) / (kColumns - 1);
                chosen.push_back(
                    narrow(states[at], 0, 0, std::min(domain_->strip_rows(), states[at].size(0))));
            }
            return domain_->strip(chosen);
        };
        const NoGrad guard;
        return {"denoising", concat({columns(film.x), columns(film.x0)}), false, domain_->scale()};
    }
    /// Data at t = 0, .., T.
    Picture noising(const Tensor& x0, Generator& generator) const {
        const NoGrad guard;
        const Tensor noise = randn(x0.shape(), x0.options(), generator);
        std::vector<Tensor> states{x0};
        for (std::int64_t c = 1; c < kColumns; ++c) {
            const std::int64_t t =
                std::max<std::int64_t>(1, c * settings_.timesteps / (kColumns - 1));
            states.push_back(diffuse(
                schedule_, x0, full({x0.size(0)}, static_cast<double>(t), {.dtype = i64}), noise));
        }
        return {"noising", domain_->strip(states), false, domain_->scale()};
    }
    Picture loss_curve(const Minibatch& examples, Generator& generator) {
        std::vector<std::int64_t> times;
        std::vector<double> x;
        for (std::int64_t i = 0; i < kCurveTimes; ++i) {
            const std::int64_t t = 1 + i * (settings_.timesteps - 1) / (kCurveTimes - 1);
            if (!times.empty() && times.back() == t) continue;
            times.push_back(t);
            x.push_back(static_cast<double>(t));
        }
        return {"loss-by-t", line_plot(x, loss_by_time(*trained_, examples, times, generator)),
                false, 1};
    }
    Picture sampling_film(const Film& film) const {
        const NoGrad guard;
        std::vector<Tensor> frames;
        const auto add = [&](const Tensor& x) {
            const Tensor picture = domain_->picture(x);
            frames.push_back(picture.rank() == 2 ? unsqueeze(picture, 2) : picture);
        };
        for (const Tensor& x : film.x) add(x);
        add(film.x0.back());  // the last x_0 is the sample
        return {"film", stack(frames), false, domain_->scale()};
    }

    Settings settings_;
    Schedule schedule_;
    Generator noise_, masks_;  // of all that training draws, and of dropout
    std::unique_ptr<Domain> domain_;
    std::unique_ptr<Network> network_;
    nn::Adam optimizer_;
    nn::GradScaler scaler_;
    UniformTimes uniform_times_;
    std::optional<ImportanceTimes> important_times_;
    std::optional<nn::EMA> average_;
    std::optional<Trained> trained_;
    Sampling sampling_;
    std::int64_t index_ = 0;  // of the step under way
    TaskStep step_;
};

}  // namespace

Family ddpm_family() {
    return {
        .name = "ddpm",
        .summary =
            "denoising diffusion models in the plane and on 28x28 images (Ho et al. 2020 and what "
            "followed)",
        .options = options_of(Settings::fields()),
        .make = make_task<DdpmTask>,
        .complete = complete,
        .sample_options = options_of(Sampling::fields())};
}

}  // namespace eps::models
