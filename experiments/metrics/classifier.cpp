#include "experiments/metrics/classifier.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "autograd/engine.h"
#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "autograd/ops/norm/softmax.h"
#include "experiments/data/image_source.h"
#include "experiments/run/checksum.h"
#include "nn/layers/activation.h"
#include "nn/layers/conv.h"
#include "nn/layers/linear.h"
#include "nn/loss.h"
#include "nn/layers/norm.h"
#include "nn/optim/optimizer.h"
#include "nn/optim/scheduler.h"
#include "nn/sequential.h"
#include "tensor/create.h"
#include "tensor/io/safetensors.h"

namespace eps::metrics {
namespace {

constexpr const char* kOp = "classifier";
// Part of the name of a cache file: a change of the network or its training must change it.
constexpr const char* kRecipe =
    "conv 16 32 64 batch-norm relu, mean, linear 10; adam one-cycle 1e-2, batch 100, seed 1";
constexpr std::int64_t kSide = 28, kClasses = 10;
constexpr std::int64_t kBatch = 100;      // images per training step
constexpr std::int64_t kReadBatch = 500;  // images per forward pass in read()
constexpr std::uint64_t kSeed = 1;

// ${XDG_CACHE_HOME:-~/.cache}/varepsilon, or "" if neither variable is set.
std::string cache_folder() {
    const auto variable = [](const char* name) -> std::string {
        const char* value = std::getenv(name);
        return value == nullptr ? "" : value;
    };
    if (const std::string cache = variable("XDG_CACHE_HOME"); !cache.empty())
        return cache + "/varepsilon";
    if (const std::string home = variable("HOME"); !home.empty())
        return home + "/.cache/varepsilon";
    return "";
}

}  // namespace

class Classifier::Network final : public nn::Module {
public:
    explicit Network(Generator generator) : head_(64, kClasses, {.generator = &generator}) {
        std::int64_t in = 1;
        for (const std::int64_t out : {16, 32, 64}) {  // 28 -> 14 -> 7 -> 4 pixels a side
            body_.add<nn::Conv2d>(
                in, out, 3,
                nn::ConvOptions{.stride = 2, .padding = 1, .bias = false, .generator = &generator});
            body_.add<nn::BatchNorm>(out).add<nn::ReLU>();
            in = out;
        }
        add("body", body_);
        add("head", head_);
    }
    /// [B, 784] -> [B, 64]
    Tensor features(const Tensor& x) {
        return mean(body_(reshape(x, {x.size(0), 1, kSide, kSide})), {2, 3});
    }
    Tensor logits(const Tensor& features) { return head_(features); }

private:
    nn::Sequential body_;
    nn::Linear head_;
};

Classifier::Classifier(const data::ImageDataset& set, std::int64_t epochs)
    : network_(std::make_unique<Network>(Generator(kSeed))) {
    check(set.images.defined() && set.images.rank() == 3 && set.images.size(0) >= 2 &&
              set.images.size(1) == kSide && set.images.size(2) == kSide,
          kOp, "needs at least two images to learn from; got ", describe(set.images),
          "; expected u8 [N, 28, 28]");
    const std::string hash = models::Checksum()
                                 .add(set.images)
                                 .add(set.labels)
                                 .add(str(kRecipe, ", ", epochs, " epochs"))
                                 .text();
    if (const std::string folder = cache_folder(); !folder.empty())
        file_ = folder + "/classifier-" + set.name + "-" + hash + ".safetensors";
    if (!load()) {
        train(set, epochs);
        save();
    }
    network_->eval();
}

Classifier::~Classifier() = default;

void Classifier::train(const data::ImageDataset& set, std::int64_t epochs) {
    const GradMode recording(true);  // callers evaluate under NoGrad
    const data::BatchOrder order(set.images.size(0), std::min(kBatch, set.images.size(0)), kSeed);
    const std::int64_t steps = epochs * order.steps_per_epoch();
    const nn::OneCycleLR schedule{.peak = 1e-2, .steps = std::max<std::int64_t>(steps, 8)};
    nn::Adam optimizer(network_->parameters(), {});
    for (std::int64_t step = 0; step < steps; ++step) {
        const Tensor rows = order.indices(step);
        optimizer.set_learning_rate(schedule.at(step));
        optimizer.zero_grad();
        const Tensor logits =
            network_->logits(network_->features(data::take_rows_u8_as_f32(set.images, rows)));
        backward(nn::cross_entropy(logits, index_select(set.labels, 0, rows)));
        optimizer.step();
    }
    network_->zero_grad();
}

bool Classifier::load() {
    std::error_code ignored;
    if (file_.empty() || !std::filesystem::exists(file_, ignored)) return false;
    try {
        const SafetensorsFile file = read_safetensors(file_);
        const NamedTensors state = file.tensors();
        const auto sum = file.metadata.find("checksum");
        if (sum == file.metadata.end() || sum->second != models::Checksum().add(state).text())
            return false;
        network_->load_state_dict(state);
        return true;
    } catch (const Error&) { return false; }
}

void Classifier::save() const {
    if (file_.empty()) return;
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(file_).parent_path(), ignored);
    try {
        const NamedTensors state = network_->state_dict();
        write_safetensors(
            file_, state,
            {{"recipe", kRecipe}, {"checksum", models::Checksum().add(state).text()}});
    } catch (const Error&) {  // without a cache the next run trains again
    }
}

std::uint32_t Classifier::checksum() const {
    return models::Checksum().add(network_->state_dict()).value();
}

Classifier::Reading Classifier::read(const Tensor& images) const {
    check(images.defined() && images.dtype() == f32 && images.rank() == 2 && images.size(0) >= 1 &&
              images.size(1) == kSide * kSide,
          kOp, "needs images; got ", describe(images), "; expected f32 [N, 784], N >= 1");
    NoGrad guard;
    std::vector<Tensor> features, probabilities;
    for (const Tensor& part : split(images, kReadBatch)) {
        features.push_back(network_->features(part));
        probabilities.push_back(softmax(network_->logits(features.back())));
    }
    Reading reading{contiguous(concat(features)), concat(probabilities), {}};
    reading.classes = argmax(reading.probabilities, 1);
    return reading;
}

double Classifier::accuracy(const data::ImageDataset& set) const {
    NoGrad guard;
    const Tensor pixels = data::pixels_of(set, 0, set.images.size(0));
    return mean(to(eq(read(pixels).classes, set.labels), f64)).item();
}

Tensor class_histogram(const Tensor& classes) {
    NoGrad guard;
    return mean(one_hot(classes, kClasses, f64), {0});
}

Measured class_total_variation(const Tensor& p_classes, const Tensor& q_classes) {
    NoGrad guard;
    const Tensor p = class_histogram(p_classes), q = class_histogram(q_classes);
    const Tensor sign_of = sign(p - q);
    // With s = sign(p - q), the distance is (E_p s - E_q s) / 2: a difference of two means.
    const auto variance = [&](const Tensor& h) {
        return (sum(h * square(sign_of)) - square(sum(h * sign_of))).item();
    };
    const double error = variance(p) / static_cast<double>(p_classes.size(0)) +
                         variance(q) / static_cast<double>(q_classes.size(0));
    return {sum(abs(p - q)).item() / 2, std::sqrt(std::max(0.0, error)) / 2};
}

double classifier_score(const Tensor& probabilities) {
    NoGrad guard;
    const Tensor p = to(probabilities, f64), marginal = mean(p, {0}, true);
    return std::exp(mean(sum(xlogy(p, p) - xlogy(p, marginal), {1})).item());
}

}  // namespace eps::metrics
