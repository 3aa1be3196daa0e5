#!/usr/bin/env bash
# dependencies.sh SOURCES: dependencies.spdx lists every package that ./run installs and that a
# CMake file looks for, and none besides. (tests/hardening.sh compares with what binaries load.)
set -euo pipefail
cd "$1"
list=dependencies.spdx bad=0
complain() { echo "$list: $*"; bad=1; }

version=$(sed -nE 's/^project\(varepsilon VERSION ([0-9.]+).*/\1/p' CMakeLists.txt)
grep -qx "PackageVersion: $version" "$list" || complain "not of version $version"
grep -qx "DocumentNamespace: .*-$version" "$list" || complain "its namespace is not of $version"

installed=$(sed -nE '/^packages="/,/"$/p' run | tr -d '"' | sed 's/^packages=//' | xargs -n1 | sort)
listed=$(sed -nE 's|.*purl pkg:deb/debian/||p' "$list" | sed 's/%2B/+/g' | sort)
while read -r package; do
  [[ $package == libc6 ]] || complain "these are not in both ./run and the list: $package"
done < <(comm -3 <(echo "$installed") <(echo "$listed") | tr -d '\t')

searched=$(cat CMakeLists.txt cmake/*.cmake {cli,cuda,tests,bench}/CMakeLists.txt |
  sed -nE 's/^ *find_package\(([A-Za-z0-9_]+).*/\1/p' | sort -u)
named=$(sed -nE 's/^PackageComment:.*; CMake: ([A-Za-z0-9_]+).*/\1/p' "$list" | sort -u)
while read -r package; do
  complain "CMake's find_package() and the list do not both have: $package"
done < <(comm -3 <(echo "$searched") <(echo "$named") | tr -d '\t')
(($(wc -w <<<"$installed") > 10 && $(wc -w <<<"$searched") > 5)) ||
  complain "hardly any package found: this check is broken"
exit $bad
