"""A desk to test at: a display of its own (Xvfb), bauer on a pseudo-terminal, hands for keys and mouse (xdotool).

Nothing here sleeps for a guess of how long something takes: whatever is expected is asked for until it is there or
PATIENCE is over, so that a slow machine makes the tests slow and not wrong."""
import json
import mmap
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import fcntl
import termios

PATIENCE = float(os.environ.get("BAUER_PATIENCE", "30"))  # seconds
LITTLE = 0.03  # between two questions


class Failure(AssertionError):
    """What was expected did not come."""


def expect(truth, what):
    if not truth:
        raise Failure(what)


def near(a, b, slack):
    return a is not None and b is not None and abs(a - b) <= slack


def until(question, what, patience=PATIENCE):
    """Asks until the answer is true, and returns it. `what` may be a function that tells what is there instead."""
    deadline = time.monotonic() + patience
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise Failure("waited in vain for " + (what() if callable(what) else what))
        time.sleep(LITTLE)


class Display:
    """An X server without a window manager. Its pixels lie in a file in the format of xwd."""

    def __init__(self, width=1400, height=1000):
        self.folder = tempfile.mkdtemp(prefix="bauer-display-")
        read, write = os.pipe()
        self.process = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{width}x{height}x24", "-fbdir", self.folder,
             "-nolisten", "tcp", "-noreset"],
            pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write)
        said, deadline = b"", time.monotonic() + PATIENCE
        while not said.endswith(b"\n"):
            ready, _, _ = select.select([read], [], [], max(0, deadline - time.monotonic()))
            chunk = os.read(read, 64) if ready else b""
            if not chunk:
                raise Failure("Xvfb does not start")
            said += chunk
        os.close(read)
        self.name = ":" + said.decode().strip()
        with open(os.path.join(self.folder, "Xvfb_screen0"), "rb") as file:
            self.frame = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        head = struct.unpack(">25I", self.frame[:100])
        self.start, self.line, self.bits = head[0] + 12 * head[19], head[12], head[11]
        self.order = "little" if head[7] == 0 else "big"

    def pixel(self, x, y):
        """The colour on the screen, 0xRRGGBB."""
        at = self.start + int(y) * self.line + int(x) * self.bits // 8
        return int.from_bytes(self.frame[at:at + self.bits // 8], self.order) & 0xFFFFFF

    def area(self, x, y, width, height):
        """The bytes of a rectangle on the screen, to be compared."""
        size = self.bits // 8
        rows = (self.start + row * self.line + x * size for row in range(y, y + height))
        return b"".join(self.frame[at:at + width * size] for at in rows)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        self.kill()
        self.frame.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def children(pid):
    """The processes that `pid` has started: {process id: its name}."""
    found = {}
    for entry in os.listdir("/proc"):
        try:
            if not entry.isdigit():
                continue
            with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
                stat = file.read()
        except OSError:
            continue
        name, rest = stat[stat.index("(") + 1:stat.rindex(")")], stat[stat.rindex(")") + 2:].split()
        if int(rest[1]) == pid and rest[0] != "Z":
            found[int(entry)] = name
    return found


class Session:
    """bauer, typed at on a pseudo-terminal."""

    def __init__(self, programs, display, arguments=(), view=None, home=True, **more):
        self.folder = tempfile.mkdtemp(prefix="bauer-window-")
        self.display = display
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "TERM": "xterm", "LANG": "C.UTF-8",
                       "LC_ALL": "C.UTF-8", "PAGER": "cat", "BAUER_VIEW": view or programs["view"],
                       "BAUER_LAYOUT": programs["layout"], "SDL_AUDIODRIVER": "dummy"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            environment[name] = ":".join(filter(None, [os.environ.get(name), f"log_path={self.folder}/sanitizer"]))
        if home:
            environment["HOME"] = self.folder
            environment["XDG_CACHE_HOME"] = environment["XDG_STATE_HOME"] = self.folder
        if display:
            environment["DISPLAY"] = display.name
        environment.update(more)
        self.environment = environment
        self.text = ""
        self.bytes = b""
        self.status = None
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            try:
                os.chdir(self.folder)
                os.execve(programs["bauer"], ["bauer", *arguments], environment)
            finally:
                os._exit(127)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 250, 0, 0))

    # ---- the terminal ----

    def read(self):
        """Takes what has come; returns whether the program still runs."""
        while select.select([self.master], [], [], 0)[0]:
            try:
                chunk = os.read(self.master, 1 << 16)
            except OSError:
                chunk = b""
            if not chunk:
                return False
            self.bytes += chunk
        self.text = self.bytes.decode("utf-8", "replace")
        return True

    def await_text(self, pattern, start=0, patience=PATIENCE):
        def look():
            alive = self.read()
            found = re.compile(pattern, re.S).search(self.text, start)
            if not found and not alive:
                raise Failure(f"bauer ended before it wrote /{pattern}/; it wrote: {self.text[start:][-600:]!r}")
            return found
        return until(look, lambda: f"/{pattern}/ on the terminal; there is: {self.text[start:][-600:]!r}", patience)

    def ready(self):
        self.await_text(r"\x1b\[\?2004h")
        return self

    def write(self, text):
        data = text.encode()
        while data:
            data = data[os.write(self.master, data):]

    def ask(self, line, patience=PATIENCE):
        """Types a line, waits for the next prompt, and returns what was written between them."""
        self.read()
        start = len(self.text)
        self.write(line + "\r")
        found = self.await_text(r"\x1b\[\?2004l\r?(.*?)\x1b\[\?2004h", start, patience)
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", found.group(1)).replace("\r", "")

    def end(self):
        """Ends it as a person would; returns its exit status, or fails when it was a signal or takes too long."""
        if self.status is None:
            self.read()
            self.write(":quit\r")

            def gone():
                self.read()
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                if pid:
                    self.status = status
                return pid
            until(gone, lambda: f"the end of bauer; it wrote {self.text[-300:]!r}")
            expect(os.WIFEXITED(self.status), f"bauer ended with {self.status}: {self.text[-2000:]!r}")
        return os.WEXITSTATUS(self.status)

    def close(self):
        if self.status is None:
            left = list(children(self.pid))
            for pid in [self.pid, *left]:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            os.waitpid(self.pid, 0)
        os.close(self.master)
        said = []
        for name in os.listdir(self.folder):
            if name.startswith("sanitizer."):
                with open(self.path(name), encoding="utf-8", errors="replace") as file:
                    said.append(file.read()[:3000])
        shutil.rmtree(self.folder, ignore_errors=True)
        expect(not said, "\n".join(said))

    def path(self, name):
        return os.path.join(self.folder, name)

    # ---- the window ----

    def viewer(self):
        """The process of the window, or None."""
        found = [pid for pid, name in children(self.pid).items() if name.startswith(("bauer-view", "viewer"))]
        return found[0] if found else None

    def state(self):
        """What the window shows (view_dump.c), or None."""
        said = self.ask(":window state")
        for line in said.splitlines():
            if line.startswith("{"):
                return json.loads(line)
        return None

    def wait(self, question, what):
        """Asks the window until `question` is true of its state; returns that state."""
        last = [None]

        def look():
            last[0] = self.state()
            return last[0] if last[0] and question(last[0]) else None

        def tell():
            brief = {key: value for key, value in (last[0] or {}).items() if key not in ("vertices", "edges", "widgets")}
            return f"{what}; the window's state is {json.dumps(brief, ensure_ascii=False)}"
        return until(look, tell)

    def at_rest(self):
        """Waits until nothing moves any more: the same places in several answers."""
        seen = []

        def look():
            state = self.state()
            if not state:
                return None
            seen.append(json.dumps([state["zoom"], state["centre"], state["size"], state["vertices"]]))
            time.sleep(0.1)
            still = len(seen) > 3 and len(set(seen[-4:])) == 1
            return state if still and not state["sliding"] else None
        return until(look, "rest")

    def find_window(self):
        """The window's number on the display, with the keyboard's focus given to it (there is no window manager)."""
        def look():
            found = self.xdotool("search", "--onlyvisible", "--name", "^bauer", check=False).split()
            return found[-1] if found else None
        number = until(look, "a window on the display")
        self.xdotool("windowmove", "--sync", number, "0", "0", check=False)
        self.xdotool("windowfocus", "--sync", number, check=False)
        self.window = number
        return number

    def windows(self):
        return self.xdotool("search", "--onlyvisible", "--name", "^bauer", check=False).split()

    def open(self, line=":lcg"):
        """Shows something, and waits for the window with it."""
        self.ask(line)
        view = {":graph": "primal", ":lcg": "lcg"}.get(line)
        self.wait(lambda state: state["vertices"] and view in (None, state["view"]), f"the picture of {line}")
        self.find_window()
        self.point(2, self.state()["size"][1] - 2)
        return self.at_rest()

    # ---- hands ----

    def xdotool(self, *arguments, check=True):
        done = subprocess.run(["xdotool", *map(str, arguments)], env=self.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
        if check and done.returncode:
            raise Failure(f"xdotool {arguments}: {done.stderr}")
        return done.stdout

    def key(self, *keys):
        self.xdotool("key", "--delay", "20", *keys)

    def type(self, text):
        self.xdotool("type", "--delay", "20", "--", text)

    def point(self, x, y):
        self.xdotool("mousemove", round(x), round(y))

    def click(self, x, y, button=1, times=1):
        self.point(x, y)
        self.xdotool("click", *(["--repeat", times, "--delay", 60] if times > 1 else []), button)

    def drag(self, places):
        """Presses at the first place, goes through the others, and lets go at the last."""
        self.point(*places[0])
        self.xdotool("mousedown", 1)
        for place in places[1:]:
            self.point(*place)
        self.xdotool("mouseup", 1)


def vertex(state, name):
    """Where a vertex is in the window."""
    for place in state["vertices"]:
        if place["name"] == name:
            return place["x"], place["y"]
    raise Failure(f"no vertex {name} in {[place['name'] for place in state['vertices']]}")


def widget(state, kind, index=0):
    for place in state["widgets"]:
        if place["kind"] == kind and place["index"] == index:
            return place
    raise Failure(f"no {kind} {index} in the panel")


def middle_of(place):
    return place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
