// The program eps. It first checks that this CPU has the instructions the kernels were compiled
// for.
#include <cxxabi.h>
#include <unistd.h>

#include <exception>
#include <new>
#include <typeinfo>

#include "cli/commands.h"
#include "tensor/runtime/isa.h"

namespace {

void complain(const char* text) {
    std::size_t length = 0;
    while (text[length] != '\0') ++length;
    (void)!::write(STDERR_FILENO, text, length);
}

// Where an exception finds no handler, or no memory for itself: before main(), or in a destructor.
[[noreturn]] void end_at_once() {
    const std::type_info* const type = abi::__cxa_current_exception_type();
    if (type == nullptr || *type == typeid(std::bad_alloc))
        complain("eps: out of memory\n");
    else
        complain("eps: ended by an error that nothing expected\n");
    ::_exit(eps::cli::exit_error);
}

// Runs before static objects are constructed. It uses plain characters only: any inline function of
// the standard library may come from a file that was compiled for the missing instructions.
[[gnu::constructor(101)]] void prepare() {
    std::set_terminate(end_at_once);
    bool missing = false;
    for (int i = 0; eps::isa_feature(i).name != nullptr; ++i) {
        const eps::IsaFeature feature = eps::isa_feature(i);
        if (!feature.compiled || feature.available) continue;
        complain(
            missing
                ? " "
                : "eps: this program was built for a CPU with other instructions; missing here: ");
        complain(feature.name);
        missing = true;
    }
    if (!missing) return;
    complain(
        "; hint: build it on this computer, or with -DEPS_ISA=x86-64-v3 for every CPU with AVX2\n");
    ::_exit(eps::cli::exit_error);
}

}  // namespace

int main(int argc, char** argv) { return eps::cli::main_of(argc, argv); }
