"""What the soaks share: how much memory a session and its helpers hold, and whether that grows.

A soak starts the real bauer on a pseudo-terminal (tests/window/desk.py), does the same round again and again, and looks
at the memory after each. BAUER_SOAK scales it: how many times as long as the short version, which takes about a
minute; 0.2 to try one out, 100 for a night."""
import os
import re
import select
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "window"))
os.environ.setdefault("LSAN_OPTIONS", "print_suppressions=0:suppressions=" + os.path.join(HERE, "..", "..", ".ci", "lsan.supp"))

import desk  # noqa: E402  (found by the line above)
from desk import expect  # noqa: E402,F401

SCALE = float(os.environ.get("BAUER_SOAK", "1"))
SANITIZED = "ASAN_OPTIONS" in os.environ  # a sanitizer keeps what is freed: growth means nothing, LeakSanitizer does
PROCESSES = ("bauer", "bauer-layout", "bauer-view")


def programs(arguments):
    """The paths of bauer, bauer-view and bauer-layout, as the tests of the window take them."""
    return dict(zip(("bauer", "view", "layout"), map(os.path.abspath, arguments)))


def scaled(rounds):
    return max(8, round(rounds * SCALE))


def anonymous(pid):
    """Kilobytes of memory that a process has written, which no kernel can take back; pages of files come and go."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            for line in file:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return None


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def slope(points):
    """Least squares: how much y grows for each x."""
    count = len(points)
    mean_x, mean_y = sum(x for x, _ in points) / count, sum(y for _, y in points) / count
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


class Session(desk.Session):
    """A session that is asked many thousand times: what it wrote is not kept, and nothing sleeps in between."""

    END = re.compile(rb"\x1b\[\?2004l\r?(.*?)\x1b\[\?2004h", re.S)

    def ask(self, line, patience=20 * desk.PATIENCE):
        self.read()
        self.bytes = b""
        self.write(line + "\r")
        deadline = time.monotonic() + patience
        while not (found := self.END.search(self.bytes)):
            ready, _, _ = select.select([self.master], [], [], max(0, deadline - time.monotonic()))
            if not ready or not self.read():
                raise desk.Failure(f"no answer to {line!r}; it wrote {self.bytes[-600:]!r}")
        self.text = ""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", found.group(1).decode("utf-8", "replace")).replace("\r", "")

    def number(self, line):
        """The last number of an answer."""
        answer = self.ask(line)
        found = re.findall(r"^-?\d[\d.e+-]*$", answer, re.M)
        desk.expect(found, f"no number in the answer to {line!r}: {answer!r}")
        return float(found[-1])


def close(a, b):
    return abs(a - b) <= 1e-12 * max(1, abs(a), abs(b))


OPERATIONS = ("{a} + {b}", "{a} * {b}", "{a} - {b}", "sin({a})", "cos({a})", "tanh({a})", "exp(-{a} * {a})", "{a} * {a}")


def random_program(rng, most=12):
    """A function of 1 to 4 numbers, with a call of it; Python runs it, too."""
    inputs = [f"x{i}" for i in range(rng.randint(1, 4))]
    names, lines = list(inputs), []
    for i in range(rng.randint(2, most)):
        a, b = (rng.choice(names[-5:]) for _ in range(2))
        lines.append(f"    v{i} = " + rng.choice(OPERATIONS).format(a=a, b=b))
        names.append(f"v{i}")
    point = ", ".join(str(round(rng.uniform(-1, 1), 3)) for _ in inputs)
    text = "from math import sin, cos, exp, tanh\n\ndef f({}):\n{}\n    return {}\n\n".format(
        ", ".join(inputs), "\n".join(lines), " + ".join(names[len(inputs):]))
    return text, f"f({point})"


def value_of(text, call):
    names = {}
    exec(text, names)  # what random_program wrote
    return float(eval(call, names))


class Memory:
    """Memory of a session and its children over the rounds of a soak.

    The first third is warm-up: fonts, caches and the heap's own reserves fill. What counts is a line through the rest:
    its rise over that rest may be no more than `slack` kilobytes and `share` of where it starts."""

    def __init__(self, session, slack=2048, share=0.04):
        self.session, self.slack, self.share = session, slack, share
        self.seen = {}  # by process: (round, kilobytes, pid)
        self.open_files = []

    def look(self, number):
        pids = {self.session.pid: "bauer", **desk.children(self.session.pid)}
        for pid, name in pids.items():
            kilobytes = anonymous(pid)
            if kilobytes is not None and name in PROCESSES:
                self.seen.setdefault(name, []).append((number, kilobytes, pid))
        self.open_files.append(descriptors(self.session.pid))

    def verdict(self):
        """Prints the figures; returns what grew beyond its bound."""
        bad = []
        for name, seen in sorted(self.seen.items()):
            if len(seen) < 6:
                continue
            late = [(number, kilobytes) for number, kilobytes, _ in seen[len(seen) // 3:]]
            rise = slope(late) * (late[-1][0] - late[0][0])
            bound = self.slack + self.share * late[0][1]
            started = len({pid for _, _, pid in seen})
            print(f"# {name}: {seen[0][1]} kB at the start, {late[0][1]} after the warm-up, {seen[len(seen) // 2][1]} in the "
                  f"middle, {seen[-1][1]} at the end, most {max(kb for _, kb, _ in seen)}; the line rises by {rise:.0f} kB "
                  f"over {late[-1][0] - late[0][0]} rounds (bound {bound:.0f}); {started} process{'es' if started > 1 else ''}")
            if rise > bound and not SANITIZED:
                bad.append(f"{name} grew by {rise:.0f} kB (bound {bound:.0f})")
        late = self.open_files[len(self.open_files) // 3:]
        print(f"# descriptors of bauer: {self.open_files[0]} at the start, {self.open_files[-1]} at the end")
        if late and self.open_files[-1] > max(late[0], self.open_files[0]) + 6:
            bad.append(f"open files went from {late[0]} to {self.open_files[-1]}")
        return bad


def run(tests):
    """Runs functions that return a list of complaints; TAP, and an exit status."""
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for number, test in enumerate(tests, 1):
        begun = time.monotonic()
        try:
            bad = test()
        except desk.Failure as failure:
            bad = [str(failure)]
        for complaint in bad:
            print("# " + complaint.replace("\n", "\n# "))
        failed += bool(bad)
        print(f"{'not ok' if bad else 'ok'} {number} {test.__name__} ({time.monotonic() - begun:.0f} s)", flush=True)
    return 1 if failed else 0
