#!/usr/bin/env python3
"""Which tests of today fail with the library of an older commit?

    tests/at_commit.py COMMIT [REGEX]

Builds COMMIT in build/at_commit, in release, and compiles with its headers each test file that was
added or changed since and whose path matches REGEX. Test cases that do not compile there, most of
them about something that COMMIT does not have, are taken out one by one; of the rest, each whose
text COMMIT does not have runs in a process of its own, for at most two minutes. Prints which fail,
which pass, and which do not compile, with the first error. A test that passes where the fault it is
about was not yet mended tests nothing.
"""
import concurrent.futures
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "at_commit"
TODAY = WORK / "today"  # a copy of today's tests
# Not of the program eps_tests, as in tests/CMakeLists.txt.
ELSEWHERE = re.compile(r"/(compile_errors|conformance/onnx|consumers|mutation|preload|fuzz)/")
CASE = re.compile(r'^TEST_CASE\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\)', re.MULTILINE)
ERROR = re.compile(r"^([^:\n]+):(\d+):\d+: (?:fatal )?error: (.*)$", re.MULTILINE)


def git(*arguments):
    return subprocess.run(["git", "-C", str(ROOT), *arguments], check=True,
                          capture_output=True).stdout


def quietly(*command):
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(run.stdout + run.stderr)


class TestFile:
    """A test file: its cases, and what became of each."""

    def __init__(self, path):
        self.path = path
        self.lines = (ROOT / path).read_text().split("\n")
        self.errors = {}  # case: why it does not compile
        self.cases = {}  # name: (first line, line behind the last)
        self.texts = {}
        for found in CASE.finditer("\n".join(self.lines)):
            name = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', found[1]))
            first = "\n".join(self.lines)[:found.start()].count("\n")
            end = self.lines.index("}", first) + 1
            self.cases[name] = (first, end)
            self.texts[name] = self.lines[first:end]

    def take_out(self, errors):
        """Blanks the cases in which errors are. False if there is one outside of all cases."""
        for line, text in errors:
            names = [name for name, (first, end) in self.cases.items() if first <= line - 1 < end]
            if not names:
                return False
            for name in names:
                self.errors.setdefault(name, text)
                first, end = self.cases[name]
                self.lines[first:end] = [""] * (end - first)
        return True

    def compile(self, sources, build):
        """The object file of the cases that compile, or None."""
        copy = TODAY / self.path
        out = WORK / "objects" / (self.path.replace("/", "_") + ".o")
        for _ in range(20):
            copy.write_text("\n".join(self.lines))
            run = subprocess.run(compiler(sources, build, copy, out), capture_output=True,
                                 text=True)
            if run.returncode == 0:
                return out
            found = ERROR.findall(run.stderr)
            here = [(int(line), text) for file, line, text in found if file == str(copy)]
            if not here or not self.take_out(here):
                reason = found[0][2] if found else run.stderr[:200]
                self.errors = {name: self.errors.get(name, reason) for name in self.cases}
                return None
        return None


def compiler(sources, build, file, out):
    definitions = {"EPS_SOURCE_DIR": ROOT, "EPS_BINARY": build / "cli/eps",
                   "EPS_FAILING_MALLOC": WORK / "failing_malloc.so",
                   "EPS_FAILING_FILES": WORK / "failing_files.so"}
    return ["g++", "-std=c++20", "-O0", "-g1", "-fmax-errors=0", f"-I{TODAY}",
            f"-I{sources}", f"-I{build}/generated", "-D_GLIBCXX_ASSERTIONS",
            *[f'-D{name}="{value}"' for name, value in definitions.items()],
            "-c", str(file), "-o", str(out)]


def link(objects, build, program):
    """Links those that can be; returns the rest, which need something that is not there."""
    library, left_out = build / "libvarepsilon.a", []
    while True:
        run = subprocess.run(
            ["g++", *objects, library, *build.glob("**/libeps_cli.a"), library,
             *build.glob("**/libeps_onnx.a"), library, "-fopenmp", "-lpng", "-lz", "-ldl",
             "-lopenblas", "-o", program], capture_output=True, text=True)
        if run.returncode == 0:
            return left_out
        broken = {pathlib.Path(name) for name in re.findall(r"ld: (\S+\.o): in ", run.stderr)}
        if not broken:
            sys.exit(run.stderr)
        left_out += broken
        objects = [each for each in objects if each not in broken]


def build_commit(commit):
    """The sources of the commit, its build, and the texts of its test cases."""
    sources, build = WORK / "sources", WORK / "build"
    shutil.rmtree(WORK / "objects", ignore_errors=True)
    (WORK / "objects").mkdir(parents=True)
    sources.mkdir(exist_ok=True)
    subprocess.run(["tar", "-x", "-C", sources], input=git("archive", commit), check=True)
    old = [text for file in sources.glob("tests/**/*_test.cpp")
           for text in TestFile(file).texts.values()]
    quietly("cmake", "-S", sources, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release")
    quietly("ninja", "-C", build, "varepsilon", "eps", "eps_onnx")
    for name in ("failing_malloc", "failing_files"):
        quietly("g++", "-std=c++20", "-shared", "-fPIC", ROOT / f"tests/preload/{name}.cpp",
                "-ldl", "-o", WORK / f"{name}.so")
    shutil.rmtree(TODAY, ignore_errors=True)
    shutil.copytree(ROOT / "tests", TODAY / "tests")
    return sources, build, old


def runs(program, case):
    pattern = re.sub(r"[,*\\]", "?", case)  # commas and stars are doctest's own
    process = subprocess.Popen([program, "--minimal", f"--test-case={pattern}"], cwd=WORK,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               start_new_session=True)
    try:
        return process.wait(timeout=120) == 0
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # the programs that it has started, too
        process.wait()
        return False


def report(title, cases):
    print(f"\n{title}: {len(cases)}")
    for line in cases:
        print(f"  {line}")


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    commit, wanted = sys.argv[1], re.compile(sys.argv[2] if len(sys.argv) == 3 else "")
    changed = git("diff", "--name-only", "--diff-filter=AM", commit, "--", "tests").decode().split()
    files = [TestFile(path) for path in changed
             if path.endswith("_test.cpp") and wanted.search(path)]
    sources, build, old = build_commit(commit)
    support = [TestFile(str(path.relative_to(ROOT))) for path in ROOT.glob("tests/**/*.cpp")
               if not path.name.endswith("_test.cpp") and not ELSEWHERE.search(str(path))]
    program = WORK / "tests_at_commit"
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(lambda file: file.compile(sources, build), files + support))
        left_out = link([each for each in objects if each], build, program)
        for file, compiled in zip(files, objects):
            if compiled in left_out:
                file.errors = {name: "needs a helper that does not compile" for name in file.cases}
        cases = [(file.path, name) for file in files for name, text in file.texts.items()
                 if text not in old and name not in file.errors]
        passed = list(pool.map(lambda each: runs(program, each[1]), cases))
    for title, wants in (("Fails", False), ("Passes", True)):
        report(f"{title} at {commit}", [f"{path}: {name}" for (path, name), passes
                                        in zip(cases, passed) if passes == wants])
    report(f"Does not compile at {commit}",
           [f"{file.path}: {name}: {why}" for file in files for name, why in file.errors.items()
            if file.texts[name] not in old])


if __name__ == "__main__":
    main()
