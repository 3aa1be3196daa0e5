# What every binary of ours has against mistakes in memory, and where it may look for libraries.
# tests/hardening.sh checks it on the files as they are built and installed.
#
#   - position independent code, also of programs: addresses that nobody can guess;
#   - canaries on the stack;
#   - calls of the C library that know the size of their buffer, where the compiler optimises;
#   - the linker's tables resolved at start and then read-only; no stack that can be executed;
#   - indices of the standard library's containers checked in tests, under sanitizers, and where
#     the compiler does not optimise;
#   - no library that is not used, and none from a folder that is not the system's or, for our own
#     shared library, one beside the program.
include(CheckPIESupported)
check_pie_supported()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

set(optimised $<CONFIG:Release,RelWithDebInfo,MinSizeRel>)
set(cxx $<COMPILE_LANGUAGE:CXX>)
set(assertions $<NOT:${optimised}>)
if(EPS_SANITIZE)
  set(assertions 1)
endif()
target_compile_options(eps_options INTERFACE $<${cxx}:-fstack-protector-strong>)
target_compile_definitions(eps_options INTERFACE
  $<$<AND:${cxx},$<BOOL:${assertions}>>:_GLIBCXX_ASSERTIONS>)
target_link_options(eps_options INTERFACE
  LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack LINKER:--as-needed)

# For what is installed. The tests are compiled without optimisation in every build, where the
# definition is an error, and a sanitizer has better checks of its own.
add_library(eps_fortified INTERFACE)
if(NOT EPS_SANITIZE)
  target_compile_options(eps_fortified INTERFACE
    $<$<AND:${cxx},${optimised}>:-U_FORTIFY_SOURCE$<SEMICOLON>-D_FORTIFY_SOURCE=2>)
endif()

# CMake fills up the search path of a built program with colons, to have room for that of the
# installed one, and the loader takes what is between two colons for the current directory. So both
# paths are the same: a folder below the build holds the library as it will be beside bin/.
include(GNUInstallDirs)
if(BUILD_SHARED_LIBS AND PROJECT_IS_TOP_LEVEL)
  set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/${CMAKE_INSTALL_LIBDIR})
  file(RELATIVE_PATH to_library /prefix/${CMAKE_INSTALL_BINDIR} /prefix/${CMAKE_INSTALL_LIBDIR})
  set(CMAKE_INSTALL_RPATH $ORIGIN/${to_library})
  set(CMAKE_BUILD_WITH_INSTALL_RPATH ON)
endif()
