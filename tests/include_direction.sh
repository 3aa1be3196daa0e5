#!/usr/bin/env bash
# Arrows point one way: tensor <- cpu, cuda;
# tensor <- autograd <- nn <- models <- experiments <- cli.
# Only varepsilon_op.h includes cpu/ and cuda/ from outside: it gives ops of other projects the
# pointwise kernels. Model families never include one another; what they share is in
# models/distributions/ and models/*.h, which include no family. Families of experiments/ do not
# include one another either, but may use another model: a VAE's posterior can be a flow.
# Fails on an include that runs against this, and on a third-party header in a public one.
#   include_direction.sh ROOT
set -u
cd "$1" || exit 2
declare -A allowed=(
  [tensor]="tensor"
  [cpu]="cpu tensor"
  [cuda]="cuda tensor"
  [autograd]="autograd tensor"
  [nn]="nn autograd tensor"
  [models]="models nn autograd tensor"
  [experiments]="experiments models nn autograd tensor"
  [cli]="cli experiments models nn autograd tensor"
)
bad=0 seen=0

complain() { echo "$1: $2 must not include $3"; bad=1; }

# family_of PATH: sets `family` to the family of a path of models/ or experiments/, or to nothing.
family_of() {
  family=
  [[ ! $1 =~ ^(models|experiments)/(vae|gan|ddpm|flow)/ ]] || family=${BASH_REMATCH[2]}
}

include='^([^:]+):([0-9]+):#include "([^"]+)"'
while read -r line; do
  [[ $line =~ $include ]] || continue
  seen=$((seen + 1))
  file=${BASH_REMATCH[1]} place=${BASH_REMATCH[1]}:${BASH_REMATCH[2]} target=${BASH_REMATCH[3]}
  room=${file%%/*} target_room=${target%%/*}
  [[ -n ${allowed[$target_room]+known} ]] || continue
  [[ " ${allowed[$room]} " == *" $target_room "* ]] || complain "$place" "$room/" "$target"
  family_of "$target"
  target_family=$family
  family_of "$file"
  [[ -z $target_family || $file == experiments/families.cpp ]] && continue
  [[ $room == experiments && $target_room == models ]] && continue
  [[ $family == "$target_family" ]] || complain "$place" "${file%/*}/" "$target"
done < <(grep -rnE '^#include "[a-z_]+/' "${!allowed[@]}" \
  --include=*.h --include=*.cpp --include=*.cu --include=*.cuh)

third_party='#include <(nlohmann|CLI|png|zlib|cblas|omp|doctest|benchmark|cuda|cublas)'
if grep -rnE "$third_party" --include=*.h *.h tensor cpu autograd nn models experiments cli; then
  echo "a third-party header in a header of the library"
  bad=1
fi
((seen > 100)) || { echo "only $seen includes found: the check itself is broken"; exit 1; }
exit $bad
