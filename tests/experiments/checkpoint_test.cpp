#include "experiments/run/checkpoint.h"

#include "tensor/io/safetensors.h"
#include "tests/experiments/toy_task.h"
#include "tests/files.h"

using namespace eps;
using namespace eps::models;
using namespace eps::test;

namespace {

std::vector<double> numbers(const Task& task) {
    std::vector<double> all;
    for (const auto& [name, x] : task.state())
        for (const double v : x.to_vector()) all.push_back(v);
    return all;
}

}  // namespace

TEST_CASE("a checkpoint restores the whole state, and says what it holds") {
    TempFolder folder;
    const std::string path = folder / "checkpoint.safetensors";
    ToyTask a, b(77);
    for (int i = 0; i < 7; ++i) a.step(i);
    save_checkpoint(path, "toy", a, 7);
    CHECK(load_checkpoint(path, "toy", b) == 7);
    CHECK(numbers(a) == numbers(b));
    const CheckpointInfo info = checkpoint_info(path);
    CHECK(info.family == "toy");
    CHECK(info.step == 7);
    CHECK(info.parameters == 4);
    const std::string first = bytes_of_file(path);
    save_checkpoint(path, "toy", b, 7);
    CHECK(bytes_of_file(path) == first);
}

TEST_CASE(
    "a checkpoint that does not fit throws, naming what is wrong, and the task stays as it was") {
    TempFolder folder;
    const std::string path = folder / "checkpoint.safetensors";
    const Tensor four = ones({4}), state = tensor({1, 2}, {2}, {.dtype = i64});
    const auto error_for = [&](const NamedTensors& tensors,
                               const std::map<std::string, std::string>& metadata) {
        write_safetensors(path, tensors, metadata);
        ToyTask task;
        const auto before = numbers(task);
        const std::string message = message_of([&] { load_checkpoint(path, "toy", task); });
        CHECK_MESSAGE(contains(message, "'" + path + "'"), message);
        CHECK(numbers(task) == before);
        return message;
    };
    const NamedTensors good{{"weights", four}, {"momentum", four}, {"noise", state}};
    CHECK(contains(error_for({{"weights", four}, {"noise", state}, {"other", four}},
                             {{"family", "toy"}, {"step", "1"}}),
                   "missing in '"));
    CHECK(contains(
        error_for({{"weights", four}, {"momentum", four}, {"noise", state}, {"more", four}},
                  {{"family", "toy"}, {"step", "1"}}),
        ": more"));
    CHECK(contains(error_for({{"weights", ones({5})}, {"momentum", four}, {"noise", state}},
                             {{"family", "toy"}, {"step", "1"}}),
                   "got f32 [5]; expected f32 [4]"));
    CHECK(contains(error_for({{"weights", four}, {"momentum", four}, {"noise", four}},
                             {{"family", "toy"}, {"step", "1"}}),
                   "'noise' does not fit"));
    CHECK(contains(error_for(good, {{"family", "gan"}, {"step", "1"}}), "another family"));
    CHECK(contains(error_for(good, {{"family", "toy"}}), "no 'step'"));
    CHECK(contains(error_for(good, {{"family", "toy"}, {"step", "-3"}}), "no whole number"));
    CHECK(contains(error_for(good, {{"family", "toy"}, {"step", "99999999999999999999"}}),
                   "no whole number"));
    CHECK(contains(error_for(good, {{"family", "toy"}, {"step", "1"}, {"checksum", "00000000"}}),
                   "checksum"));
    // made by another program: no checksum
    write_safetensors(path, good, {{"family", "toy"}, {"step", "12"}});
    ToyTask task;
    CHECK(load_checkpoint(path, "toy", task) == 12);
}

TEST_CASE("every truncation and every changed bit of a checkpoint is noticed") {
    TempFolder folder;
    const std::string path = folder / "checkpoint.safetensors";
    ToyTask task;
    for (int i = 0; i < 3; ++i) task.step(i);
    save_checkpoint(path, "toy", task, 3);
    const std::string valid = bytes_of_file(path);
    fuzz_reader(
        path, valid,
        [&] {
            ToyTask other;
            load_checkpoint(path, "toy", other);
        },
        2000);
    const std::size_t data = valid.size() - (4 + 4) * 4 - 2 * 8;
    for (std::size_t at = data; at < valid.size(); ++at)
        for (int bit = 0; bit < 8; ++bit) {
            std::string bytes = valid;
            bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
            put(path, bytes);
            REQUIRE(contains(message_of([&] {
                                 ToyTask other;
                                 load_checkpoint(path, "toy", other);
                             }),
                             "damaged"));
        }
}

TEST_CASE("a state that is not finite is never saved over a good one") {
    TempFolder folder;
    const std::string path = folder / "checkpoint.safetensors";
    ToyTask task;
    save_checkpoint(path, "toy", task, 1);
    const std::string good = bytes_of_file(path);
    task.weights.data<float>()[2] = INFINITY;
    CHECK(contains(message_of([&] { save_checkpoint(path, "toy", task, 2); }),
                   "'weights' is not finite after step 2"));
    CHECK(bytes_of_file(path) == good);
}
