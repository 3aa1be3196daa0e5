#include "tensor/io/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "tensor/raw_copy.h"

namespace eps {
namespace {

constexpr std::size_t kMaxQuote = 400;  // characters of a file in an error message

// An error message may quote the file, and a file may contain anything: no control characters, no
// megabytes.
std::string printable(std::string_view text) {
    std::string out(text.substr(0, kMaxQuote));
    for (char& c : out)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    return text.size() > kMaxQuote ? out + "..." : out;
}

}  // namespace

InputFile::InputFile(std::string path, const char* op) : path_(std::move(path)), op_(op) {
    // NONBLOCK: opening a FIFO must not hang before the check below rejects it
    descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    check(descriptor_ >= 0, op_, "cannot open '", path_,
          "': ", std::generic_category().message(errno));
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
        ::close(descriptor_);
        eps::fail(op_, "'", path_, "' is ",
                  S_ISDIR(status.st_mode) ? "a folder" : "not a regular file", "; expected a file");
    }
    size_ = static_cast<std::uint64_t>(status.st_size);
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

void InputFile::fail(std::string_view what, std::string_view rest) const {
    eps::fail(op_, printable(what), " in '", path_, "'", printable(rest));
}

std::vector<std::byte> read_file(const std::string& path, const char* op) {
    const InputFile file(path, op);
    std::vector<std::byte> bytes(static_cast<std::size_t>(file.size()));
    file.read(0, bytes);
    return bytes;
}

std::optional<std::uint64_t> byte_count(const Shape& shape, std::size_t element_bytes) {
    std::int64_t bytes = static_cast<std::int64_t>(element_bytes);
    bool has_zero = false;
    for (const std::int64_t extent : shape) {
        if (extent < 0 || __builtin_mul_overflow(bytes, extent == 0 ? 1 : extent, &bytes))
            return std::nullopt;
        has_zero = has_zero || extent == 0;
    }
    return has_zero ? 0 : static_cast<std::uint64_t>(bytes);
}

Tensor read_tensor(const InputFile& file, std::uint64_t offset, const Shape& shape, DType dtype) {
    Tensor x = empty(shape, {.dtype = dtype});
    auto* const bytes = static_cast<std::byte*>(x.raw_data());
    const std::span out(bytes, static_cast<std::size_t>(x.numel()) * size_of(dtype));
    file.read(offset, out);
    if (dtype == boolean)
        for (const std::byte b : out)
            if (std::to_integer<int>(b) > 1)
                file.fail(str("a bool is stored as ", std::to_integer<int>(b)),
                          "; expected 0 or 1");
    return x;
}

HostBytes host_bytes(const Tensor& x) {
    Tensor host = raw::contiguous(raw::to(x, cpu));
    const auto* const first = static_cast<const std::byte*>(host.raw_data());
    const std::span bytes(first, static_cast<std::size_t>(host.numel()) * size_of(host.dtype()));
    return {std::move(host), bytes};
}

}  // namespace eps
