#!/usr/bin/env bash
# Runs tests under AddressSanitizer with UndefinedBehaviorSanitizer, ThreadSanitizer and valgrind:
#
#     tests/sanitize.sh [--chosen] [address|thread|valgrind ...]
#
# Without names all three. --chosen is a part, which continuous integration runs: with addresses
# half of the tests, those of tensors, ops and damaged files; with threads those of the pool, the
# allocator, the engine and training; no valgrind.
set -euo pipefail
cd "$(dirname "$0")/.."

chosen=
if [[ ${1:-} == --chosen ]]; then
  chosen=1
  shift
fi
kinds=("$@")
if ((${#kinds[@]} == 0)); then
  kinds=(address thread)
  [[ -n $chosen ]] || kinds+=(valgrind)
fi

# build PRESET REGEX [OPTION ...]: the tests whose paths match, with warnings as errors.
build() {
  local preset=$1 matching=$2
  shift 2
  cmake --preset "$preset" -DEPS_WERROR=ON "-DEPS_TESTS_MATCHING=$matching" "$@" >/dev/null
  ninja -C "build/$preset" --quiet eps_tests
}

# entries NAME ...: a regular expression for ctest's entries of those names.
entries() { local IFS='|'; echo "^($*)\$"; }

address() {
  local folders=(tensor autograd nn models experiments cli fuzz)
  local IFS='|' readers='(checkpoint|config|idx|metrics_log|run_folder)_test'
  local matching="/tests/(${folders[*]})/"
  if [[ -n $chosen ]]; then
    folders=(tensor autograd experiments fuzz)
    matching="/tests/(tensor|autograd|fuzz|experiments/$readers)"
  fi
  build asan-ubsan "$matching"
  # Tests ask for more memory than there is, and expect an exception.
  ASAN_OPTIONS=allocator_may_return_null=1 \
    ctest --test-dir build/asan-ubsan --output-on-failure -j2 -R "$(entries "${folders[@]}")"
}

thread() {
  local matching='/tests/(tensor|autograd|nn|models|experiments)/'
  [[ -z $chosen ]] || matching='/(parallel|allocator|engine|threads|trainer)_test'
  build tsan "$matching" -DEPS_CLI=OFF
  # Clang 14's ThreadSanitizer does not start where a kernel places memory at too random addresses.
  local fixed=(setarch "$(uname -m)" --addr-no-randomize)
  "${fixed[@]}" true 2>/dev/null || fixed=()
  "${fixed[@]}" build/tsan/tests/eps_tests --minimal
}

valgrind() {
  build valgrind '/tests/autograd/'
  command valgrind --quiet --error-exitcode=1 --leak-check=full --errors-for-leak-kinds=definite \
    build/valgrind/tests/eps_tests --minimal --test-case='structured: *,pointwise: *'
}

for kind in "${kinds[@]}"; do
  case $kind in
    address | thread | valgrind) "$kind" ;;
    *) echo "sanitize: '$kind' is not one of address, thread, valgrind" >&2; exit 2 ;;
  esac
  echo "$kind: passed"
done
