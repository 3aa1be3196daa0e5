"""The scratch copy in build/mutate: sources, the choice of faults, planting, building."""
import hashlib
import json
import random
import re
import shlex
import subprocess
import sys
import tarfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import faults

ROOT = Path(__file__).resolve().parents[2]
SCRATCH = ROOT / "build" / "mutate"
SOURCES, BUILD = SCRATCH / "src", SCRATCH / "build"
PLAN = SCRATCH / "plan.json"

# What is mutated, and its share of the faults. Not here: memory and threads (cpu/runtime), and the
# libraries that are called (openblas, lapack.h).
GROUPS = {
    "derivatives": (0.15, r"tensor/formulas/(activations|arithmetic|elementary|fused|predicate)\.h|"
                    r"tensor/scalar/(dual|dual_number)\.h"),
    "functions": (0.075, r"tensor/scalar/(exp_log|functions|gelu|normal|sigmoid|trigonometric)\.h"),
    "ops": (0.3, r"autograd/ops/.*\.cpp"),
    "kernels": (0.3, r"cpu/(?!runtime/|matmul/openblas|matmul/lapack).*\.(cpp|h)"),
    "optimisers": (0.05, r"nn/optim/.*\.cpp"),
    "models": (0.125, r"models/.*\.cpp"),
}
MOST_PER_FILE = 8


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def tracked_files(commit):
    """The text of every file: of a commit, or as the working tree has them."""
    if commit:
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True,
                                 check=True).stdout
        with tarfile.open(fileobj=BytesIO(archive)) as tar:
            return {m.name: (tar.extractfile(m).read(), m.mode) for m in tar if m.isfile()}
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT,
                           capture_output=True, check=True, text=True).stdout.splitlines()
    paths = [(name, ROOT / name) for name in names]
    return {name: (p.read_bytes(), p.stat().st_mode) for name, p in paths if p.is_file()}


def write(name, content):
    """Leaves a file that is as it should be, so that ninja does, too."""
    path = SOURCES / name
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def copy_sources(files, skip=()):
    for name, (content, mode) in files.items():
        if name not in skip:
            write(name, content)
            (SOURCES / name).chmod(mode & 0o777)
    ours = {"tests/mutation/mutants.h": "mutants.h", "tests/mutants_listener.cpp": "listener.cpp"}
    for name, source in ours.items():
        write(name, (Path(__file__).parent / source).read_bytes())
    for path in SOURCES.rglob("*"):
        name = str(path.relative_to(SOURCES))
        if path.is_file() and name not in files and name not in ours:
            path.unlink()


