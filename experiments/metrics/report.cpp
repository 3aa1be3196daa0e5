#include "experiments/metrics/report.h"

#include <algorithm>
#include <cmath>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/data/image_source.h"
#include "experiments/metrics/c2st.h"
#include "experiments/metrics/frechet.h"
#include "experiments/metrics/memorisation.h"
#include "experiments/metrics/mmd.h"
#include "experiments/metrics/modes.h"
#include "experiments/metrics/neighbours.h"
#include "experiments/metrics/prdc.h"
#include "experiments/metrics/sliced_wasserstein.h"
#include "models/distributions/parzen.h"

namespace eps::metrics {
namespace {

using data::pixels_of, models::Scalars;

// At most so many images are used
constexpr std::int64_t kMaxImages = 10000;    // in all,
constexpr std::int64_t kMaxPairwise = 2500;   // by metrics of all pairs,
constexpr std::int64_t kMaxMemorised = 1000;  // on either side of the memorisation ratio,
constexpr std::int64_t kMaxValidated = 1000;  // to choose the width of Parzen windows,
constexpr std::int64_t kMaxDiagnosed = 500;   // during training.

Tensor first_rows(const Tensor& x, std::int64_t most) {
    return narrow(x, 0, 0, std::min(most, x.size(0)));
}

void append(Scalars& scalars, const char* name, const Measured& measured) {
    scalars.emplace_back(name, measured.value);
    scalars.emplace_back(std::string(name) + "_se", measured.se);
}

void append(Scalars& scalars, const Scalars& more) {
    scalars.insert(scalars.end(), more.begin(), more.end());
}

// x, x_se, x_floor, y, ...: each floor follows its value and standard error.
Scalars with_floors(const Scalars& values, const Scalars& floors) {
    Scalars merged;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto& [name, value] = values[i];
        if (name.ends_with("_se")) continue;
        merged.push_back(values[i]);
        if (i + 1 < values.size() && values[i + 1].first == name + "_se")
            merged.push_back(values[i + 1]);
        merged.emplace_back(name + "_floor", floors[i].second);
    }
    return merged;
}

Scalars two_sample(const Tensor& samples, const Tensor& data, const std::vector<double>& bandwidths,
                   Generator& generator) {
    const Tensor few_samples = first_rows(samples, kMaxPairwise);
    const Tensor few_data = first_rows(data, kMaxPairwise);
    const Prdc balls = prdc(few_data, few_samples);
    const Mmd discrepancy = mmd(few_samples, few_data, {.bandwidths = bandwidths}, generator);
    const Measured transport = sliced_wasserstein(samples, data, generator);
    const double distance = std::sqrt(transport.value);
    Scalars scalars;
    append(scalars, "precision", balls.precision);
    append(scalars, "recall", balls.recall);
    append(scalars, "density", balls.density);
    append(scalars, "coverage", balls.coverage);
    append(scalars, "mmd2", discrepancy.squared);
    scalars.emplace_back("mmd_p", discrepancy.p);
    append(scalars, "swd", {distance, distance > 0 ? transport.se / (2 * distance) : 0});
    append(scalars, "c2st", c2st(few_samples, few_data));
    return scalars;
}

// From the data alone, so that all models of a data set are measured with the same kernel.
std::vector<double> bandwidths_for(const Tensor& data) {
    const double median = median_distance(data);
    check(median > 0, "report", "most points of the data are equal; got a median distance of 0");
    return {median / 4, median / 2, median};
}

void append_sizes(Scalars& scalars, std::int64_t samples, double bandwidth) {
    scalars.emplace_back("mmd_bandwidth", bandwidth);
    scalars.emplace_back("samples", static_cast<double>(samples));
    scalars.emplace_back("samples_pairwise", static_cast<double>(std::min(samples, kMaxPairwise)));
}

Scalars mode_scalars(const Tensor& samples, const data::Toy& toy) {
    const ModeCoverage coverage = mode_coverage(samples, toy.modes, toy.sigma);
    Scalars scalars{{"modes", static_cast<double>(coverage.modes)}};
    append(scalars, "hq", coverage.high_quality);
    append(scalars, "reverse_kl", coverage.reverse_kl);
    return scalars;
}

Scalars class_scalars(const Classifier::Reading& samples, const Classifier::Reading& data) {
    Scalars scalars;
    append(scalars, "class_tv", class_total_variation(samples.classes, data.classes));
    scalars.emplace_back("classifier_score", classifier_score(samples.probabilities));
    return scalars;
}

Scalars feature_scalars(const Classifier::Reading& samples, const Classifier::Reading& data,
                        const std::vector<double>& bandwidths, Generator& generator) {
    Scalars scalars = two_sample(samples.features, data.features, bandwidths, generator);
    append(scalars, class_scalars(samples, data));
    scalars.emplace_back("cfd", frechet_distance(samples.features, data.features));
    return scalars;
}

// The distance of each row of x to the nearest training image. Bytes are converted to floats in
// parts: all at once they would be the peak of memory.
Tensor distances_to(const data::ImageDataset& train, const Tensor& x) {
    Tensor nearest;
    const std::int64_t count = train.images.size(0);
    for (std::int64_t first = 0; first < count; first += kMaxImages) {
        const Tensor distances =
            nearest_distances(x, pixels_of(train, first, std::min(kMaxImages, count - first)));
        nearest = first == 0 ? distances : minimum(nearest, distances);
    }
    return nearest;
}

// The metrics on pixels. The Parzen windows of the protocol of 2014 lie around samples or, for the
// floor, around training images; sigma is chosen on the last sixth of the training set
// (train[50000:60000] there).
Scalars pixel_scalars(const Tensor& samples, const Tensor& held_out,
                      const data::ImageDataset& train) {
    const std::int64_t count = train.images.size(0), last_sixth = count - count / 6;
    const Tensor validation =
        pixels_of(train, last_sixth, std::min(kMaxValidated, count - last_sixth));
    const Tensor others = pixels_of(train, 0, std::min(samples.size(0), last_sixth));
    const models::Parzen windows = models::parzen(samples, validation, held_out);
    const models::Parzen floor = models::parzen(others, validation, held_out);
    Scalars scalars;
    append(scalars, "parzen", {windows.log_density, windows.se});
    scalars.emplace_back("parzen_floor", floor.log_density);
    scalars.emplace_back("parzen_sigma", windows.sigma);
    const Tensor of_samples = distances_to(train, first_rows(samples, kMaxMemorised));
    const Tensor of_held_out = distances_to(train, first_rows(held_out, kMaxMemorised));
    const std::int64_t half = of_held_out.size(0) / 2;
    const Measured between_halves =
        memorisation_ratio(narrow(of_held_out, 0, 0, half), narrow(of_held_out, 0, half, half));
    append(scalars, "memorisation", memorisation_ratio(of_samples, of_held_out));
    scalars.emplace_back("memorisation_floor", between_halves.value);
    return scalars;
}

}  // namespace

