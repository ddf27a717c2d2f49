#!/usr/bin/env python3
"""What a class does, again and again in one session with its window: memory stays flat. Then eight students at once.

    classroom.py BAUER BAUER-VIEW BAUER-LAYOUT LESSONS [PART-OF-A-NAME ...]

A round is about 110 lines, steps, drags and mistakes: what a student does in 40 minutes at three a minute. Twelve rounds
are eight hours of class, and the short version; BAUER_SOAK=5 are five such days. Every answer that is a number is
compared with one computed here; each student works at another point, so that answers to others would be noticed."""
import json
import math
import os
import random
import re
import shutil
import sys
import tempfile
import threading
import time

import soak
from soak import desk, expect

PROGRAMS = soak.programs(sys.argv[1:4])
LESSONS = os.path.abspath(sys.argv[4])
FIGURE1 = os.path.join(os.path.dirname(LESSONS), "assets", "figure1.py")
TRAINING = ":train fully_connected {method} keep 0.1 batch 32 iterations 200 train-images 300 test-images 200 report 50 seed {seed}"
MISTAKES = (  # lines, and what their errors say
    ("y = = 3", "expected"), ("nope(3)", "nope"), (":nope", "no command"), ("1 / 0", "division by zero"),
    ("f(1)", "argument"), ("import os", "os"), (":at 1", "2 inputs"), (":paths zz -> f", "zz"), (":export x.gif", "gif"),
    (":sample 0 walk", "sample"), (":set paths -1", "paths"), (":load missing.py", "missing.py"), (":train nothing", "nothing"),
    (":lesson 99", "99"), ("sum([i for i in range(5000)])", "steps"), ("g = lambda x: g(x)", ""), ("g(1.0)", "hint"),
    (":eliminate x1", "x1"), (":answer 3", "lesson"))


def gradient(x1, x2):
    a = math.exp(x1)
    return 2 * a * a * math.sin(x2) * x2, a * a * (math.cos(x2) * x2 + math.sin(x2))


