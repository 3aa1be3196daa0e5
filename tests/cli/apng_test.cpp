#include "cli/apng.h"

#include <zlib.h>

#include "cli/png.h"
#include "experiments/run/trainer.h"
#include "tensor/create.h"
#include "tests/files.h"
#include "tests/experiments/toy_task.h"

using namespace eps;
using namespace eps::cli;
using namespace eps::test;

namespace {

struct Fixture {
    TempFolder folder;
    std::string path = folder / "film.png";
};

std::uint32_t number(const std::string& bytes, std::size_t at, int count = 4) {
    std::uint32_t value = 0;
    for (int i = 0; i < count; ++i)
        value = value << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)]);
    return value;
}

struct Chunk {
    std::string type, data, bytes;
};
std::vector<Chunk> chunks_of(const std::string& file) {
    std::vector<Chunk> chunks;
    for (std::size_t at = 8; at < file.size();) {
        const std::size_t length = number(file, at);
        chunks.push_back(
            {file.substr(at + 4, 4), file.substr(at + 8, length), file.substr(at, length + 12)});
        const std::string covered = file.substr(at + 4, length + 4);
        CHECK(::crc32(0, reinterpret_cast<const Bytef*>(covered.data()),
                      static_cast<uInt>(covered.size())) == number(file, at + 8 + length));
        at += 12 + length;
    }
    return chunks;
}

struct Frame {
    std::uint32_t milliseconds;
    std::vector<double> levels;
};
// The film as a player sees it: each frame made a PNG file of its own, for libpng to read.
std::vector<Frame> played(const std::string& path, const std::string& scratch) {
    std::vector<Frame> frames;
    std::string header, animation;
    std::uint32_t sequence = 0, delay = 0;
    for (const Chunk& chunk : chunks_of(bytes_of_file(path))) {
        if (chunk.type == "IHDR") header = chunk.bytes;
        if (chunk.type == "acTL") animation = chunk.data;
        if (chunk.type == "IDAT") CHECK(sequence == 0);  // before all frames: not one of them
        if (chunk.type != "fcTL" && chunk.type != "fdAT") continue;
        CHECK(number(chunk.data, 0) == sequence++);
        if (chunk.type == "fcTL") {
            REQUIRE(chunk.data.size() == 26);
            CHECK(chunk.data.substr(4, 8) == header.substr(8, 8));    // the whole picture,
            CHECK(chunk.data.substr(12, 8) == std::string(8, '\0'));  // from its corner,
            CHECK(chunk.data.substr(24) == std::string(2, '\0'));  // in place of the frame before
            delay = 1000 * number(chunk.data, 20, 2) / number(chunk.data, 22, 2);
            continue;
        }
        const std::string data = "IDAT" + chunk.data.substr(4);
        const auto big_endian = [](std::uint64_t v) {
            std::string out;
            for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(v >> shift);
            return out;
        };
        const auto crc =
            ::crc32(0, reinterpret_cast<const Bytef*>(data.data()), static_cast<uInt>(data.size()));
        put(scratch, "\x89PNG\r\n\x1a\n" + header + big_endian(data.size() - 4) + data +
                         big_endian(crc) + std::string("\0\0\0\0IEND\xae\x42\x60\x82", 12));
        frames.push_back({delay, read_png(scratch).to_vector()});
    }
    REQUIRE(animation.size() == 8);
    CHECK(number(animation, 0) == frames.size());
    CHECK(number(animation, 4) == 0);  // for ever
    return frames;
}

}  // namespace

TEST_CASE_FIXTURE(
    Fixture,
    "a film has its frames, rests on the last, and shows it to programs that cannot play films") {
    const Tensor gray = tensor({0, 1, 2, 10, 11, 12, 253, 254, 255}, {3, 1, 3, 1}, {.dtype = u8});
    write_film(path, gray);
    const std::vector<Frame> frames = played(path, folder / "frame.png");
    REQUIRE(frames.size() == 3);
    CHECK(frames[0].levels == std::vector<double>{0, 1, 2});
    CHECK(frames[1].levels == std::vector<double>{10, 11, 12});
    CHECK(frames[2].levels == std::vector<double>{253, 254, 255});
    CHECK(frames[0].milliseconds == 100);
    CHECK(frames[1].milliseconds == 100);
    CHECK(frames[2].milliseconds == 2000);
    CHECK(read_png(path).to_vector() == frames[2].levels);
    CHECK(read_png(path).shape() == Shape{1, 3});

    write_picture(
        path, {.name = "x", .pixels = tensor({0, 0.5, 1, 1, 0.5, 0}, {2, 1, 1, 3}), .scale = 2});
    const std::vector<Frame> colours = played(path, folder / "frame.png");
    REQUIRE(colours.size() == 2);
    CHECK(colours[0].levels ==
          std::vector<double>{0, 128, 255, 0, 128, 255, 0, 128, 255, 0, 128, 255});
    CHECK(read_png(path).shape() == Shape{2, 2, 3});
    write_picture(path, {.name = "x", .pixels = zeros({2, 1, 3}), .scale = 1});  // no film
    CHECK_FALSE(contains(bytes_of_file(path), "acTL"));
}

