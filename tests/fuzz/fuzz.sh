#!/usr/bin/env bash
# Runs the fuzzers of a build (preset `fuzz`), two at a time:
#
#     tests/fuzz/fuzz.sh BUILD MINUTES [TARGET ...]
#
# A target starts from tests/fuzz/corpus/TARGET and keeps what it finds in BUILD/corpus/TARGET, from
# where the next run goes on. Prints a line for each target; exits with 1, and the path of the
# input, if one crashed, took too long or took too much memory.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$1 minutes=$2
shift 2
targets=("$@")
if ((${#targets[@]} == 0)); then
  for folder in tests/fuzz/corpus/*/; do targets+=("$(basename "$folder")"); done
fi
for target in "${targets[@]}"; do
  [[ -x $build/tests/fuzz/fuzz_$target ]] ||
    { echo "fuzz: there is no target '$target'" >&2; exit 2; }
done

export ASAN_OPTIONS=allocator_may_return_null=0:detect_leaks=1
export UBSAN_OPTIONS=print_stacktrace=1
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
seconds=$(awk "BEGIN { print int(60 * $minutes + 0.5) }")

# fuzz TARGET: libFuzzer says "#123 DONE cov: 45" on its log, and writes what crashes to a file.
fuzz() {
  local target=$1 corpus=$build/corpus/$1 found=$build/crashes/$1- log=$build/$1.log code=0
  local runs covered crashes=0 file
  mkdir -p "$corpus" "$build/crashes"
  rm -f "$found"*
  "$build/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -max_len=4096 -timeout=10 \
    -rss_limit_mb=1024 -artifact_prefix="$found" -print_final_stats=1 \
    "$corpus" "tests/fuzz/corpus/$target" >"$log" 2>&1 || code=$?
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  covered=$(grep -o 'cov: [0-9]*' "$log" | tail -1 | cut -d' ' -f2)
  for file in "$found"*; do [[ ! -e $file ]] || crashes=$((crashes + 1)); done
  printf '%-12s %12s executions, %6s edges covered, %d crashes\n' \
    "$target" "${runs:-?}" "${covered:-?}" "$crashes"
  for file in "$found"*; do [[ ! -e $file ]] || echo "  $file, see $log"; done
  ((code == 0 && crashes == 0)) || { ((crashes)) || echo "  exit code $code, see $log"; return 1; }
}

failed=0
running=0
for target in "${targets[@]}"; do
  if ((running == 2)); then
    wait -n || failed=1
    running=1
  fi
  fuzz "$target" &
  running=$((running + 1))
done
for ((; running > 0; running--)); do wait -n || failed=1; done
exit "$failed"
