#!/usr/bin/env bash
# Arrows point one way: tensor <- autograd <- nn <- models <- cli; cuda implements tensor/ and is included by nobody else.
# Fails on an include that runs against them, and on a third-party header in a public one.
set -u
cd "$1" || exit 2
declare -A allowed=(
  [tensor]="tensor" [cuda]="cuda tensor" [autograd]="autograd tensor" [nn]="nn autograd tensor"
  [models]="models nn autograd tensor" [cli]="cli models nn autograd tensor"
)
folders="tensor cuda autograd nn models cli"
bad=0 seen=0
for folder in $folders; do
  while IFS=: read -r file line text; do
    seen=$((seen + 1))
    target=$(sed -E 's/.*#include "([a-z_]+)\/.*/\1/' <<<"$text")
    case " $folders " in *" $target "*) ;; *) continue ;; esac
    case " ${allowed[$folder]} " in
      *" $target "*) ;;
      *) echo "$file:$line: $folder/ must not include $target/"; bad=1 ;;
    esac
  done < <(grep -rnE '^#include "[a-z_]+/' "$folder" --include=*.h --include=*.cpp --include=*.cu --include=*.cuh)
done
if grep -nE '#include <(nlohmann|CLI|png|zlib|cblas|omp|doctest|benchmark|cuda|cublas)' $(git ls-files '*.h' 2>/dev/null || find . -name '*.h' -not -path './build/*') | grep -vE '^(tests|bench|cuda)/'; then
  echo "a third-party header in a header of the library"; bad=1
fi
[ "$seen" -gt 100 ] || { echo "only $seen includes found: the check itself is broken"; exit 1; }
exit $bad
