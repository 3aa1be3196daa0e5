// The classifier, the metrics on its classes, and the reports.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <numbers>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/data/batches.h"
#include "experiments/metrics/classifier.h"
#include "experiments/metrics/report.h"
#include "tensor/create.h"
#include "tensor/runtime/parallel.h"
#include "tests/files.h"

using namespace eps;
using namespace eps::metrics;

namespace {

// Sets XDG_CACHE_HOME for a scope.
class Cache {
public:
    explicit Cache(const std::string& folder)
        : before_(std::getenv("XDG_CACHE_HOME") ? std::getenv("XDG_CACHE_HOME") : "") {
        ::setenv("XDG_CACHE_HOME", folder.c_str(), 1);
    }
    ~Cache() {
        before_.empty() ? ::unsetenv("XDG_CACHE_HOME")
                        : ::setenv("XDG_CACHE_HOME", before_.c_str(), 1);
    }
    Cache(const Cache&) = delete;
    Cache& operator=(const Cache&) = delete;

private:
    std::string before_;
};

// Class c is a bright square at its own position, in noise.
data::ImageDataset squares(std::int64_t count, std::uint64_t seed) {
    Generator generator(seed);
    data::ImageDataset set{randint(0, 60, {count, 28, 28}, {.dtype = u8}, generator),
                           zeros({count}, {.dtype = i64}), "squares"};
    for (std::int64_t i = 0; i < count; ++i) {
        const std::int64_t c = i % 10;
        set.labels.data<std::int64_t>()[i] = c;
        for (std::int64_t row = 0; row < 8; ++row)
            for (std::int64_t column = 0; column < 5; ++column)
                set.images.data<std::uint8_t>()[i * 784 + (c / 5 * 14 + 3 + row) * 28 + c % 5 * 5 +
                                                2 + column] = 250;
    }
    return set;
}

Tensor pixels(const data::ImageDataset& set) {
    return data::take_rows_u8_as_f32(
        set.images, arange(0, static_cast<double>(set.images.size(0)), 1, {.dtype = i64}));
}

std::map<std::string, double> by_name(const models::Scalars& scalars) {
    std::map<std::string, double> values;
    for (const auto& each : scalars) {
        CHECK_MESSAGE(std::isfinite(each.second), each.first);
        CHECK_MESSAGE(values.insert(each).second, each.first, " is there twice");
    }
    return values;
}

}  // namespace

TEST_CASE("the classifier learns, is the same for any number of threads, and is cached") {
    test::TempFolder folder;
    const Cache cache(folder.path().string());
    const data::ImageDataset train = squares(400, 1), test = squares(100, 2);
    const int threads = num_threads();
    set_num_threads(1);
    const Classifier first(train, 10);
    set_num_threads(threads);
    CHECK(first.accuracy(test) == 1);
    CHECK(first.read(pixels(test)).features.shape() == Shape{100, 64});
    REQUIRE(
        test::contains(first.file(), folder.path().string() + "/varepsilon/classifier-squares-"));
    const std::string bytes = test::bytes_of_file(first.file());
    CHECK(bytes.size() > 90000);

    // A cached file of other weights is used if its checksum is right.
    CHECK(Classifier(train, 10).checksum() == first.checksum());
    CHECK(Classifier(train, 1).file() != first.file());
    CHECK(Classifier(test, 1).file() != Classifier(train, 1).file());
    std::filesystem::copy_file(Classifier(train, 1).file(), first.file(),
                               std::filesystem::copy_options::overwrite_existing);
    CHECK(Classifier(train, 10).checksum() == Classifier(train, 1).checksum());

    // A damaged file is replaced after another training, here on another number of threads.
    std::string flipped = bytes;
    flipped[bytes.size() - 100] ^= 1;
    for (const std::string& damage : {bytes.substr(0, bytes.size() / 2), std::string(), flipped}) {
        test::put(first.file(), damage);
        set_num_threads(2);
        CHECK(Classifier(train, 10).checksum() == first.checksum());
        set_num_threads(threads);
        CHECK(test::bytes_of_file(first.file()) == bytes);
    }
}

TEST_CASE("a cache that cannot be written is not an error") {
    test::TempFolder folder;
    test::put(folder / "file", "in the way");
    const data::ImageDataset train = squares(60, 1);
    std::uint32_t checksum = 0;
    {
        const Cache cache(folder / "file");
        checksum = Classifier(train, 1).checksum();
    }
    const Cache cache(folder.path().string());
    CHECK(Classifier(train, 1).checksum() == checksum);
    CHECK_THROWS_WITH_AS(Classifier(data::ImageDataset{zeros({0, 28, 28}, {.dtype = u8}),
                                                       zeros({0}, {.dtype = i64}), "none"}),
                         doctest::Contains("needs at least two images"), Error);
    CHECK_THROWS_WITH_AS((void)Classifier(train, 1).read(zeros({3, 28})),
                         doctest::Contains("expected f32 [N, 784]"), Error);
}

TEST_CASE("Fashion-MNIST: 4000 images are enough for three of four") {
    data::ImageDataset train, test;
    try {
        train = data::load_images("fashion-mnist", "train");
        test = data::load_images("fashion-mnist", "test");
    } catch (const data::DataUnavailable& missing) {
        MESSAGE("skipped: ", missing.what());
        return;
    }
    test::TempFolder folder;
    const Cache cache(folder.path().string());
    for (data::ImageDataset* set : {&train, &test}) {
        const std::int64_t count = set == &train ? 4000 : 1000;
        set->images = narrow(set->images, 0, 0, count);
        set->labels = narrow(set->labels, 0, 0, count);
    }
    CHECK(Classifier(train).accuracy(test) > 0.75);
}

