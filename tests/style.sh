#!/usr/bin/env bash
# style.sh ROOT: fails on lines over 100 columns, on files over 300 lines, on prose over 90 columns
# in Markdown, and on C++ and CUDA that clang-format would write differently. Exits with 77
# (skipped) where clang-format 14 is missing and all else is well.
#
# Exempt: tables and links in Markdown, code blocks there; tables of numbers that a script or a
# program has made, which are listed below.
set -u
cd "$1" || exit 2
generated='^(tests/golden/[a-z_]+_golden\.h|tests/conformance/onnx/cases\.txt|docs/ops\.md)$'
bad=0
complain() { echo "$*"; bad=1; }

files=$(git ls-files 2>/dev/null) || files=$(find . -type f -not -path './build*' -printf '%P\n')
matching() { grep -E "$1" <<<"$files"; }
cpp=$(matching '\.(h|cpp|cu|cuh)$')
code=$(matching '\.(h|cpp|cu|cuh|py|sh|cmake|in|json)$|CMakeLists\.txt$|^run$|^\.ci/run$')

while read -r file; do
  [[ -f $file ]] || continue
  while IFS=: read -r line _; do complain "$file:$line: over 100 columns"; done \
    < <(grep -nE '^.{101,}$' "$file")
  [[ $file =~ $generated ]] && continue
  lines=$(wc -l <"$file")
  ((lines <= 300)) || complain "$file: $lines lines; expected at most 300: split it by subject"
done <<<"$code"

while read -r file; do
  [[ -f $file && ! $file =~ $generated ]] || continue
  awk -v file="$file" '
    /^ *```/ { code = !code; next }
    !code && !/^ *\|/ && !/^ *[-*]? *!?\[.*\]\(.*\)/ && length > 90 {
      print file ":" FNR ": prose over 90 columns"; bad = 1
    }
    END { exit bad }' "$file" || bad=1
done < <(matching '\.md$')

format=$(command -v clang-format-14 || command -v clang-format) || format=
if [[ -z $format ]] || ! "$format" --version | grep -q 'version 14'; then
  ((bad)) && exit 1
  echo "skipped: clang-format 14 is not installed, so only widths and lengths were checked"
  exit 77
fi
xargs -n 50 -P 2 "$format" --dry-run -Werror <<<"$cpp" || complain "hint: clang-format-14 -i FILE"
(($(wc -l <<<"$cpp") > 300)) || complain "only few sources found: the check itself is broken"
exit $bad
