// Images of 28x28 pixels of 8 bits. The network has them in [-1, 1], [m, 1, 28, 28].
#include <algorithm>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/data/image_source.h"
#include "experiments/ddpm/domain.h"
#include "experiments/ddpm/estimates.h"
#include "models/ddpm/likelihood.h"
#include "experiments/metrics/bits_per_dim.h"
#include "experiments/metrics/neighbours.h"
#include "experiments/metrics/report.h"
#include "experiments/plots/image_grid.h"
#include "tensor/create.h"
#include "tensor/capture/host_input.h"

namespace eps::models::ddpm {
namespace {

constexpr std::int64_t kSide = 28, kPixels = kSide * kSide;
constexpr std::int64_t kShown = 64, kRows = 6;  // of pictures, and of strips
// images: what minutes on two cores allow
constexpr std::int64_t kReported = 1000, kBounded = 4000;

class Images final : public Domain {
public:
    explicit Images(const Settings& settings)
        : data_(settings.data, settings.data_dir, settings.batch, settings.seed + 1),
          device_(settings.device),
          classes_(settings.classes) {}

    Shape sample_shape() const override { return {1, kSide, kSide}; }
    Minibatch batch(const std::function<std::int64_t()>& number, Generator&) override {
        const data::ImageDataset& train = data_.train_on(device_);
        return take(train, host_tensor(device_,
                                       [this, number] { return data_.order().indices(number()); }));
    }
    std::int64_t batches_per_epoch() override { return data_.order().steps_per_epoch(); }
    Minibatch held_out(std::int64_t most, Generator&) override { return first(data_.test(), most); }

    std::int64_t report_count() override {
        return std::min(kReported, data_.test().images.size(0));
    }
    std::int64_t shown_count() const override { return kShown; }
    std::int64_t strip_rows() const override { return kRows; }
    int scale() const override { return 2; }

    /// With classes, a column is a class.
    Tensor picture(const Tensor& x) const override {
        return image_grid(reshape(pixels(x), {x.size(0), kSide, kSide}), classes_);
    }
    /// A row a sample.
    Tensor strip(const std::vector<Tensor>& states) const override {
        std::vector<Tensor> columns;
        for (const Tensor& x : states) columns.push_back(pixels(x));
        const std::int64_t times = static_cast<std::int64_t>(states.size());
        return image_grid(reshape(stack(columns, 1), {-1, kSide, kSide}), times);
    }

    Scalars likelihood(Trained& model, Generator& generator) override {
        const Minibatch test = first(data_.test(), kBounded),
                        train = first(data_.train(), test.x.size(0));
        const BoundEstimate bound = estimate_bound(model, test, generator);
        Scalars scalars;
        const auto add = [&](const std::string& name, const BoundEstimate::Term& term) {
            scalars.emplace_back(name, metrics::bits_per_dim(term.mean, kPixels));
            scalars.emplace_back(name + "_se", metrics::bits_per_dim(term.se, kPixels));
        };
        add("bits_per_dim", bound.total());
        add("l_T", bound.l_T);
        add("l_mid", bound.l_mid);
        add("l_0", bound.l_0);
        add("bits_per_dim_train", estimate_bound(model, train, generator).total());
        scalars.emplace_back("bound_samples", static_cast<double>(test.x.size(0)));
        return scalars;
    }

    Scalars report(const Tensor& samples, Generator& generator) override {
        if (std::min(data_.train().images.size(0), data_.test().images.size(0)) <
            metrics::kFewestPoints)
            return {};
        return metrics::image_report(pixels(samples), data_.train(), data_.test(), generator);
    }

private:
    Minibatch take(const data::ImageDataset& set, const Tensor& rows) const {
        const NoGrad guard;
        const Tensor x = data::take_rows_u8_as_f32(set.images, rows);
        return {reshape(x, {x.size(0), 1, kSide, kSide}) * 2.0 - 1.0,
                classes_ > 0 ? index_select(set.labels, 0, rows) : Tensor()};
    }
    Minibatch first(const data::ImageDataset& set, std::int64_t most) const {
        return take(set, arange(0, static_cast<double>(std::min(most, set.images.size(0))), 1,
                                {.dtype = i64}));
    }
    /// [m, 784] in [0, 1]; what is out of it on the way from noise is black or white.
    static Tensor pixels(const Tensor& x) {
        const NoGrad guard;
        return clamp(reshape(x, {x.size(0), kPixels}) * 0.5 + 0.5, {.lo = 0, .hi = 1});
    }

    data::ImageSource data_;
    Device device_;
    std::int64_t classes_;
};

}  // namespace

std::unique_ptr<Domain> images(const Settings& settings) {
    return std::make_unique<Images>(settings);
}

}  // namespace eps::models::ddpm
