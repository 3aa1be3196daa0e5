#include "tensor/io/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace eps {
namespace {

constexpr std::size_t kMaxQuote = 400;  // characters of a file in an error message
// What a compressed file may unpack to. Images of digits and clothes have a ratio of 2 to 5.
constexpr std::uint64_t kUnpackedBytes = 16 << 20, kUnpackedRatio = 32;

// An error message may quote the file, and a file may contain anything: no control characters, no
// megabytes.
std::string printable(std::string_view text) {
    std::string out(text.substr(0, kMaxQuote));
    for (char& c : out)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    return text.size() > kMaxQuote ? out + "..." : out;
}

}  // namespace

const char* irregular_kind(unsigned mode) {
    if (S_ISDIR(mode)) return "a folder";
    if (S_ISFIFO(mode)) return "a FIFO";
    if (S_ISSOCK(mode)) return "a socket";
    return S_ISREG(mode) ? nullptr : "a device";
}

InputFile::InputFile(std::string path, const char* op, std::uint64_t most)
    : path_(std::move(path)), op_(op) {
    struct stat status {};
    const auto check_kind = [&] {
        const char* const kind = irregular_kind(status.st_mode);
        check(kind == nullptr, op_, "'", path_, "' is ", kind ? kind : "", "; expected a file");
    };
    // Opening some devices has effects, and opening a FIFO waits: NONBLOCK is for one that takes
    // the file's place after stat().
    if (::stat(path_.c_str(), &status) == 0) check_kind();
    descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    check(descriptor_ >= 0, op_, "cannot open '", path_,
          "': ", std::generic_category().message(errno));
    try {
        if (::fstat(descriptor_, &status) != 0)
            fail(std::generic_category().message(errno), " while opening");
        check_kind();
        size_ = static_cast<std::uint64_t>(status.st_size);
        if (size_ > most)
            fail(str("too long: ", size_, " bytes"), str("; expected at most ", most));
    } catch (...) {
        ::close(descriptor_);
        throw;
    }
}

InputFile::~InputFile() { ::close(descriptor_); }

void InputFile::read(std::uint64_t offset, std::span<std::byte> out) const {
    if (offset > size_ || out.size() > size_ - offset)
        fail(str("truncated: ", size_, " bytes; needs ", out.size(), " at ", offset));
    while (!out.empty()) {
        const ssize_t count =
            ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail(std::generic_category().message(errno), " while reading");
        if (count == 0) fail("unexpected end", "; another program has shortened the file");
        out = out.subspan(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
}

void InputFile::check_unpacked(std::uint64_t bytes) const {
    const std::uint64_t most = most_unpacked(size_);
    if (bytes > most)
        fail(str("the header declares ", bytes, " bytes"),
             str("; expected at most ", most, " of a compressed file of ", size_,
                 "; hint: if you trust it, unpack it yourself"));
}

void InputFile::fail(std::string_view what, std::string_view rest) const {
    eps::fail(op_, printable(what), " in '", path_, "'", printable(rest));
}

std::uint64_t most_unpacked(std::uint64_t file_bytes) {
    return std::max(kUnpackedBytes, file_bytes * kUnpackedRatio);
}

std::vector<std::byte> read_file(const std::string& path, const char* op, std::uint64_t most) {
    const InputFile file(path, op, most);
    std::vector<std::byte> bytes(static_cast<std::size_t>(file.size()));
    file.read(0, bytes);
    return bytes;
}

}  // namespace eps
