#!/usr/bin/env python3
"""The window and the layout child killed at random moments; the session answers on.

    kill.py PROGRAM VIEW LAYOUT ROOT TIMES

One session under Xvfb draws graphs again and again while its two children get SIGKILL at random moments (seed 1). Each
line must be answered as ever. Prints TAP.
"""

import os
import random
import signal
import sys
import threading
import time

PROGRAM, VIEW, LAYOUT, ROOT = (os.path.abspath(a) for a in sys.argv[1:5])
TIMES = int(sys.argv[5])
sys.path.insert(0, os.path.join(ROOT, "tests", "window"))
import desk  # noqa: E402


class Killer(threading.Thread):
    """Kills a child of the session now and then."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.killed, self.stop, self.random = pid, {"bauer-view": 0, "bauer-layout": 0}, False, random.Random(1)

    def run(self):
        while not self.stop:
            time.sleep(self.random.uniform(0, 0.1))
            # As often the one that is seldom there.
            rare = min(self.killed, key=self.killed.get)
            found = {name: pid for pid, name in desk.children(self.pid).items() if name in self.killed}
            if not found:
                continue
            name = rare if rare in found else self.random.choice(sorted(found))
            try:
                os.kill(found[name], signal.SIGKILL)
                self.killed[name] += 1
            except OSError:
                pass


def main():
    display = desk.Display(800, 600)
    programs = {"bauer": PROGRAM, "view": VIEW, "layout": LAYOUT}
    session = desk.Session(programs, display, ["--no-init"]).ready()
    killer = Killer(session.pid)
    wrong, asked, ended = [], 0, None

    def ask(line, expected):
        nonlocal asked
        asked += 1
        said = session.ask(line)
        if expected not in said or "error" in said:
            wrong.append("%s: %s" % (line, said))

    try:
        killer.start()
        turn = 0
        while sum(killer.killed.values()) < TIMES and turn < 50 * TIMES:
            turn += 1
            ask("x = %d" % turn, "")
            ask("y = x*x + sin(x)*%d" % turn, "")
            ask(":lcg" if turn % 3 else ":graph", " edges")
            if turn % 4 == 0:
                ask(":export g.svg", "g.svg")
                with open(session.path("g.svg"), "rb") as file:
                    if not file.read().rstrip().endswith(b"</svg>"):
                        wrong.append("g.svg is cut off")
            if turn % 8 == 0:
                ask(":window open", "")
            if turn % 16 == 0:
                ask(":pattern interleaved %d 4" % (2 + turn % 7), "paths")
            session.bytes = session.bytes[-4096:]
    except desk.Failure as failure:
        ended = str(failure)
    killer.stop = True
    killer.join()
    status = None
    try:
        if ended is None:
            ask("40 + 2", "42")
            status = session.end()
    except desk.Failure as failure:
        ended = str(failure)
    session.close()
    display.close()
    kills = sum(killer.killed.values())
    ok = ended is None and not wrong and status == 0 and kills >= TIMES
    print("1..1")
    print("%s 1 - %d kills (%s), %d lines answered" % ("ok" if ok else "not ok", kills, killer.killed, asked))
    for note in ([ended] if ended else []) + wrong[:10]:
        print("# " + note.replace("\n", "\n# "))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