TEST_CASE_FIXTURE(Fixture, "frames of a wrong shape, NaN and no frames are rejected") {
    const auto message = [&](const Tensor& x) { return message_of([&] { write_film(path, x); }); };
    CHECK(contains(message(zeros({2, 2, 2, 2})), "expected [F, H, W, 1]"));
    CHECK(contains(message(zeros({2, 2, 3})), "expected [F, H, W, 1]"));
    CHECK(contains(message(zeros({0, 2, 2, 3})), "not empty"));
    CHECK(contains(message(Tensor()), "undefined"));
    CHECK(contains(message(full({1, 1, 1, 1}, NAN)), "holds NaN"));
    CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE_FIXTURE(Fixture, "pictures are joined in their order, without those that do not fit") {
    const auto still = [&](const std::string& name, double level, const Shape& shape = {1, 2}) {
        write_png(folder / name, full(shape, level, {.dtype = u8}));
        return folder / name;
    };
    std::vector<std::string> files{still("a.png", 1), still("b.png", 9, {2, 2}), still("c.png", 3),
                                   still("d.png", 9, {1, 2, 3}), folder / "none.png"};
    put(folder / "broken.png", bytes_of_file(files[0]).substr(0, 45));
    files.insert(files.end(), {folder / "broken.png", still("e.png", 5)});
    join_film(path, files);
    const std::vector<Frame> frames = played(path, folder / "frame.png");
    REQUIRE(frames.size() == 3);
    for (std::size_t i = 0; i < 3; ++i)
        CHECK(frames[i].levels == std::vector<double>(2, 1.0 + 2 * static_cast<double>(i)));
    const std::string once = bytes_of_file(path);
    join_film(path, files);
    CHECK(bytes_of_file(path) == once);

    join_film(folder / "short.png", {files[0], files[1]});
    join_film(folder / "short.png", {});
    CHECK_FALSE(std::filesystem::exists(folder / "short.png"));
}

TEST_CASE_FIXTURE(Fixture,
                  "a long training makes a film of a hundred frames from its first to its last") {
    std::vector<std::string> files;
    for (int i = 0; i < 231; ++i) {
        files.push_back(folder / (std::to_string(i) + ".png"));
        write_png(files.back(), full({1, 1}, i, {.dtype = u8}));
    }
    join_film(path, files);
    const std::vector<Frame> frames = played(path, folder / "frame.png");
    REQUIRE(frames.size() == 100);
    CHECK(frames.front().levels[0] == 0);
    CHECK(frames.back().levels[0] == 230);
    for (std::size_t i = 1; i < frames.size(); ++i)
        CHECK(std::abs(frames[i].levels[0] - frames[i - 1].levels[0] - 2.5) < 1);
}

TEST_CASE_FIXTURE(Fixture, "training leaves a film, and a longer one after a resume") {
    const models::PictureWriter writer{.save = write_picture, .join = join_film};
    const std::string film = folder / "run/samples/toy-film.png";
    for (const std::int64_t steps : {100, 200}) {
        ToyTask task;
        QuietListener listener;
        const std::atomic<int> stop{0};
        models::RunFolder run = steps == 100
                                    ? models::RunFolder::create(folder / "run", toy_config())
                                    : models::RunFolder::resume(folder / "run");
        models::Config config = run.config();
        config.set("steps", steps);
        run.set_config(config);
        models::train(task, run, writer, listener, stop);
        CHECK(played(film, folder / "frame.png").size() == static_cast<std::size_t>(steps / 50));
        for (const char* other : {"toy-ema-0000001.png", "toy-7x.png", "toy--5.png", "toy-.png",
                                  "toy-0009999.png"})  // no steps of toy up to here
            put(folder / ("run/samples/" + std::string(other)),
                bytes_of_file(folder / "run/samples/toy.png"));
    }
    CHECK(read_png(film).to_vector() == read_png(folder / "run/samples/toy.png").to_vector());
}
