#!/usr/bin/env bash
# every_kernel.sh ROOT LIBRARY: fails unless the library, built with CUDA, defines every kernel
# that tensor/contract/kernels.h declares, and the CUDA kernels of every pointwise op that is listed
# in tensor/formulas. Needs no GPU.
set -euo pipefail
root=$1 library=$2 bad=0
defined=$(nm --defined-only "$library" | grep N3eps7kernels4cuda | c++filt)

# require SYMBOL WHAT: SYMBOL as nm prints it, up to its arguments
require() {
  grep -qF " $1" <<<"$defined" && return
  echo "$2 has no CUDA body: $1 is not defined in $library"
  bad=1
}

kernels=$(sed -nE 's/^EPS_KERNEL\(([a-z0-9_]+),.*/\1/p' "$root/tensor/contract/kernels.h")
for kernel in $kernels; do require "eps::kernels::cuda::$kernel(" "kernel $kernel"; done
ops=$(grep -ohE 'X\([1-4], [A-Za-z0-9]+, [a-z0-9_]+' "$root/tensor/formulas/list.h" |
  sed -E 's/X\([1-4], ([A-Za-z0-9]+),.*/\1/' | sort -u)
for op in $ops; do
  require "eps::kernels::cuda::pointwise_kernels<eps::math::$op>(" "pointwise op $op"
done

read -r kernel_count op_count <<<"$(wc -w <<<"$kernels") $(wc -w <<<"$ops")"
if ((kernel_count < 30 || op_count < 80)); then
  echo "only $kernel_count kernels and $op_count pointwise ops found: the check itself is broken"
  exit 1
fi
((bad)) || echo "$kernel_count kernels and $op_count pointwise ops have CUDA bodies"
exit $bad
