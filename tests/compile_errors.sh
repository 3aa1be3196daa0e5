#!/usr/bin/env bash
# The compiler answers the common mistakes of a new op with one sentence. Each file of
# tests/compile_errors/ makes one, and says in its first line what the compiler must print.
#   compile_errors.sh ROOT FOLDER_OF_GENERATED_HEADERS COMPILER
set -u
root=$1 generated=$2 compiler=$3 bad=0 seen=0

check() {
  local file=$1 expected output
  expected=$(sed -n '1s/^\/\/ expects:\? //p' "$file")
  output=$("$compiler" -std=c++20 -fsyntax-only -I"$root" -I"$generated" "$file" 2>&1)
  if [[ $expected == "no error" ]]; then
    [[ -z $output ]] || { echo "$file: $output"; return 1; }
  elif ! grep -qF -- "$expected" <<<"$output"; then
    echo "$file: the compiler does not say '$expected', but:"
    head -20 <<<"$output"
    return 1
  fi
}

for file in "$root"/tests/compile_errors/*.cpp; do
  seen=$((seen + 1))
  check "$file" || bad=1
done
((seen >= 8)) || { echo "only $seen files found: the check itself is broken"; exit 1; }
exit $bad