Scalars toy_report(const Tensor& samples, const data::Toy& toy, Generator& generator) {
    models::check_points(samples, "toy_report", kFewestPoints);
    check(samples.size(1) == 2, "toy_report", "needs points in the plane; got ", describe(samples));
    NoGrad guard;
    const std::int64_t n = samples.size(0);
    const Tensor data = toy.sample(n, generator), more = toy.sample(n, generator);
    const std::vector<double> bandwidths = bandwidths_for(data);
    Scalars scalars;
    if (toy.modes.defined()) {
        scalars = with_floors(mode_scalars(samples, toy), mode_scalars(more, toy));
        scalars.insert(scalars.begin() + 1, {"modes_of", static_cast<double>(toy.modes.size(0))});
    }
    const Scalars values = two_sample(samples, data, bandwidths, generator);
    const Scalars floors = two_sample(more, data, bandwidths, generator);
    append(scalars, with_floors(values, floors));
    append_sizes(scalars, n, bandwidths.back());
    return scalars;
}

Scalars image_report(const Tensor& samples, const data::ImageDataset& train,
                     const data::ImageDataset& test, Generator& generator) {
    models::check_points(samples, "image_report", kFewestPoints);
    const std::int64_t n =
        std::min({samples.size(0), train.images.size(0), test.images.size(0), kMaxImages});
    check(n >= kFewestPoints, "image_report", "too few images; got ", train.images.size(0),
          " to train and ", test.images.size(0), " to test; expected at least ", kFewestPoints);
    NoGrad guard;
    const Tensor shown = first_rows(samples, n), held_out = pixels_of(test, 0, n);
    const Classifier classifier(train);
    const Classifier::Reading of_samples = classifier.read(shown);
    const Classifier::Reading of_test = classifier.read(held_out);
    const Classifier::Reading of_train = classifier.read(pixels_of(train, 0, n));
    const std::vector<double> bandwidths = bandwidths_for(of_test.features);
    const Scalars values = feature_scalars(of_samples, of_test, bandwidths, generator);
    const Scalars floors = feature_scalars(of_train, of_test, bandwidths, generator);
    Scalars scalars = with_floors(values, floors);
    append(scalars, pixel_scalars(shown, held_out, train));
    append_sizes(scalars, n, bandwidths.back());
    scalars.emplace_back("classifier_accuracy", classifier.accuracy(test));
    scalars.emplace_back("classifier", classifier.checksum());
    return scalars;
}

Scalars image_diagnostics(const Tensor& samples, const data::ImageDataset& test,
                          const Classifier& classifier) {
    models::check_points(samples, "image_diagnostics", kFewestPoints);
    const std::int64_t n = std::min({samples.size(0), test.images.size(0), kMaxDiagnosed});
    check(n >= kFewestPoints, "image_diagnostics", "too few images; got ", test.images.size(0),
          "; expected at least ", kFewestPoints);
    const Classifier::Reading of_samples = classifier.read(first_rows(samples, n));
    const Classifier::Reading of_test = classifier.read(pixels_of(test, 0, n));
    const Prdc balls = prdc(of_test.features, of_samples.features);
    Scalars scalars;
    append(scalars, "class_tv", class_total_variation(of_samples.classes, of_test.classes));
    append(scalars, "density", balls.density);
    append(scalars, "coverage", balls.coverage);
    return scalars;
}

}  // namespace eps::metrics
