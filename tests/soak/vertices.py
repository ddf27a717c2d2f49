#!/usr/bin/env python3
"""A graph of 10 million vertices: traced, looked at, differentiated, exported, interrupted; memory in bytes per vertex.

    vertices.py BAUER BAUER-VIEW BAUER-LAYOUT

A million vertices; BAUER_SOAK=10 makes 10 million. The Jacobian is compared with one computed here."""
import math
import os
import re
import sys
import time

import soak
from soak import desk, expect

PROGRAMS = soak.programs(sys.argv[1:])
LOOPS = max(1000, round(500000 * soak.SCALE))
PROGRAM = f"""from math import sin

def f(x, y):
    a = x
    for i in range({LOOPS}):
        a = sin(a)
        a = a * y
    return a
"""
MOST_BYTES = {"trace": 64, "jacobian": 160}  # for each vertex, at most; measured at 10 million: 46 and 110


def expected(x, y):
    """The value and both derivatives, by forward mode."""
    a, dx, dy = x, 1.0, 0.0
    for _ in range(LOOPS):
        a, cosine = math.sin(a), math.cos(a)
        dx, dy = dx * cosine, dy * cosine
        a, dx, dy = a * y, dx * y, dy * y + a
    return a, dx, dy


class Big:
    def __init__(self):
        self.session = soak.Session(PROGRAMS, None, ["--no-window", "-i"])
        self.session.ready()
        self.count = 2 * LOOPS + 2
        with open(self.session.path("big.py"), "w", encoding="utf-8") as file:
            file.write(PROGRAM)
        self.empty = soak.anonymous(self.session.pid)

    def ask(self, line, wanted=None):
        begun, used = time.monotonic(), soak.processor_seconds(self.session.pid)
        answer = self.session.ask(line, patience=3600)
        took, used = time.monotonic() - begun, soak.processor_seconds(self.session.pid) - used
        bytes_each = 1024 * (soak.anonymous(self.session.pid) - self.empty) / self.count
        print(f"# {line}: {took:.1f} s ({used:.1f} s of processor, {self.count / max(used, 0.01) / 1e6:.1f} million vertices a "
              f"second), {len(answer)} bytes of answer, {bytes_each:.0f} bytes per vertex are held", flush=True)
        if wanted:
            expect(re.search(wanted, answer, re.S), f"{line!r} was answered by {answer[-600:]!r}, not /{wanted}/")
        return answer, bytes_each

    def interrupt(self, line):
        """Ctrl-C in the middle; the prompt is back, and the session as it was."""
        self.session.write(line + "\r")
        time.sleep(0.7)
        begun = time.monotonic()
        self.session.write("\x03")
        self.session.ask("1 + 1")
        print(f"# Ctrl-C in {line}: the prompt after {time.monotonic() - begun:.2f} s", flush=True)
        self.ask(":jvp 0, 0", "0")


def test_vertices():
    x, y = 0.5, 1.0001
    value, dx, dy = expected(x, y)
    big = Big()
    try:
        big.ask(":load big.py")
        answer, held = big.ask(f"f({x}, {y})")
        number = float(re.search(r"-?\d[\d.]*(e-?\d+)?$", answer.strip()).group())  # behind a bar of progress
        expect(soak.close(number, value), f"the value is {answer!r}, not {value}")
        bad = [] if held < MOST_BYTES["trace"] else [f"{held:.0f} bytes per vertex after tracing"]
        big.ask(":graph", f"{big.count} vertices.*1000 of {big.count} vertices listed")
        big.ask(":lcg", "1000 of [0-9]+ edges listed")
        answer, held = big.ask(":jacobian")
        found = re.search(r"^\s*a\s+(\S+)\s+(\S+)\s*$", answer, re.M)
        expect(found, f"no Jacobian in {answer[-600:]!r}")
        for number, right in zip(map(float, found.groups()), (dx, dy)):
            # Rounding in 2 products and sums a step, in another order: LOOPS * 4 ulp, relative.
            expect(abs(number - right) <= 1e-15 * 4 * LOOPS * abs(right) + 1e-300, f"{number} is not {right}")
        if held >= MOST_BYTES["jacobian"]:
            bad.append(f"{held:.0f} bytes per vertex after :jacobian")
        big.ask(":jacobian forward")
        big.ask(":paths top 2", f"{LOOPS + 1} paths")
        big.ask(f":paths x -> a@{2 * LOOPS}", "more vertices")
        big.ask(":describe", "more vertices")
        big.ask(":check", "ok: derivatives agree|sampled|too large|checked")
        big.ask(":sample 3 walk", "3 samples")
        big.ask(":walk reverse", "step 1 of")
        big.ask(":export big.svg", "left out|more than")
        big.ask(":export big.svg primal", "more than the 2000")
        big.ask(":export big.dot primal")
        big.ask(":export big.csv primal", "as csv")
        os.unlink(big.session.path("big.csv"))
        for line in (":jacobian bauer", f"f({x}, 1.0)", ":export big.json"):
            big.interrupt(line)
        expect(not os.path.exists(big.session.path("big.json")) or LOOPS < 200000, "an interrupted export left a file")
        big.ask(":trials clear")  # they keep their graphs, to be run again
        big.ask(":reset")
        _, held = big.ask("1 + 1")
        if held > 16:
            bad.append(f"{held:.0f} bytes per vertex are held after :reset")
        expect(big.session.end() == 0, "exit status")
        return bad if LOOPS >= 500000 else []  # reserves weigh more than a small graph
    finally:
        big.session.close()


if __name__ == "__main__":
    sys.exit(soak.run([test_vertices]))
