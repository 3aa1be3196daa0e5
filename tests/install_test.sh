#!/usr/bin/env bash
# install_test.sh SOURCES BUILD EMPTY_FOLDER: installs a build, moves the prefix, and lets three
# projects use it:
#   1. examples/custom_op, by find_package;
#   2. one file, by pkg-config and make;
#   3. a project that adds our sources as a subfolder: configured, and one file compiled (.ci/run
#      builds it whole).
set -euo pipefail
source=$(realpath "$1") build=$(realpath "$2") work=$(mkdir -p "$3" && realpath "$3")
rm -rf "${work:?}"/*
step() {
  local what=$1 log=$work/log
  shift
  "$@" >"$log" 2>&1 || { cat "$log"; echo "install: $what failed"; exit 1; }
}
fail() { echo "install: $*"; exit 1; }

step "cmake --install" cmake --install "$build" --prefix "$work/first"
mv "$work/first" "$work/moved"
prefix=$work/moved
! grep -rlIF "$work/first" "$prefix" || fail "these files name the prefix they were installed to"
mapfile -t binaries < <(find "$prefix" -name 'libvarepsilon.so' -o -path '*/bin/eps')
((${#binaries[@]} == 0)) ||
  step "the check of binaries" bash "$source/tests/hardening.sh" "${binaries[@]}"
! grep -rlIF "$source" "$prefix" || fail "these files name the folder of the sources"
# Headers below cuda/ are for .cu files, which include CUDA's headers anyway.
includes=$(grep -rhoE '#include <[a-z_]+[./][a-z_0-9./]*>' "$prefix/include/varepsilon" \
  --include='*.h' --exclude-dir=cuda | sort -u)
! grep -vE '<(varepsilon(_op|_nn)?\.h)>' <<<"$includes" ||
  fail "a third-party header in a public one"

lines=$(cat "$source"/examples/custom_op/ricker.* | grep -vcE '^ *(//.*)?$')
((lines <= 13)) || fail "a pointwise op takes $lines lines of code; expected at most 13"

step "configuring examples/custom_op" \
  cmake -S "$source/examples/custom_op" -B "$work/custom_op" -G Ninja \
  -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH="$prefix" \
  -DCMAKE_CXX_FLAGS="-Wall -Wextra -Werror"
step "building examples/custom_op" cmake --build "$work/custom_op"
step "examples/custom_op" "$work/custom_op/custom_op"
cat "$work/log"

pc=$(dirname "$(find "$prefix" -name varepsilon.pc)")
step "pkg-config and make" env PKG_CONFIG_PATH="$pc" \
  make -C "$work" -f "$source/tests/consumers/makefile/Makefile" SOURCE="$source/examples/first.cpp"
step "the program made by pkg-config" env LD_LIBRARY_PATH="$(dirname "$pc")" "$work/first"
[[ ! -x $prefix/bin/eps ]] || step "the installed program" "$prefix/bin/eps" --version

step "configuring the subproject" \
  cmake -S "$source/tests/consumers/subproject" -B "$work/subproject" -G Ninja
flags=$(grep -o '"command": .*first\.cpp"' "$work/subproject/compile_commands.json")
! grep -qE -- ' -(W|m|f|O|D)' <<<"$flags" ||
  fail "a flag of ours reaches the subproject's code: $flags"
step "compiling in the subproject" cmake --build "$work/subproject" \
  --target CMakeFiles/first.dir"$source"/examples/first.cpp.o
