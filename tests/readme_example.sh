#!/usr/bin/env bash
# readme_example.sh ROOT: fails unless the README shows examples/first.cpp word for word.
set -euo pipefail
# The first block of C++ that has a main().
shown=$(awk '
  /^```cpp/ { inside = 1; text = ""; next }
  /^```/ { if (inside && text ~ /int main/) { printf "%s", text; exit } inside = 0 }
  inside { text = text $0 "\n" }' "$1/README.md")
if [[ $shown != "$(<"$1/examples/first.cpp")" ]]; then
  echo "README.md does not show examples/first.cpp as it is:" >&2
  diff <(printf '%s\n' "$shown") "$1/examples/first.cpp" >&2
  exit 1
fi
