#!/usr/bin/env python3
"""Plants faults in a scratch copy of the sources, and counts those that the tests catch.

See README.md beside this file.
"""
import argparse
import json
import re
import sys
from collections import Counter

import running
import scratch
from scratch import SCRATCH, say

RESULTS = SCRATCH / "results.json"


def arguments():
    parser = argparse.ArgumentParser(prog="./run mutate", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the choice of faults (default 1)")
    parser.add_argument("--count", type=int, default=200, help="how many faults (default 200)")
    parser.add_argument("--only", metavar="REGEX", default="",
                        help="try only faults whose file:line, kind or text matches")
    parser.add_argument("--survivors", action="store_true",
                        help="try only those that survived the last run, with the tests of now")
    parser.add_argument("--commit", help="take the sources of a commit, not of the working tree")
    parser.add_argument("--build-only", action="store_true", help="plant and build; run no test")
    parser.add_argument("--same-tests", action="store_true",
                        help="do not measure again which tests reach which faults")
    return parser.parse_args()


def one_line(text):
    text = " ".join(text.split())
    return text if len(text) <= 160 else text[:157] + "..."


def describe(fault):
    kind, _, _, original, mutated, _ = fault["candidate"]
    return (f"{fault['file']}:{fault['line']}: {kind}: {one_line(original)}  ->  "
            f"{one_line(mutated) or '(nothing)'}")


def chosen(faults, options, known):
    for fault in faults:
        if options.only and not re.search(options.only, describe(fault)):
            continue
        if options.survivors and known.get(describe(fault), "") is not None:
            continue
        yield fault


def report(faults, results):
    planted, caught = Counter(), Counter()
    for fault in faults:
        if describe(fault) in results:
            kind = fault["candidate"][0]
            planted[kind] += 1
            caught[kind] += results[describe(fault)] is not None
    print("| kind | caught | planted |\n|---|---|---|")
    for kind in sorted(planted):
        print(f"| {kind} | {caught[kind]} | {planted[kind]} |")
    print(f"| all | {sum(caught.values())} | {sum(planted.values())} |")
    survivors = [f for f in faults if results.get(describe(f), "") is None]
    if survivors:
        print("\nSurvivors:")
    for fault in survivors:
        print(f"  {fault['number']}: {describe(fault)}")


def main():
    options = arguments()
    SCRATCH.mkdir(parents=True, exist_ok=True)
    faults = scratch.plant(scratch.tracked_files(options.commit), options.seed, options.count)
    say(f"mutate: {len(faults)} faults are planted in {scratch.SOURCES}; building")
    scratch.build()
    if options.build_only:
        return
    say("mutate: running the tests without a fault, to see what each reaches")
    tests = running.measure(options.same_tests)
    results = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    results = {name: by for name, by in results.items() if name in map(describe, faults)}
    for fault in chosen(faults, options, results):
        by = running.try_fault(fault["number"], tests)
        if by is None and not any(fault["number"] in t.reaches for t in tests):
            say("no test executes this:")
        say(f"{fault['number']}: {describe(fault)}\n    " + (f"caught by {by}" if by
                                                              else "SURVIVED"))
        results[describe(fault)] = by
        RESULTS.write_text(json.dumps(results, indent=1))
    report(faults, results)
    sys.exit(any(by is None for by in results.values()))


if __name__ == "__main__":
    main()