TEST_CASE("class histograms, total variation and the classifier score agree with values by hand") {
    const Tensor p = tensor({0, 0, 1, 2}, {}, {.dtype = i64}),
                 q = tensor({0, 1, 1, 3}, {}, {.dtype = i64});
    CHECK(class_histogram(p).to_vector() ==
          std::vector<double>{0.5, 0.25, 0.25, 0, 0, 0, 0, 0, 0, 0});
    const Measured variation = class_total_variation(p, q);
    CHECK(variation.value == 0.5);
    // sign(p - q) is 1, -1, 1, -1, 0, ..: under p of mean 1/2 and square 1, under q of mean -1/2
    CHECK(variation.se == doctest::Approx(std::sqrt(2 * 0.75 / 4) / 2));
    CHECK(class_total_variation(p, p).value == 0);
    CHECK(class_total_variation(tensor({4}, {1}, {.dtype = i64}), q).value == 1);
    CHECK(classifier_score(eye(10)) == doctest::Approx(10));
    CHECK(classifier_score(full({5, 10}, 0.1)) == doctest::Approx(1));
}

TEST_CASE("toy_report: exact samples are as good as the data") {
    Generator generator(4);
    const data::Toy toy = data::ring8();
    const models::Scalars scalars = toy_report(toy.sample(400, generator), toy, generator);
    const auto value = by_name(scalars);
    CHECK(scalars.front().first == "modes");
    CHECK(value.at("modes") == 8);
    CHECK(value.at("modes_of") == 8);
    CHECK(value.at("samples") == 400);
    for (const char* name : {"hq", "reverse_kl", "precision", "recall", "density", "coverage",
                             "mmd2", "mmd_p", "swd", "c2st"}) {
        CAPTURE(name);
        REQUIRE(value.contains(str(name, "_floor")));
        CHECK((value.contains(str(name, "_se")) || std::string(name) == "mmd_p"));
    }
    for (const char* name : {"hq", "density", "c2st", "mmd2"}) {
        CAPTURE(name);
        // Two draws of the data: the value lies as far from the floor as both errors allow.
        CHECK(std::abs(value.at(name) - value.at(str(name, "_floor"))) <=
              4 * std::numbers::sqrt2 * value.at(str(name, "_se")));
    }
    Generator again(4);
    const int threads = num_threads();
    set_num_threads(threads == 1 ? 2 : 1);
    CHECK(toy_report(toy.sample(400, again), toy, again) == scalars);  // bitwise
    set_num_threads(threads);

    const auto moons =
        by_name(toy_report(data::moons().sample(100, generator) + 1.0, data::moons(), generator));
    CHECK_FALSE(moons.contains("modes"));
    CHECK(moons.at("mmd_p") < 0.01);
    CHECK(moons.at("coverage") < moons.at("coverage_floor"));
    CHECK_THROWS_WITH_AS(toy_report(zeros({19, 2}), toy, generator),
                         doctest::Contains("expected 20 at least"), Error);
    CHECK_THROWS_WITH_AS(toy_report(full({20, 2}, std::nan("")), toy, generator),
                         doctest::Contains("not finite"), Error);
    CHECK_THROWS_WITH_AS(toy_report(zeros({20, 3}), toy, generator),
                         doctest::Contains("points in the plane"), Error);
}

TEST_CASE(
    "image_report tells the test set, copies of the training set, one class and noise apart") {
    test::TempFolder folder;
    const Cache cache(folder.path().string());
    const data::ImageDataset train = squares(1500, 1), test = squares(120, 2);
    const auto report = [&](const Tensor& samples) {
        Generator generator(6);
        return by_name(image_report(samples, train, test, generator));
    };
    const auto itself = report(pixels(test));
    for (const char* name : {"precision", "recall", "coverage"}) CHECK(itself.at(name) == 1);
    CHECK(itself.at("density") == doctest::Approx(1).epsilon(1e-12));
    for (const char* name : {"cfd", "swd", "class_tv"}) CHECK(itself.at(name) < 1e-6);
    CHECK(itself.at("memorisation") == 1);
    CHECK(itself.at("samples") == 120);
    CHECK(itself.at("classifier") == Classifier(train).checksum());
    CHECK(itself.at("classifier_accuracy") == Classifier(train).accuracy(test));

    const auto copies = report(narrow(pixels(train), 0, 0, 150));
    CHECK(copies.at("memorisation") == 0);
    for (const char* name :
         {"cfd", "class_tv", "coverage", "precision", "parzen", "classifier_score"}) {
        CAPTURE(name);
        CHECK(copies.at(name) == copies.at(str(name, "_floor")));
    }

    const auto one = report(index_select(pixels(test), 0, full({120}, 3, {.dtype = i64})));
    CHECK(one.at("class_tv") == doctest::Approx(0.9));
    CHECK(one.at("coverage") < 0.3);
    Generator generator(7);
    const auto noise = report(rand({40, 784}, generator));
    CHECK(noise.at("samples") == 40);
    CHECK(noise.at("c2st") == 1);
    CHECK(noise.at("cfd") > 10 * noise.at("cfd_floor"));
    CHECK(noise.at("parzen") < noise.at("parzen_floor"));

    const auto brief = by_name(image_diagnostics(pixels(test), test, Classifier(train)));
    CHECK(brief.at("coverage") == 1);
    CHECK(brief.at("class_tv") == 0);
    CHECK_THROWS_WITH_AS(report(zeros({10, 784})), doctest::Contains("expected 20 at least"),
                         Error);
    CHECK_THROWS_WITH_AS(report(zeros({30, 28})), doctest::Contains("784"), Error);
}
