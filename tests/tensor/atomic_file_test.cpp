#include "tensor/io/atomic_file.h"

#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <fcntl.h>

#include "tests/files.h"

using namespace eps;
using namespace eps::test;

namespace {

using Names = std::vector<std::string>;

struct Fixture {
    TempFolder folder;
    std::string path = folder / "x.txt";
    std::string error_of(const std::string& file) const {
        return message_of([&] { write_file_atomically(file, "new", "write_it"); });
    }
};

// What `child` does in a process of its own: its exit status, or -1 if a signal ended it.
template <class Child> int exit_of(const Child& child) {
    const ::pid_t id = ::fork();
    REQUIRE(id >= 0);
    if (id == 0) ::_exit(child());
    int status = 0;
    REQUIRE(::waitpid(id, &status, 0) == id);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

::mode_t mode_of(const std::string& path) {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mode & 07777;
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a file appears when it is committed, and nothing else stays") {
    {
        AtomicFile file(path, "write_it");
        file.write("one ");
        file.write("two");
        CHECK_FALSE(std::filesystem::exists(path));
        CHECK(folder.names().size() == 1);
        CHECK(is_temporary_name(folder.names()[0]));
        file.commit();
    }
    CHECK(bytes_of_file(path) == "one two");
    AtomicFile(path, "write_it").write("never committed");
    CHECK(bytes_of_file(path) == "one two");
    CHECK(folder.names() == Names{"x.txt"});
}

TEST_CASE_FIXTURE(Fixture, "a name of the greatest length, and one without a folder, are written") {
    const std::string longest(255, 'n');
    write_file_atomically(folder / longest, "long");
    CHECK(bytes_of_file(folder / longest) == "long");
    CHECK(contains(error_of(folder / (longest + "n")), "File name too long"));
    CHECK(exit_of([&] {
              if (::chdir(folder.path().c_str()) != 0) return 1;
              write_file_atomically("plain", "here");
              return bytes_of_file("plain") == "here" ? 0 : 1;
          }) == 0);
    CHECK(folder.names() == Names{longest, "plain"});
}

TEST_CASE_FIXTURE(Fixture, "a file has the permissions that the umask leaves") {
    for (const auto& [mask, mode] : {std::pair(022, 0644), std::pair(077, 0600), {0, 0666}}) {
        const ::mode_t before = ::umask(static_cast<::mode_t>(mask));
        write_file_atomically(path, "new");
        ::umask(before);
        CHECK(mode_of(path) == static_cast<::mode_t>(mode));
    }
}

TEST_CASE_FIXTURE(Fixture, "what is no file is refused and stays, and a link is replaced") {
    std::filesystem::create_directory(folder / "d");
    REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
    std::filesystem::create_symlink("fifo", folder / "to-fifo");
    CHECK(error_of(folder / "d") ==
          "write_it: '" + folder / "d" + "' is a folder; expected a file or nothing");
    CHECK(contains(error_of(folder / "d/"), "is a folder"));
    CHECK(contains(error_of(folder / "new/"), "names no file"));
    CHECK(contains(error_of(""), "names no file"));
    CHECK(contains(error_of(folder / "fifo"), "fifo' is a FIFO"));
    CHECK(contains(error_of(folder / "to-fifo"), "to-fifo' is a FIFO"));
    CHECK(contains(error_of("/dev/null"), "is a device"));
    CHECK(contains(error_of(folder / "none/x"), "cannot create '" + folder / "none/x" + "': No"));

    put(path, "old");
    std::filesystem::create_symlink("x.txt", folder / "link");
    std::filesystem::create_symlink("nowhere", folder / "dangling");
    for (const char* link : {"link", "dangling"}) {
        CHECK(error_of(folder / link).empty());
        CHECK_FALSE(std::filesystem::is_symlink(folder / link));
        CHECK(bytes_of_file(folder / link) == "new");
    }
    CHECK(bytes_of_file(path) == "old");
    CHECK(folder.names() == Names{"d", "dangling", "fifo", "link", "to-fifo", "x.txt"});
}

TEST_CASE_FIXTURE(Fixture,
                  "a write that fails in the middle leaves the old file and nothing else") {
    put(path, "old");
    const int code = exit_of([&] {
        std::signal(SIGXFSZ, SIG_IGN);
        const ::rlimit limit{1000, 1000};  // bytes of a file
        if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
        const std::string error =
            message_of([&] { write_file_atomically(path, std::string(5000, 'x'), "write_it"); });
        return error == "write_it: cannot write '" + path + "': File too large" ? 0 : 2;
    });
    CHECK(code == 0);
    CHECK(bytes_of_file(path) == "old");
    CHECK(folder.names() == Names{"x.txt"});
}

TEST_CASE_FIXTURE(Fixture,
                  "many programs write one file at once: all succeed, and a reader always "
                  "sees one of them whole") {
    constexpr int kPrograms = 8, kWrites = 40;
    constexpr std::size_t kSize = 100'000;
    put(path, std::string(kSize, 'a'));
    std::vector<::pid_t> programs;
    for (int i = 0; i < kPrograms; ++i) {
        programs.push_back(::fork());
        REQUIRE(programs.back() >= 0);
        if (programs.back() > 0) continue;
        const std::string error = message_of([&] {
            for (int n = 0; n < kWrites; ++n)
                write_file_atomically(path, std::string(kSize, static_cast<char>('b' + i)));
        });
        ::_exit(error.empty() ? 0 : 1);
    }
    while (!programs.empty()) {
        const std::string bytes = bytes_of_file(path);
        REQUIRE(bytes == std::string(kSize, bytes.empty() ? '?' : bytes[0]));
        int status = 0;
        if (::waitpid(programs.back(), &status, WNOHANG) != programs.back()) continue;
        CHECK(WIFEXITED(status));
        CHECK(WEXITSTATUS(status) == 0);
        programs.pop_back();
    }
    CHECK(folder.names() == Names{"x.txt"});
}

TEST_CASE_FIXTURE(Fixture,
                  "what a killed program left is removed, what a running one writes is not") {
    // The child is killed while both files are open.
    CHECK(exit_of([&] {
              AtomicFile first(path, "write_it"), second(folder / "y.txt", "write_it");
              first.write("half");
              return ::raise(SIGKILL);
          }) == -1);
    REQUIRE(folder.names().size() == 2);
    const Names others{".x.txt.1f2e3d4c.tmp", ".1f2e3d4c.eps-tmp", "x.txt.1f2e3d4c.eps-tmp",
                       ".x.1f2e3d4c.eps-tmp.png"};
    for (const std::string& name : others) {
        CHECK_FALSE(is_temporary_name(name));
        put(folder / name, "not ours");
    }
    std::filesystem::create_directory(folder / ".d.1f2e3d4c.eps-tmp");
    std::filesystem::create_symlink("x.txt", folder / ".l.1f2e3d4c.eps-tmp");
    REQUIRE(::mkfifo((folder / ".f.1f2e3d4c.eps-tmp").c_str(), 0600) == 0);

    AtomicFile running(path, "write_it");
    running.write("still");
    write_file_atomically(folder / "z.txt", "z");
    running.commit();
    CHECK(bytes_of_file(path) == "still");
    Names expected{".d.1f2e3d4c.eps-tmp", ".f.1f2e3d4c.eps-tmp", ".l.1f2e3d4c.eps-tmp", "x.txt",
                   "z.txt"};
    expected.insert(expected.end(), others.begin(), others.end());
    std::sort(expected.begin(), expected.end());
    CHECK(folder.names() == expected);
}
