#!/usr/bin/env python3
"""Files under faults: each is the old one or the whole new one, always.

    files.py PROGRAM LAYOUT SHIM ROOT [--soak]

Every way in which bauer writes a file is run with the shim of shim.c before the C library: each of its calls for files
fails once (EIO), the disk is full from each of them on, the program is killed at each of them, calls are interrupted and
cut short at random, clocks jump. After each run every file must be as before or as the run without faults makes it, and
no temporary file may stay, but for one of a killed program, which the next write removes. A checkpoint is compared by
what the training that goes on from it reports. The last scenario is typed at a terminal: each line that the history
keeps is whole, and the lost session that the next start brings back is the one that was typed, up to some line of it.
Prints TAP.
"""

import glob
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PROGRAM, LAYOUT, SHIM, ROOT = (os.path.abspath(a) for a in sys.argv[1:5])
SOAK = "--soak" in sys.argv
RANDOM = 200 if SOAK else 6
STRIDE = 1 if SOAK else 3

MODEL = "def f(x1, x2):\n    return sin(x1)*exp(x2)\n\nf(%s)\n"
NET = """def net(x, y):
    W = param(784, 4)
    V = param(4, 10)
    return nll(log_softmax(relu(x @ W) @ V), y)
"""
TRAIN = ":train net data mnist dir images different keep 0.5 batch 5 report 10 seed 3 iterations %d resume net.checkpoint"

# Name, what is typed before (makes the old files), what is typed under faults, files that are looked at.
SCENARIOS = [
    ("save", [":save s.py"], ["y = 3", ":save s.py"], ["s.py"]),
    ("export", [":export e.svg", ":export e.pdf figure", ":export e.csv"],
     [":at 1, 2", ":export e.svg", ":export e.pdf figure", ":export e.csv"], ["e.svg", "e.pdf", "e.csv"]),
    ("results", [":variance interleaved depth 1..2 width 2 samples 20 file r.csv uniform"],
     [":variance interleaved depth 1..3 width 2 samples 20 file r.csv uniform"], ["r.csv"]),
    ("trials", [":sample 10 walk", ":trials file t.csv"], [":sample 20 walk", ":trials file t.csv"], ["t.csv"]),
    ("lesson", [":lesson 3", ":next"], [":lesson 3", ":goto 2", ":answer 1.1184469"],
     ["home/.local/state/bauer/lessons/03-bauers-formula.json"]),
    ("checkpoint", [":load net.py", TRAIN % 10], [":load net.py", TRAIN % 20], ["net.checkpoint"]),
]

# What is typed, one entry of the history each, before the faults and under them.
TYPED_BEFORE = ["y = 1", "def g(a):\n    return a*a\n", "g(3.0)"]
AFTER = [":recover", "u = 9"]  # in the session after one that was killed
TYPED = ["z = 2", "def h(a):\n    b = sin(a)\n    return a*b\n", "h(1.5)", ":paths", "w = z + 5"]

count = failed = 0


def tell(ok, name, notes=()):
    global count, failed
    count += 1
    failed += not ok
    print("%s %d - %s" % ("ok" if ok else "not ok", count, name), flush=True)
    for note in list(notes)[:12]:
        print("# " + note, flush=True)


def environment_of(folder, shim):
    environment = {
        "PATH": "/usr/bin:/bin", "HOME": os.path.join(folder, "home"), "LC_ALL": "C.UTF-8", "TERM": "dumb",
        "BAUER_LESSONS": os.path.join(ROOT, "lessons"), "BAUER_LAYOUT": LAYOUT, "SOURCE_DATE_EPOCH": "0",
        "ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0",
    }
    if shim is not None:
        environment.update({key: str(value) for key, value in shim.items()})
        environment["LD_PRELOAD"] = SHIM
        environment["FAULT_PROGRAM"] = "/bauer"
    return environment