class Student:
    def __init__(self, display, seed, state):
        self.rng = random.Random(seed)
        self.s = soak.Session(PROGRAMS, display, ["-i"], home=False, HOME=state, XDG_STATE_HOME=state,
                              XDG_CACHE_HOME=state, BAUER_LESSONS=LESSONS)
        self.lines = 0
        self.s.ready()
        shutil.copy(FIGURE1, self.s.path("figure1.py"))

    def ask(self, line, *wanted):
        answer = self.s.ask(line)
        self.lines += 1
        for text in wanted:
            expect(text.lower() in answer.lower(), f"{line!r} was answered by {answer!r}, without {text!r}")
        return answer

    def jacobian(self, line, x1, x2):
        answer = self.ask(line)
        found = re.search(r"^\s*f\s+(\S+)\s+(\S+)\s*$", answer, re.M)
        expect(found, f"no Jacobian in {answer!r}")
        for number, right in zip(found.groups(), gradient(x1, x2)):
            expect(soak.close(float(number), right), f"{line} at {x1}, {x2}: {number} is not {right}")

    # ---- the parts of a round ----

    def define(self):
        self.ask(":reset")
        self.ask(":load figure1.py", "f is defined")
        self.x1, self.x2 = round(self.rng.uniform(-1, 1), 4), round(self.rng.uniform(0.2, 2), 4)
        value = self.s.number(f"f({self.x1}, {self.x2})")
        right = math.exp(self.x1) ** 2 * math.sin(self.x2) * self.x2
        expect(soak.close(value, right), f"f({self.x1}, {self.x2}) = {value}, not {right}")

    def look(self):
        for line in (":graph", ":lcg", ":lcg symbolic", ":paths", ":paths x2 -> f", ":describe", ":why a", ":list f"):
            self.ask(line)
        for way in ("", " forward", " bauer", " order b c d a", " order greedy"):
            self.jacobian(":jacobian" + way, self.x1, self.x2)
        self.ask(":check", "ok: derivatives agree")
        self.ask(":eliminate b")
        self.ask(":eliminate c")
        self.ask(":undo")
        self.ask(":undo")

    def walk(self):
        for kind in ("primal", "forward", "reverse", "paths", "eliminate"):
            self.ask(":walk " + kind)
            for line in (":next", ":next", ":back", ":goto 3"):
                self.ask(line)

    def move(self):
        for theme in ("dark", "projector", "light"):
            self.ask(":set theme " + theme)
            self.ask(":lcg")
        for _ in range(3):
            x1 = round(self.rng.uniform(-1, 1), 4)
            self.ask(f":at x1={x1}")
            self.jacobian(":jacobian", x1, self.x2)
        self.ask(":undo")
        self.ask(":redo")
        self.jacobian(":jacobian", x1, self.x2)

    def mistakes(self):
        self.ask(":set steps 1000")
        for line, said in MISTAKES:
            self.ask(line, said)

    def lesson(self, number):
        self.ask(f":lesson {number}", "step")
        for _ in range(6):
            answer = self.ask(":next")
            if "Question" in answer:
                self.ask(":hint")
                self.ask(":answer " + self.rng.choice(("7", "b", "3", "a")))
        self.ask(":back")
        self.ask(":goto 2")
        self.ask(":lesson end", "as it was before")

    def sample(self):
        self.ask(":reset")
        self.ask(":load figure1.py")
        self.ask(f"f({self.x1}, {self.x2})")
        for estimator in ("walk", "uniform", "importance", "edges 0.5", "vertices 1", "rademacher 2"):
            self.ask(f":sample 500 {estimator} seed {self.rng.randrange(100)}", "500 samples")
        self.ask(":trials sort variance", "walk")
        self.ask(":trials clear")
        self.ask(":variance interleaved depth 1..4 width 2,3 samples 50 walk uniform", "walk")
        self.ask(f":pattern interleaved 3 3 seed {self.rng.randrange(100)}", "27 paths")
        self.ask(":paths")
        self.ask(":lcg")
        self.ask(":export pattern.svg", "as svg")

    def figure(self, whole):
        """Figure 2, either as a whole or as far as somebody's patience goes."""
        if not whole:
            self.s.write(":figure 2 quick\r")
            time.sleep(0.5)
            self.s.write("\x03")
            self.ask("1 + 1")
        self.ask("2 + 2", "4")
        if whole:
            self.ask(":figure 2 quick", "figure-2.svg")

    def memory(self):
        self.ask(":load " + os.path.join(LESSONS, "nets", "fully_connected.py"))
        self.ask("fully_connected(randn(32, 784), labels(32, 10))")
        self.ask(":memory exact same different keep 0.1,0.5")
        self.ask(":graph")

    def train(self):
        method = self.rng.choice(("same", "different", "exact", "project"))
        self.ask(TRAINING.format(method=method, seed=self.rng.randrange(100)).replace(
            "exact keep 0.1", "exact"), "background")
        run = re.findall(r"^\s*(\d+)\s", self.ask(":runs"), re.M)[-1]
        self.ask(f":pause {run}")
        self.ask(":paths")
        self.ask(f":resume {run}")

        def done():
            time.sleep(0.3)
            return re.search(rf"^\s*{run}\s.*(done|stopped)", self.ask(":runs"), re.M)
        desk.until(done, f"the end of run {run}", 20 * desk.PATIENCE)

    def files(self):
        self.ask(":reset")
        self.ask(":load figure1.py")
        self.ask(f"f({self.x1}, {self.x2})")
        for name in ("g.svg", "g.png", "g.pdf", "g.dot", "g.tex", "g.json", "g.csv"):
            self.ask(":export " + name, name)
        self.ask(":save kept.py")
        self.ask(":reset")
        self.ask(":load kept.py")
        self.jacobian(":jacobian", self.x1, self.x2)
        self.ask(":load g.svg")
        self.ask(":help paths")
        self.ask(":history")

    def window(self):
        """A slider is dragged by hand, keys are pressed, the window is closed and comes back."""
        s = self.s
        s.open(":lcg")
        place = desk.widget(s.state(), "slider", 0)
        y = place["y"] + place["height"] / 2
        s.drag([(place["x"] + share * place["width"], y) for share in (0.5, 0.55, 0.6, 0.7, 0.4, 0.75)])
        before = s.state()["point"]
        s.at_rest()
        s.ask(":undo")
        s.ask(":redo")
        s.key("plus", "minus", "w")
        s.ask(":walk reverse")
        s.key("Next", "Next", "Prior")
        expect(before, "no point in the window's state")
        s.ask(":window close")
        desk.until(lambda: not s.viewer(), "the window to close")
        s.open(":graph")

    def round(self, number):
        self.define()
        self.look()
        self.walk()
        self.move()
        self.mistakes()
        self.lesson(1 + number % 7)
        self.sample()
        self.figure(number % 6 == 5)
        self.memory()
        self.train()
        self.files()
        self.window()


