#include "cli/commands.h"

#include <unistd.h>

#include <cstring>
#include <exception>
#include <new>

#include "cli/signals.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace eps::cli {
namespace {

std::string& name_of_program() {
    static std::string name = "eps";
    return name;
}

int complain(const std::string& sentence, int code) {
    talk(printable(sentence) + "\n");
    return code;
}

// Allocates nothing.
int complain_of_memory() noexcept {
    constexpr const char* sentence = "eps: out of memory\n";
    (void)!::write(STDERR_FILENO, sentence, std::strlen(sentence));
    return exit_error;
}

int answer(int argc, const char* const* argv) {
    try {
        if (argc > 0 && argv[0] != nullptr) set_program_name(argv[0]);
        return std::visit([](const auto& arguments) { return run(arguments); },
                          parse_arguments(argc, argv));
    } catch (const UsageError& error) {
        return complain(error.what(), exit_usage);  // names the command: "eps train vae: ..."
    } catch (const Unavailable& error) {
        return complain(str("eps: ", error.what()), exit_unavailable);
    } catch (const std::bad_alloc&) {
        return complain_of_memory();
    } catch (const std::exception& error) {
        return complain(str("eps: ", error.what()), exit_error);
    }
}

}  // namespace

void set_program_name(std::string name) { name_of_program() = std::move(name); }
const std::string& program_name() { return name_of_program(); }

int run(const ShowText& arguments) {
    print(arguments.text);
    return exit_ok;
}

int main_of(int argc, const char* const* argv) {
    ignore_file_size_signal();
    try {
        return answer(argc, argv);
    } catch (const std::bad_alloc&) {  // in the middle of a complaint
        return complain_of_memory();
    }
}

}  // namespace eps::cli