def run(folder, lines, shim=None, timeout=120, options=()):
    arguments = [PROGRAM, "--no-window", *options, "model.py"]
    for line in lines:
        arguments += ["-c", line]
    return subprocess.run(arguments, cwd=folder, env=environment_of(folder, shim), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", timeout=timeout)


def content(folder, files):
    found = {}
    for name in files:
        path = os.path.join(folder, name)
        data = open(path, "rb").read() if os.path.exists(path) else None
        found[name] = reports(folder, data) if name.endswith(".checkpoint") else blur(name, data)
    return found


def reports(folder, data):
    """What the training reports that goes on from a checkpoint: the same from each, but for the time it took."""
    if data is None:
        return None
    copy = os.path.join(folder, "copy.checkpoint")
    with open(copy, "wb") as file:
        file.write(data)
    said = run(folder, [":load net.py", (TRAIN % 30).replace("net.checkpoint", "copy.checkpoint")], options=["--json"]).stdout
    os.unlink(copy)
    return re.sub(r'"seconds":[^},]*', "", said).encode()


def blur(name, data):
    """Without what differs from run to run: when a lesson was begun and saved."""
    if data is None or not name.endswith(".json"):
        return data
    try:
        tree = json.loads(data)
    except ValueError:
        return b"broken: " + data
    for key in ("begun", "saved", "time", "seconds", "at", "minutes"):
        tree.pop(key, None)
    return json.dumps(tree, sort_keys=True).encode()


def temporaries(folder):
    return [os.path.join(where, name) for where, _, names in os.walk(folder) for name in names
            if name.startswith(".bauer-")]


class Scenario:
    def __init__(self, name, before, lines, files):
        self.name, self.before, self.lines, self.files = name, before, lines, files
        self.base = tempfile.mkdtemp(prefix="bauer-files-")
        self.old_folder = os.path.join(self.base, "old")
        os.makedirs(os.path.join(self.old_folder, "home"))
        with open(os.path.join(self.old_folder, "model.py"), "w") as file:
            file.write(MODEL % "0.5, 1.2")
        if name == "checkpoint":
            with open(os.path.join(self.old_folder, "net.py"), "w") as file:
                file.write(NET)
            subprocess.run([sys.executable, os.path.join(ROOT, "tests", "lab", "tiny_data.py"), "mnist",
                            os.path.join(self.old_folder, "images"), "20", "20"], check=True)
        if before:
            run(self.old_folder, before)
        self.old = content(self.old_folder, files)
        folder = self.fresh()
        run(folder, lines)
        self.new = content(folder, files)
        assert any(value is not None for value in self.new.values()), name
        self.calls = int(self.counted())

    def counted(self):
        folder = self.fresh()
        where = os.path.join(self.base, "count")
        run(folder, self.lines, {"FAULT_COUNT": where})
        return open(where).read()

    def fresh(self):
        folder = os.path.join(self.base, "run")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.old_folder, folder, symlinks=True)
        return folder

    def try_one(self, shim, killed=False, exact=False):
        """What is wrong after a run under faults, or None."""
        folder = self.fresh()
        try:
            result = run(folder, self.lines, shim)
        except subprocess.TimeoutExpired:
            return "it hangs"
        if killed and result.returncode not in (-signal.SIGKILL, 0, 1):
            return "status %d" % result.returncode
        if not killed and result.returncode not in (0, 1):
            return "status %d: %s" % (result.returncode, result.stdout[-300:])
        now = content(folder, self.files)
        for name in self.files:
            if now[name] not in (self.old[name], self.new[name]):
                return "%s is neither the old file nor the new one" % name
            if exact and now[name] != self.new[name]:
                return "%s is not the new one: %s" % (name, result.stdout[-300:])
        left = temporaries(folder)
        if len(left) > (1 if killed else 0):
            return "temporary files stay: " + " ".join(left)
        if not killed:
            return None
        run(folder, self.lines)
        now = content(folder, self.files)
        if now != self.new and self.name != "lesson":  # a lesson goes on where it was
            return "after the kill the run without faults makes something else"
        left = temporaries(folder)
        return "the stale temporary file stays: " + " ".join(left) if left else None

    def all(self, what, shims, **options):
        wrong, tried = [], 0
        for shim in shims:
            said = self.try_one(shim, **options)
            tried += 1
            if said:
                wrong.append("%s: %s" % (shim, said))
        tell(not wrong, "%s: %s (%d of %d survived)" % (self.name, what, tried - len(wrong), tried), wrong)
        return tried

    def close(self):
        shutil.rmtree(self.base, ignore_errors=True)


