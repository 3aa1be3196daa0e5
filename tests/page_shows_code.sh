#!/usr/bin/env bash
# Fails unless every block of C++ or CMake in a page stands, line for line, in one of the example
# files. Indentation does not count.
#   page_shows_code.sh PAGE FILE_OR_FOLDER...
set -euo pipefail
page=$1
shift
mapfile -t files < <(find "$@" -maxdepth 1 -type f)
awk -v page="$page" '
  { sub(/^ +/, "") }
  FILENAME != page { files[FILENAME] = files[FILENAME] $0 "\n"; next }
  /^```(cpp|cuda|cmake)$/ { inside = 1; text = ""; line = FNR; next }
  /^```/ {
    if (inside) {
      ++blocks
      found = 0
      for (name in files) if (index("\n" files[name], "\n" text)) found = 1
      if (!found) {
        print page ":" line ": this block is in none of the files of the example:\n" text
        bad = 1
      }
    }
    inside = 0
    next
  }
  inside { text = text $0 "\n" }
  END {
    if (blocks < 5) {
      print page ": only " blocks + 0 " blocks of code: the check itself is broken"
      bad = 1
    }
    exit bad
  }' "${files[@]}" "$page"
