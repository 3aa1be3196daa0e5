#include "cli/commands.h"

#include <exception>
#include <new>

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

}  // namespace

void set_program_name(std::string name) { name_of_program() = std::move(name); }
const std::string& program_name() { return name_of_program(); }

int run(const ShowText& arguments) {
    print(arguments.text);
    return exit_ok;
}

int main_of(int argc, const char* const* argv) {
    if (argc > 0 && argv[0] != nullptr) set_program_name(argv[0]);
    try {
        return std::visit([](const auto& arguments) { return run(arguments); },
                          parse_arguments(argc, argv));
    } catch (const UsageError& error) {
        return complain(error.what(), exit_usage);  // names the command: "eps train vae: ..."
    } catch (const Unavailable& error) {
        return complain(str("eps: ", error.what()), exit_unavailable);
    } catch (const std::bad_alloc&) {
        return complain("eps: out of memory", exit_error);
    } catch (const std::exception& error) {
        return complain(str("eps: ", error.what()), exit_error);
    }
}

}  // namespace eps::cli
