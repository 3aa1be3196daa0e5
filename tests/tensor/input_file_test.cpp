#include "tensor/io/input_file.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "tests/files.h"

using namespace eps;
using namespace eps::test;

namespace {

struct Fixture {
    TempFolder folder;
    std::string path = folder / "x";
    static std::string open_error(const std::string& file) {
        return message_of([&] { InputFile(file, "read_it"); });
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a file is read by position, and never beyond its end") {
    put(path, "0123456789");
    const InputFile file(path, "read_it");
    CHECK(file.size() == 10);
    std::string three(3, ' ');
    file.read(7, std::as_writable_bytes(std::span(three)));
    CHECK(three == "789");
    const auto error_at = [&](std::uint64_t offset) {
        return message_of([&] { file.read(offset, std::as_writable_bytes(std::span(three))); });
    };
    CHECK(error_at(8) == "read_it: truncated: 10 bytes; needs 3 at 8 in '" + path + "'");
    CHECK(contains(error_at(UINT64_MAX), "needs 3 at 18446744073709551615"));
    std::filesystem::resize_file(path, 5);
    CHECK(contains(error_at(7), "unexpected end in '" + path + "'; another program has shortened"));
}

TEST_CASE_FIXTURE(Fixture, "a file may not be longer than its budget") {
    put(path, std::string(100, 'x'));
    CHECK(read_file(path, "read_it", 100).size() == 100);
    CHECK(message_of([&] { read_file(path, "read_it", 99); }) ==
          "read_it: too long: 100 bytes in '" + path + "'; expected at most 99");
    constexpr std::uint64_t kMega = 1 << 20;
    CHECK(most_unpacked(0) == 16 * kMega);
    CHECK(most_unpacked(kMega / 2) == 16 * kMega);
    CHECK(most_unpacked(kMega) == 32 * kMega);
    const InputFile file(path, "read_it");
    file.check_unpacked(16 * kMega);
    CHECK_THROWS_AS(file.check_unpacked(16 * kMega + 1), Error);
}

TEST_CASE_FIXTURE(Fixture, "what is no file is named, and not opened") {
    CHECK(open_error(path) == "read_it: cannot open '" + path + "': No such file or directory");
    CHECK(open_error(folder.path().string()) ==
          "read_it: '" + folder.path().string() + "' is a folder; expected a file");
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    CHECK(contains(open_error(path), "' is a FIFO; expected a file"));
    CHECK(contains(open_error("/dev/zero"), "'/dev/zero' is a device; expected a file"));
    std::filesystem::create_symlink("loop", folder / "loop");
    CHECK(contains(open_error(folder / "loop"), "Too many levels of symbolic links"));
    ::sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    const std::string name = folder / "s";
    REQUIRE(name.size() < sizeof address.sun_path);
    name.copy(address.sun_path, name.size());
    const int descriptor = ::socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(::bind(descriptor, reinterpret_cast<::sockaddr*>(&address), sizeof address) == 0);
    CHECK(contains(open_error(name), "' is a socket; expected a file"));
    ::close(descriptor);
}

TEST_CASE_FIXTURE(Fixture, "an error quotes little of a file, and no control characters") {
    put(path, "");
    const InputFile file(path, "read_it");
    const std::string message =
        message_of([&] { file.fail("\x1b[2J" + std::string(1000, 'x'), "; got \r\n\x7f"); });
    CHECK(message == "read_it: ?[2J" + std::string(396, 'x') + "... in '" + path + "'; got ???");
}