def tell_rounds(name, student, rounds, took):
    print(f"# {name}: {rounds} rounds, {student.lines} lines, {rounds * 40 / 60:.1f} hours of class in {took / 60:.1f} minutes")


def test_classroom():
    rounds = soak.scaled(12)
    state, display = tempfile.mkdtemp(prefix="bauer-soak-"), desk.Display()
    student = Student(display, 1, state)
    try:
        memory, begun = soak.Memory(student.s), time.monotonic()
        for number in range(rounds):
            student.round(number)
            memory.look(number)
        tell_rounds("one student", student, rounds, time.monotonic() - begun)
        bad = memory.verdict()
        expect(student.s.end() == 0, "exit status")
        return bad
    finally:
        student.s.close()
        display.close()
        shutil.rmtree(state, ignore_errors=True)


def check_state(state):
    """What all of them wrote into one home is whole."""
    for folder, _, names in os.walk(state):
        for name in names:
            path = os.path.join(folder, name)
            expect(not name.endswith(".tmp"), f"left behind: {path}")
            if folder.endswith("lessons") and name.endswith(".json"):
                with open(path, encoding="utf-8") as file:
                    expect(isinstance(json.load(file)["answers"], list), path)
            expect(not (folder.endswith("sessions") and name.endswith(".py")), f"a session that ended is kept: {path}")
    with open(os.path.join(state, "bauer", "history"), encoding="utf-8") as file:
        lines = file.read().splitlines()
    stamps = [line for line in lines if re.fullmatch(r"#\d{9,}", line)]
    expect(len(stamps) * 2 == len(lines), f"the history has {len(lines)} lines but {len(stamps)} time stamps")


def test_eight_students_at_once():
    """Eight processes with a window each and one home for all, as on a server."""
    rounds, count, state = soak.scaled(2) if soak.SCALE > 4 else 2, 8, tempfile.mkdtemp(prefix="bauer-soak-")
    bad, displays, students, begun = [], [], [], time.monotonic()

    def work(student, number):
        try:
            memory = soak.Memory(student.s)
            for i in range(rounds):
                student.round(number + 2 * i)
                memory.look(i)
            expect(student.s.end() == 0, "exit status")
        except (desk.Failure, OSError, KeyError, IndexError, TypeError, ValueError) as failure:
            bad.append(f"student {number}: {failure!r}")

    try:
        for number in range(count):
            displays.append(desk.Display())
            students.append(Student(displays[-1], 100 + number, state))
        threads = [threading.Thread(target=work, args=(student, number)) for number, student in enumerate(students)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for number, student in enumerate(students):
            tell_rounds(f"student {number} of {count}", student, rounds, time.monotonic() - begun)
        if not bad:
            check_state(state)
        return bad
    finally:
        for student in students:
            student.s.close()
        for display in displays:
            display.close()
        shutil.rmtree(state, ignore_errors=True)


if __name__ == "__main__":
    wanted = sys.argv[5:]
    tests = [test_classroom, test_eight_students_at_once]
    sys.exit(soak.run([test for test in tests if not wanted or any(part in test.__name__ for part in wanted)]))
