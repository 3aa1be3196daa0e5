// The command line: the bytes are its words, separated by line ends.
#include "cli/arguments.h"
#include "tests/fuzz/target.h"

namespace eps::fuzz {

void fuzz_options(Bytes bytes) {
    std::string text(text_of(bytes));
    std::erase(text, '\0');
    std::vector<std::string> words{"eps"};
    for (std::size_t at = 0; at <= text.size() && words.size() < 100;) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        words.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    std::vector<const char*> argv;
    for (const std::string& word : words) argv.push_back(word.c_str());
    reads([&] { cli::parse_arguments(static_cast<int>(argv.size()), argv.data()); });
}

}  // namespace eps::fuzz