def configure():
    BUILD.mkdir(parents=True, exist_ok=True)
    launcher = subprocess.run(["which", "ccache"], capture_output=True).returncode == 0
    subprocess.run(
        ["cmake", "-S", SOURCES, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
         "-DCMAKE_CXX_FLAGS_RELEASE=-O1 -DNDEBUG", "-DEPS_BENCH=OFF", "-DEPS_INSTALL=OFF",
         *(["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if launcher else [])],
        check=True, stdout=subprocess.DEVNULL)


def build():
    log = SCRATCH / "build.log"
    with open(log, "w") as out:
        if subprocess.run(["ninja", "-C", BUILD, "eps_tests", "eps_conformance"],
                          stdout=out, stderr=subprocess.STDOUT).returncode:
            sys.exit(f"mutate: the build failed; see {log}")


class Planner:
    """Chooses faults by a seed, and replaces those that do not compile by the next ones."""

    def __init__(self, files, seed):
        self.random = random.Random(seed)
        self.texts = {name: content.decode() for name, (content, _) in files.items()
                      if any(re.fullmatch(pattern, name) for _, pattern in GROUPS.values())}
        self.chosen = defaultdict(list)  # file: candidates
        self.rejected = set()            # (file, candidate)
        self.pools = {}                  # group: kind: file: candidates, shuffled
        for group, (_, pattern) in GROUPS.items():
            self.pools[group] = defaultdict(lambda: defaultdict(list))
            for name in sorted(n for n in self.texts if re.fullmatch(pattern, n)):
                candidates = faults.candidates_of(self.texts[name])
                self.random.shuffle(candidates)
                for c in candidates:
                    self.pools[group][c.kind][name].append(c)

    def draw(self, group):
        """One more fault of a group: a kind, a file and a place, each at random."""
        pool = self.pools[group]
        while pool:
            kind = self.random.choice(sorted(pool))
            if not pool[kind]:
                del pool[kind]
                continue
            name = self.random.choice(sorted(pool[kind]))
            if not pool[kind][name] or len(self.chosen[name]) >= MOST_PER_FILE:
                del pool[kind][name]
                continue
            c = pool[kind][name].pop()
            if all(c.end <= d.begin or d.end <= c.begin for d in self.chosen[name]):
                self.chosen[name].append(c)
                return
        sys.exit(f"mutate: too few places for faults in {group}")

    def count(self, group):
        pattern = GROUPS[group][1]
        return sum(len(c) for name, c in self.chosen.items() if re.fullmatch(pattern, name))

    def plan(self, count, compiles):
        shares = {group: round(share * count) for group, (share, _) in GROUPS.items()}
        shares["kernels"] += count - sum(shares.values())
        dirty = set()
        while True:
            for group, share in shares.items():
                while self.count(group) < share:
                    self.draw(group)
            now = {name for name, c in self.chosen.items() if c and (name, tuple(c)) not in dirty}
            if not now:
                return
            say(f"mutate: checking that the faults of {len(now)} files compile")
            with ThreadPoolExecutor(2) as threads:
                for name, bad in zip(sorted(now), threads.map(
                        lambda n: self.broken(n, compiles), sorted(now))):
                    self.chosen[name] = [c for c in self.chosen[name] if c not in bad]
                    dirty.add((name, tuple(self.chosen[name])))

    def broken(self, name, compiles):
        """The chosen faults of a file that do not compile."""
        chosen = list(self.chosen[name])
        if compiles(name, self.with_faults(name, chosen)):
            return []
        return [c for c in chosen if not compiles(name, self.with_faults(name, [c]))]

    def with_faults(self, name, chosen):
        return faults.planted(self.texts[name], list(enumerate(chosen)))


def compile_check(files):
    """compiles(name, text): whether a file, or for a header a source that includes it, compiles."""
    commands = {entry["file"]: entry for entry in
                json.loads((BUILD / "compile_commands.json").read_text())}
    includers = defaultdict(list)
    for name, (content, _) in files.items():
        if name.endswith(".cpp") and str(SOURCES / name) in commands:
            for included in re.findall(rb'^#include "([^"]+)"', content, re.MULTILINE):
                includers[included.decode()].append(name)

    def compiler_of(name):
        if name.endswith(".cpp"):
            return name
        pointwise = f"cpu/pointwise/{Path(name).stem}.cpp"
        if pointwise in files:
            return pointwise
        kernels = [n for n in includers[name] if n.startswith("cpu/")]
        return (kernels or includers[name] or ["cpu/pointwise/activations.cpp"])[0]

    def compiles(name, text):
        write(name, text.encode())
        entry = commands[str(SOURCES / compiler_of(name))]
        words = [w for w in shlex.split(entry["command"]) if w != "-Winvalid-pch"]
        arguments, skip = [], False
        for word in words[1:] if words[0].endswith("ccache") else words:
            if skip or word in ("-o", "-include", "-MF", "-MT"):
                skip = not skip
            elif word not in ("-c", "-MD"):
                arguments.append(word)
        return subprocess.run([*arguments, "-w", "-fsyntax-only"], cwd=entry["directory"],
                              capture_output=True).returncode == 0
    return compiles


def line_of(text, c):
    return text.count("\n", 0, c.begin) + 1


def plant(files, seed, count):
    """Writes the sources with their faults; returns the list of faults."""
    planner = Planner(files, seed)
    rules = [(Path(__file__).parent / f"{name}.py").read_text() for name in ("source", "faults")]
    decided_by = (seed, count, GROUPS, MOST_PER_FILE, rules, sorted(planner.texts.items()))
    digest = hashlib.sha256(repr(decided_by).encode()).hexdigest()
    known = json.loads(PLAN.read_text()) if PLAN.is_file() else {}
    if known.get("digest") != digest:
        copy_sources(files)
        configure()
        planner.plan(count, compile_check(files))
        listed, number = [], 0
        for name in sorted(planner.chosen):
            for c in sorted(planner.chosen[name], key=lambda c: c.begin):
                listed.append({"number": number, "file": name, "candidate": list(c),
                               "line": line_of(planner.texts[name], c)})
                number += 1
        known = {"digest": digest, "faults": listed}
        PLAN.write_text(json.dumps(known, indent=1))
    by_file = defaultdict(list)
    for fault in known["faults"]:
        by_file[fault["file"]].append((fault["number"], faults.Candidate(*fault["candidate"])))
    copy_sources(files, skip=by_file)
    for name, chosen in by_file.items():
        write(name, faults.planted(planner.texts[name], chosen).encode())
    configure()
    return known["faults"]