class Terminal:
    """bauer at a prompt of its own."""

    PROMPT = b"\x1b[?2004h"

    def __init__(self, folder, shim=None):
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execve(PROGRAM, [PROGRAM, "--no-window"], {**environment_of(folder, shim), "TERM": "xterm"})
        self.said, self.answered = b"", 0  # `answered`: prompts that were seen
        self.wait()

    def wait(self):
        """Until the next prompt; False: it has ended."""
        deadline = time.monotonic() + 60
        while self.said.count(self.PROMPT) <= self.answered:
            if not select.select([self.file], [], [], max(0, deadline - time.monotonic()))[0]:
                raise subprocess.TimeoutExpired("the prompt", 60)
            try:
                more = os.read(self.file, 65536)
            except OSError:
                more = b""
            if not more:
                return False
            self.said += more
        self.answered += 1
        return True

    def enter(self, entry):
        try:
            os.write(self.file, b"\x1b[200~" + entry.encode() + b"\x1b[201~\r")
        except OSError:
            return False
        return self.wait()

    def close(self):
        os.close(self.file)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class Typed(Scenario):
    """The history, and the journal of a session that is typed."""

    def __init__(self):
        self.name, self.base = "typed", tempfile.mkdtemp(prefix="bauer-files-")
        self.old_folder = os.path.join(self.base, "old")
        os.makedirs(os.path.join(self.old_folder, "home"))
        self.type(self.old_folder, TYPED_BEFORE)
        folder = self.fresh()
        terminal = Terminal(folder)
        self.states = [None]  # of the journal, after each entry
        for entry in TYPED:
            terminal.enter(entry)
            self.states.append(self.journal(folder))
        terminal.enter(":quit")
        terminal.close()
        assert len(set(self.states)) > 3 and self.history(folder)[-1] == ":quit"
        self.calls = int(self.counted())

    def counted(self):
        where = os.path.join(self.base, "count")
        self.type(self.fresh(), TYPED, {"FAULT_COUNT": where})
        return open(where).read()

    @staticmethod
    def type(folder, entries, shim=None):
        """How many entries were answered before it ended, its exit status, what it said."""
        terminal = Terminal(folder, shim)
        for entry in [*entries, ":quit"]:
            if not terminal.enter(entry):
                break
        status = terminal.close()
        return max(0, terminal.answered - 1), status, terminal.said.decode(errors="replace")

    @staticmethod
    def journal(folder):
        found = glob.glob(os.path.join(folder, "home/.local/state/bauer/sessions/*.py"))
        return open(found[0], encoding="utf-8").read() if found else None

    @staticmethod
    def history(folder):
        """The entries; an entry that is cut off at the file's end is none of those that were typed."""
        text = open(os.path.join(folder, "home/.local/state/bauer/history"), encoding="utf-8", errors="replace").read()
        return [entry[:-1] for entry in re.split(r"^#\d+\n", text, flags=re.M)[1:]]

    def try_one(self, shim, killed=False, exact=False):
        folder = self.fresh()
        try:
            answered, status, said = self.type(folder, TYPED, shim)
        except subprocess.TimeoutExpired:
            return "it hangs"
        if status not in ((-signal.SIGKILL, 0) if killed else (0,)):
            return "status %d: %s" % (status, said[-300:])
        state = self.journal(folder)
        if state not in self.states:
            return "the journal is none of the session: %r" % state
        if status and max(i for i, s in enumerate(self.states) if s == state) < answered < len(TYPED):
            return "%d entries were answered, and the journal holds %r" % (answered, state)
        if killed:  # whatever is there, the next session makes good
            said = self.type(folder, AFTER)[2]
            if state is not None and "the session is back" not in said:
                return "the session does not come back: " + said[-300:]
            if self.journal(folder) is not None:
                return "the lost session's file stays"
        left = temporaries(folder)
        if left:
            return "temporary files stay: " + " ".join(left)
        return self.wrong_history(folder, len(TYPED) + 1 if exact else answered if killed else 0)

    def wrong_history(self, folder, kept):
        before, typed = TYPED_BEFORE + [":quit"], [entry.rstrip("\n") for entry in TYPED + [":quit"]]
        before, now = [entry.rstrip("\n") for entry in before], self.history(folder)
        if now[: len(before)] != before:
            return "the old history is lost: %r" % now
        rest, known = iter(typed + AFTER + [":quit"]), now[len(before):]
        if not all(entry in rest for entry in known):
            return "the history holds what was not typed: %r" % known
        return None if set(typed[:kept]) <= set(known) else "the history lacks entries: %r" % known


def main():
    total = {}
    for number, entry in enumerate([*SCENARIOS, None]):
        scenario = Scenario(*entry) if entry else Typed()
        each = range(1 + number % STRIDE, scenario.calls + 1, STRIDE)
        kinds = [
            ("calls that fail", [{"FAULT_FAIL": n} for n in each], {}),
            ("a disk that is full", [{"FAULT_FULL": n} for n in each], {}),
            ("killed", [{"FAULT_KILL": n} for n in each], {"killed": True}),
            ("interrupted and short", [{"FAULT_SEED": n, "FAULT_SHORT": 0.3, "FAULT_EINTR": 0.3}
                                       for n in range(RANDOM)], {"exact": True}),
            ("clocks that jump", [{"FAULT_SEED": n, "FAULT_CLOCK": 0.2} for n in range(RANDOM)], {"exact": True}),
        ]
        # By such a clock a layout may take a day, and is given up for a simpler one; and so are the lines of a lesson.
        if scenario.name not in ("export", "lesson"):
            kinds.append(("steady clocks that jump", [{"FAULT_SEED": n, "FAULT_CLOCK": 0.2, "FAULT_STEADY": 1}
                                                      for n in range(RANDOM)], {"exact": True}))
        for what, shims, options in kinds:
            total[what] = total.get(what, 0) + scenario.all(what, shims, **options)
        scenario.close()
    print("1..%d" % count)
    print("# faults: " + ", ".join("%s %d" % item for item in total.items()))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
