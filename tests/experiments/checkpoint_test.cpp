#include "experiments/run/checkpoint.h"

#include <cmath>

#include "experiments/run/checksum.h"
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
    CHECK(load_checkpoint(path, "toy", b).step == 7);
    CHECK(numbers(a) == numbers(b));
    const CheckpointInfo info = checkpoint_info(path);
    CHECK(info.family == "toy");
    CHECK(info.step == 7);
    CHECK(info.parameters == 4);
    CHECK(info.ended);
    CHECK(info.note.empty());
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
    const CheckpointInfo foreign = load_checkpoint(path, "toy", task);
    CHECK(foreign.step == 12);
    CHECK(foreign.note == "'" + path + "' has no checksum, so that damage to it goes unnoticed");
    CHECK(checkpoint_info(path).note == foreign.note);
    // made by version 0.2: the checksum covers the step and the tensors
    const auto old = [&](const char* step) {
        return std::map<std::string, std::string>{
            {"family", "toy"},
            {"step", step},
            {"checksum", Checksum().add(std::string("12")).add(good).text()}};
    };
    write_safetensors(path, good, old("12"));
    CHECK(load_checkpoint(path, "toy", task).note.empty());
    CHECK(contains(error_for(good, old("13")), "checksum"));
}

TEST_CASE("numbers that are not finite are refused, whatever the checksum says") {
    TempFolder folder;
    const std::string path = folder / "checkpoint.safetensors";
    for (const double bad : {std::nan(""), HUGE_VAL}) {
        const Tensor four = ones({4}), weights = tensor({0, bad, 0, 0}, {4}),
                     noise = tensor({1, 2}, {2}, {.dtype = i64});
        const NamedTensors state{{"weights", weights}, {"momentum", four}, {"noise", noise}};
        write_safetensors(path, state,
                          {{"family", "toy"},
                           {"step", "3"},
                           {"checksum", Checksum().add(std::string("3")).add(state).text()}});
        ToyTask task;
        for (const std::string& message : {message_of([&] { load_checkpoint(path, "toy", task); }),
                                           message_of([&] { checkpoint_info(path); })})
            CHECK_MESSAGE(contains(message, "'weights' is not finite in '" + path + "'"), message);
        CHECK(task.weights.to_vector() == ToyTask().weights.to_vector());
    }
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
    const auto message_for = [&](const std::string& bytes, std::string& note) {
        put(path, bytes);
        return message_of([&] {
            ToyTask other;
            note = load_checkpoint(path, "toy", other).note;
        });
    };
    const std::size_t data = valid.size() - (4 + 4) * 4 - 2 * 8;
    for (std::size_t at = 0; at < valid.size(); ++at)
        for (int bit = 0; bit < 8; ++bit) {
            std::string bytes = valid, note;
            bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
            const std::string message = message_for(bytes, note);
            // A flip in the header may lose the name of the checksum.
            REQUIRE((!message.empty() || contains(note, "has no checksum")));
            if (at >= data) REQUIRE(contains(message, "damaged"));
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
