#!/usr/bin/env bash
# Measures everything that needs a GPU, on a machine that has a GPU driver, nvcc, g++, CMake, ninja
# and PyTorch, but no internet and none of the libraries that this project needs.
#
#   bare_machine.sh --prepare
#       Run on Debian 12 with the packages of ./run installed. Copies the libraries and headers into
#       build/bare (60 MB at most), which travels along with the source.
#   bare_machine.sh [--out DIR] [--seconds N]
#       Run on the machine with the GPU, within 8 minutes or N seconds. Builds for that GPU; runs
#       the CUDA tests, those of convolutions by each algorithm, a part of them under each tool of
#       compute-sanitizer, and the benchmarks beside PyTorch; prints tables last. The output of
#       each step is in DIR, by default build/gpu/results. Without a GPU it builds for compute
#       capability 8.0, and says so.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bare=$root/build/bare build=$root/build/gpu out=
total=480 kept_for_tables=15 begun=$SECONDS
tools="memcheck racecheck initcheck synccheck"

say() { printf '%s\n' "$*" >&2; }
die() { say "gpu: $*"; exit 1; }
left() { echo $((total - kept_for_tables - (SECONDS - begun))); }

# --- on the developer's machine -------------------------------------------------------------------
packages="libopenblas-openmp-dev libopenblas0-openmp libgfortran5 libquadmath0 doctest-dev
  libbenchmark-dev libbenchmark1debian nlohmann-json3-dev libcli11-dev libpng-dev zlib1g-dev"

# Copies headers, CMake's package files and libraries in the layout they have below /usr. OpenBLAS
# is the shared library, a third of the size of the static one; PNG and zlib are static, so that
# the other machine needs neither.
prepare() {
  command -v dpkg-query >/dev/null || die "--prepare needs Debian: it copies what its packages hold"
  # shellcheck disable=SC2086
  dpkg -L $packages >/dev/null ||
    die "--prepare needs the packages $packages; hint: ./run build installs them"
  rm -rf "$bare"
  mkdir -p "$bare"
  local file
  # shellcheck disable=SC2086
  dpkg -L $packages | sort -u | grep -E '^/usr/(include|lib|share/cmake)/' | while read -r file; do
    [[ -f $file ]] || continue
    case $file in
      */libopenblas.so.0 | */libgfortran.so.5 | */libquadmath.so.0) ;;
      */openblas-openmp/*.h | */libbenchmark*) ;;
      */openblas-openmp/* | */libpng*.so* | */libz.so*) continue ;;
      */libgfortran* | */libquadmath* | */pkgconfig/*) continue ;;
    esac
    (cd /usr && cp -L --parents "${file#/usr/}" "$bare")
  done
  # doctest's is the only one of these package files that names /usr.
  local here='get_filename_component(_IMPORT_PREFIX "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)'
  sed -i "s#set(_IMPORT_PREFIX \"/usr\")#$here#" "$bare/lib/cmake/doctest/doctestTargets.cmake"
  local size
  size=$(du -sm "$bare" | cut -f1)
  ((size <= 60)) || die "$bare has $size MB; expected at most 60"
  say "Prepared $bare: $size MB. Take the source with it to the machine, and run there: ./run gpu"
}

# --- on the machine with the GPU ------------------------------------------------------------------
# step NAME SECONDS COMMAND ...: runs the command with its output in DIR/NAME.log, and remembers the
# result in status[NAME] and the seconds in took[NAME].
declare -A took status
step() {
  local name=$1 limit=$2 start=$SECONDS
  shift 2
  ((limit < $(left))) || limit=$(left)
  if ((limit < 5)); then
    status[$name]="no time left"
    took[$name]=0
    return
  fi
  say "$name ..."
  status[$name]='done'
  timeout "$limit" "$@" >"$out/$name.log" 2>&1 || status[$name]="failed ($?; $out/$name.log)"
  took[$name]=$((SECONDS - start))
}

find_nvcc() {
  local nvcc
  nvcc=$(command -v nvcc || ls -d /usr/local/cuda*/bin/nvcc 2>/dev/null | tail -n 1) || true
  [[ -n $nvcc ]] || die "there is no nvcc; hint: PATH=\$PATH:/usr/local/cuda/bin"
  echo "$nvcc"
}

# The folder of the cuDNN that came with PyTorch, or nothing.
pip_cudnn() {
  python3 -c 'import nvidia.cudnn; print(nvidia.cudnn.__path__[0])' 2>/dev/null || true
}

# query_gpu FIELD: what nvidia-smi says of the first GPU, or nothing.
query_gpu() {
  nvidia-smi --query-gpu="$1" --format=csv,noheader 2>/dev/null | head -n 1 || true
}

