#!/usr/bin/env python3
"""Many different layouts through one session, its layout child and its window: memory stays flat.

    layouts.py BAUER BAUER-VIEW BAUER-LAYOUT

300 layouts; BAUER_SOAK=34 makes 10,000. The same seed makes the same graphs. Every value is compared with Python's."""
import os
import random
import sys
import time

import soak
from soak import desk, expect

PROGRAMS = soak.programs(sys.argv[1:])
TURN = 10  # graphs until everything is forgotten, as between two exercises


def draw(session, rng, number):
    """Another graph, traced, shown and exported."""
    text, call = soak.random_program(rng)
    with open(session.path("g.py"), "w", encoding="utf-8") as file:
        file.write(text)
    if number % TURN == 0:
        session.ask(":reset")
    session.ask(":load g.py")
    value = session.number(call)
    expect(soak.close(value, soak.value_of(text, call)), f"round {number}: {call} is {value} in\n{text}")
    session.ask(rng.choice((":graph", ":lcg", ":lcg symbolic")))
    answer = session.ask(":export g.svg")
    expect("as svg" in answer, f"round {number}: {answer!r}")
    with open(session.path("g.svg"), encoding="utf-8") as file:
        drawn = file.read()
    expect("</svg>" in drawn and "simpler" not in answer, f"round {number}: {answer!r}")
    os.unlink(session.path("g.svg"))


def test_layouts():
    rounds, rng = soak.scaled(300), random.Random(8)
    display = desk.Display()
    session = soak.Session(PROGRAMS, display, ["-i"])
    try:
        session.ready()
        memory, begun = soak.Memory(session), time.monotonic()
        for number in range(rounds):
            draw(session, rng, number)
            if number % max(1, rounds // 60) == 0 or number == rounds - 1:
                memory.look(number)
        took = time.monotonic() - begun
        expect(session.viewer(), "the window is gone")
        print(f"# {rounds} layouts in {took:.0f} s: {rounds / took:.1f} a second, each traced, shown in the window and exported")
        bad = memory.verdict()
        expect(session.end() == 0, "exit status")
        return bad
    finally:
        session.close()
        display.close()


if __name__ == "__main__":
    sys.exit(soak.run([test_layouts]))
