#!/usr/bin/env python3
"""Static analysis: clang-tidy with the checks of .clang-tidy, over every source of the project.

    tests/tidy.py SOURCE_DIR BUILD_DIR

BUILD_DIR is a configured build: its generated headers are read, and groups of files are written
there. Most of what clang-tidy reads are the headers, so it gets files in groups, each of which
includes many of them. Files that cannot stand in one group, because names of their unnamed
namespaces collide, go to the next one. Exits with 1 if there is a warning, and with 77 if
clang-tidy 14 is not installed.
"""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys

FOLDERS = ["tensor", "cpu", "autograd", "nn", "models", "experiments", "cli"]
FLAGS = ["-std=c++20", "-march=native", "-Wno-unknown-pragmas"]


def compile_errors(group, files, flags):
    """The files of the group that do not compile after those before them."""
    run = subprocess.run(["clang++-14", *flags, "-fsyntax-only", "-ferror-limit=0", "-w", group],
                         capture_output=True, text=True)
    wrong, place = set(), 0
    for line in run.stderr.splitlines():
        # Before the first message within a file clang says where the group includes it.
        if found := re.match(rf"In file included from {re.escape(str(group))}:(\d+)", line):
            place = int(found[1])
        elif re.match(r"\S+:\d+:\d+: (fatal )?error", line):
            wrong.add(files[place - 1])
    return wrong, run


def write_group(path, files):
    path.write_text("".join(f'#include "{file}"\n' for file in files))
    return path


def groups_of(folder, source, build, flags):
    """Writes groups that compile, and returns their paths."""
    groups = []
    rest = sorted(source.joinpath(folder).rglob("*.cpp"))
    while rest:
        path = build / f"{folder}_{len(groups) + 1}.cpp"
        files, rest = rest, []
        while True:
            out, run = compile_errors(write_group(path, files), files, flags)
            if run.returncode == 0:
                break
            out.discard(files[0])
            if not out:
                sys.exit(f"tidy: {path} does not compile\n{run.stderr}")
            files = [file for file in files if file not in out]
            rest += out
        groups.append(path)
    return groups


def warnings_of(group, source, flags):
    run = subprocess.run(
        ["clang-tidy-14", "--quiet", f"--config-file={source}/.clang-tidy", group, "--", *flags],
        capture_output=True, text=True)
    return run.stdout


def main():
    source, build = (pathlib.Path(arg).resolve() for arg in sys.argv[1:3])
    if not shutil.which("clang-tidy-14"):
        print("skipped: clang-tidy 14 is not installed")
        sys.exit(77)
    folder = build / "tidy"
    folder.mkdir(parents=True, exist_ok=True)
    flags = [*FLAGS, f"-I{source}", f"-I{build}/generated"]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        lists = list(pool.map(lambda name: groups_of(name, source, folder, flags), FOLDERS))
        groups = [group for each in lists for group in each]
        print(f"{len(groups)} groups", flush=True)
        found = list(pool.map(lambda group: warnings_of(group, source, flags), groups))
    # A header is read in several groups: each of its warnings is shown once.
    seen, count = set(), 0
    for text in found:
        for part in re.split(r"^(?=\S+:\d+:\d+: (?:warning|error))", text, flags=re.MULTILINE):
            if part.strip() and part not in seen:
                seen.add(part)
                count += 1
                print(part, end="")
    print(f"{count} warnings")
    sys.exit(count > 0)


if __name__ == "__main__":
    main()
