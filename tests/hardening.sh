#!/usr/bin/env bash
# hardening.sh [--fortified] FILE...: checks programs and shared libraries as cmake/hardening.cmake
# promises them, and that they load only libraries that dependencies.spdx lists. --fortified: the
# files were compiled with optimisation.
set -euo pipefail
export LC_ALL=C
allowed=" libvarepsilon.so $(sed -nE 's/^PackageComment:.*; files: //p' \
  "$(dirname "$0")/../dependencies.spdx" | tr '\n' ' ') "
fortified=
[[ ${1:-} != --fortified ]] || { fortified=yes; shift; }
(($# > 0)) || { echo "hardening: no file to check"; exit 1; }

bad=0
complain() { echo "$file: $*"; bad=1; }
for file; do
  header=$(readelf -hW "$file") segments=$(readelf -lW "$file")
  dynamic=$(readelf -dW "$file") symbols=$(readelf -sW --dyn-syms "$file")
  grep -q 'Type: *DYN ' <<<"$header" || complain "not position independent"
  grep -q GNU_RELRO <<<"$segments" || complain "no RELRO segment"
  grep -qE '\(FLAGS(_1)?\).*\b(BIND_)?NOW\b' <<<"$dynamic" || complain "symbols are bound late"
  stack=$(grep GNU_STACK <<<"$segments") || complain "says nothing of its stack"
  [[ $stack != *RWE* ]] || complain "its stack can be executed"
  ! grep -q TEXTREL <<<"$dynamic" || complain "its code is relocated"
  grep -q __stack_chk_fail <<<"$symbols" || complain "no canaries on the stack"
  [[ -z $fortified ]] || grep -q '__[a-z_]*_chk' <<<"$symbols" || complain "not fortified"

  # The loader takes an empty entry for the current directory.
  while read -r path; do
    while read -rd: folder; do
      [[ $folder == '$ORIGIN' || $folder == '$ORIGIN/'* ]] ||
        complain "looks for libraries in '$folder' of its search path '$path'"
    done <<<"$path:"
  done < <(sed -nE 's/.*\((RPATH|RUNPATH)\).*\[(.*)\]/\2/p' <<<"$dynamic")

  while read -r library; do
    # by its whole name, or for CUDA's by that without a version
    [[ $allowed =~ [[:space:]]("$library"|"${library%.so.*}.so")[[:space:]] ]] ||
      complain "loads $library; expected one of:$allowed"
  done < <(sed -nE 's/.*\(NEEDED\).*\[(.*)\]/\1/p' <<<"$dynamic")
done
exit $bad
