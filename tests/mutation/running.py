"""Running the planted program: once to see which tests reach which faults, then once a fault."""
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import namedtuple

from scratch import BUILD, SCRATCH, say

Test = namedtuple("Test", "name seconds reaches")
TESTS = BUILD / "tests" / "eps_tests"
CONFORMANCE = BUILD / "tests" / "eps_conformance"
REACH = SCRATCH / "reach.json"
MEMORY = 12 << 30  # a fault may ask for any amount
MOST_LETTERS = 60_000  # of the names in one call


def call(command, seconds, **environment):
    """(exit code or None if it took too long, output). Leaves no process behind."""
    with tempfile.TemporaryDirectory(prefix="mutate-") as folder, \
            open(f"{folder}/output", "w+b") as output:
        process = subprocess.Popen(
            command, cwd=BUILD, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, "TMPDIR": folder, **environment},
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)))
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
        output.seek(0)
        return code, output.read().decode(errors="replace")


def reaching():
    """Runs all tests without a fault. Returns those that pass, and the faults that each reaches."""
    record = SCRATCH / "reached.txt"
    record.write_text("")
    code, _ = call([TESTS], 3600, EPS_MUTANTS_REACHED=str(record))
    if code is None:
        sys.exit("mutate: the tests without a fault took more than an hour")
    tests = []
    for line in record.read_text(errors="replace").split("\n"):
        parts = line.split("\t")
        if len(parts) != 4:
            continue  # the end of the program
        reaches, seconds, result, name = parts
        if result == "passed":
            tests.append(Test(name, float(seconds), sorted({int(n) for n in reaches.split()})))
        else:
            say(f"mutate: left out, since it fails without a fault: {name}")
    return tests


def conformance():
    record = SCRATCH / "reached.txt"
    record.write_text("")
    begin = time.monotonic()
    code, _ = call([CONFORMANCE], 1800, EPS_MUTANTS_REACHED=str(record))
    if code != 0:
        say(f"mutate: eps_conformance is left out; without a fault it exits with {code}")
        return []
    reaches = sorted({int(n) for n in record.read_text().split()})
    return [Test("eps_conformance", time.monotonic() - begin, reaches)]


def measure(again):
    """All tests; of the last measurement if there is one and it may be used again."""
    if again and REACH.is_file():
        return [Test(*test) for test in json.loads(REACH.read_text())]
    tests = reaching() + conformance()
    REACH.write_text(json.dumps(tests))
    return tests


def batches(tests):
    """Tests from the fastest on, in groups of growing time."""
    group, letters, seconds, limit = [], 0, 0.0, 1.0
    for test in sorted(tests, key=lambda t: t.seconds):
        alone = test.name == "eps_conformance"
        if group and (alone or letters + len(test.name) > MOST_LETTERS
                      or seconds + test.seconds > limit):
            yield group
            group, letters, seconds, limit = [], 0, 0.0, 2 * limit
        group.append(test)
        letters += len(test.name) + 1
        seconds += test.seconds
        if alone:
            yield group
            group, letters, seconds = [], 0, 0.0
    if group:
        yield group


def try_fault(number, tests):
    """What caught the fault, or None: the tests that reach it run until one fails."""
    for group in batches([t for t in tests if number in t.reaches]):
        seconds = 20 + 10 * sum(t.seconds for t in group)
        if group[0].name == "eps_conformance":
            command = [CONFORMANCE]
        else:
            # A comma separates filters; ? is any letter.
            names = ",".join(t.name.replace(",", "?").replace("\\", "?") for t in group)
            command = [TESTS, "--abort-after=1", "--no-intro", f"--test-case={names}"]
        code, output = call(command, seconds, EPS_MUTANT=str(number))
        if code is None:
            return f"no end after {seconds:.0f} s, in one of: {group[0].name}; ..."
        if code != 0:
            failed = re.findall(r"^TEST CASE: +(.*)", output, re.MULTILINE)
            return failed[-1] if failed else f"exit code {code}: {group[0].name}; ..."
    return None