build_all() {
  local openblas=$bare/lib/x86_64-linux-gnu/openblas-openmp
  ln -sf libopenblas.so.0 "$openblas/libopenblas.so"
  cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DEPS_INSTALL=OFF \
    -DEPS_CUDA=ON -DCMAKE_CUDA_COMPILER="$nvcc" -DCMAKE_CUDA_ARCHITECTURES="$architecture" \
    -DCUDNN_ROOT="$(pip_cudnn)" -DCMAKE_PREFIX_PATH="$bare" \
    -DCMAKE_LIBRARY_ARCHITECTURE=x86_64-linux-gnu -DCMAKE_DISABLE_FIND_PACKAGE_PkgConfig=ON
  ninja -C "$build" eps eps_tests eps_bench
  bash "$root/tests/cuda/every_kernel.sh" "$root" "$build/libvarepsilon.a"
}

# torch.compile caches what it compiles. Doing so during our build costs the benchmarks no time.
warm_torch() {
  local precision
  for precision in tf32 bf16; do
    nice timeout 120 python3 "$root/bench/peers/workloads.py" --device cuda --mode compile \
      --precision $precision >"$out/torch-warm-$precision.log" 2>&1 &
  done
  wait || true
}

# Runs all tools side by side, for most of their work is on the host. EPS_CUDA_CONV=implicit changes
# the convolutions of tf32, bf16 and f16 only; those of f32 gather columns in any case.
sanitize() {
  local sanitizer tool failed=0
  sanitizer=$(command -v compute-sanitizer || echo "$(dirname "$nvcc")/compute-sanitizer")
  for tool in $tools; do
    EPS_CUDA_CONV=implicit "$sanitizer" --tool "$tool" --error-exitcode 9 "$build/tests/eps_tests" \
      --test-case='cuda: one case of every op*,cuda: captured convolutions*' \
      >"$out/$tool.log" 2>&1 &
  done
  for tool in $tools; do wait -n || failed=1; done
  return $failed
}

# summary STEP: from the step's log, how many cases passed, which tests ctest skipped, or how many
# errors a tool found.
summary() {
  [[ -f $out/$1.log ]] || return 0
  sed -nE \
    -e 's/.*test cases: *([0-9]+) \| *([0-9]+) passed.*/; \2 of \1 test cases pass/p' \
    -e 's/.*ERROR SUMMARY: ([0-9]+ errors?).*/; \1/p' \
    -e 's/.*RACECHECK SUMMARY: (.*)/; \1/p' \
    -e 's/.* - ([a-z_]+) \((Skipped)\)/; \1: \2/p' "$out/$1.log" | tr -d '\n'
}

table() {
  local name tool torch
  torch=$(python3 -c 'import torch; print(torch.__version__)' 2>/dev/null || echo none)
  printf '\n%s, driver %s, nvcc %s, PyTorch %s, %s\n\n' "$gpu" "$driver" \
    "$("$nvcc" --version | grep -o 'release [0-9.]*')" "$torch" "$(date -u +%Y-%m-%d)"
  printf '| step | result | seconds |\n|---|---|---|\n'
  for name in build tests convolutions sanitize bench; do
    printf '| %s | %s | %s |\n' "$name" "${status[$name]-not run}$(summary "$name")" \
      "${took[$name]-0}"
    [[ $name == sanitize ]] || continue
    for tool in $tools; do printf '| - %s | %s | |\n' "$tool" "$(summary "$tool")"; done
  done
  printf '\n'
  cat "$out/bench.log" 2>/dev/null || true
}

run_here() {
  [[ -d $bare ]] ||
    die "$bare does not exist; hint: ./run gpu --prepare on the developer's machine makes it"
  nvcc=$(find_nvcc)
  mkdir -p "${out:=$build/results}"
  local lib=$bare/lib/x86_64-linux-gnu
  export LD_LIBRARY_PATH=$lib:$lib/openblas-openmp${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
  gpu=$(query_gpu name) driver=$(query_gpu driver_version)
  architecture=$(query_gpu compute_cap | tr -d .)
  : "${architecture:=80}"
  export -f build_all pip_cudnn sanitize
  export root bare build nvcc architecture tools out
  if [[ -n $gpu ]]; then
    warm_torch &
    trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
  fi
  step build 300 bash -ec build_all
  [[ ${status[build]} == 'done' ]] ||
    { tail -n 30 "$out/build.log" >&2; die "the build: ${status[build]}"; }
  if [[ -z $gpu ]]; then
    say "Built in ${took[build]} s for compute capability 8.0. No GPU was found: nothing was run."
    exit 0
  fi
  step tests 90 "$build/tests/eps_tests" --source-file='*/tests/cuda/*'
  step convolutions 60 ctest --test-dir "$build" -R '^cuda_conv_' -V
  step sanitize 60 bash -c sanitize
  wait
  step bench "$(left)" python3 "$root/bench/peers/gpu.py" "$build/bench/eps_bench" \
    --seconds "$(($(left) - 5))" --out "$out"
  table | tee "$out/table.md"
}

while (($#)); do
  case $1 in
    --prepare) prepare; exit ;;
    --out)
      [[ -n ${2:-} ]] || die "--out needs a folder"
      out=$2
      shift 2
      ;;
    --seconds)
      [[ ${2:-} =~ ^[0-9]+$ ]] || die "--seconds needs a whole number; got '${2:-}'"
      total=$2
      shift 2
      ;;
    *) die "unknown option '$1'; expected --prepare, --out DIR or --seconds N" ;;
  esac
done
run_here
