#!/usr/bin/env python3
"""Writes the seeds of the fuzzers' corpora that are made from the project's own files: run it after these have changed.

    tests/fuzz/seed.py BAUER

Findings (finding-*) stay as they are."""
import gzip
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import zlib

root = pathlib.Path(__file__).resolve().parents[2]
corpus = root / "tests/fuzz/corpus"
bauer = str(pathlib.Path(sys.argv[1]).resolve())


def put(name, leaf, data):
    folder = corpus / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / leaf).write_bytes(data if isinstance(data, bytes) else data.encode())


def language():
    for path in [*root.glob("tests/programs/*.py"), *root.glob("lessons/nets/*.py"), root / "assets/figure1.py"]:
        put("language", path.name, path.read_bytes())


def commands():
    """Lines of -c in the transcripts, without those that need files; a byte before them chooses the form of answers."""
    for path in sorted(root.glob("tests/transcripts/*.txt")):
        for line in path.read_text().split("\n"):
            said = re.findall(r"-c '([^']*)'", line) if line.startswith("  $ bauer") else []
            if said and not re.search(r":(load|lesson|figure|train)", line):
                text = "\n".join(said)
                if "figure1.py" in line:
                    text = (root / "assets/figure1.py").read_text() + "\n" + text
                name = f"{path.stem}-{zlib.crc32(text.encode()):08x}"
                put("command", name, ("\x01" if name[-1] in "05a" else "\x00") + text + "\n")


def lessons():
    for path in root.glob("lessons/[01]*.md"):
        steps = path.read_text().split("\n## ")
        put("lesson", path.stem, "\n## ".join(steps[:4]))


def idx():
    images = struct.pack(">IIII", 2051, 2, 28, 28) + bytes(range(256)) * 6 + bytes(2 * 784 - 256 * 6)
    labels = struct.pack(">II", 2049, 2) + b"\x03\x07"
    put("data", "idx", b"\x00" + struct.pack(">H", len(images)) + images + labels)
    packed = gzip.compress(images, mtime=0)
    put("data", "idx-gzipped", b"\x02" + struct.pack(">H", len(packed)) + packed + gzip.compress(labels, mtime=0))
    put("data", "cifar", b"\x01\x00\x00" + (b"\x05" + bytes(range(256)) * 12) * 2)


def checkpoints():
    """The fuzzer puts a part of a whole checkpoint before these bytes: how long a part the first two say."""
    for head in (0, 8, 20, 40, 100, 400, 700, 900):
        put("checkpoint", f"head-{head}", bytes([(head >> 8) << 2 | 1, head & 255]) + bytes(24))
        put("checkpoint", f"reactor-{head}", bytes([(head >> 8) << 2 | 3, head & 255]) + bytes(24))
    put("checkpoint", "nothing", b"\x00\x00BAUERCKP")


def results():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "results.csv"
        line = f":variance interleaved depth 1..2 width 2 samples 20 file {path} uniform"
        subprocess.run([bauer, "--no-init", "-c", line], check=True, capture_output=True)
        text = path.read_bytes()
    body = text[text.index(b"\n") + 1:text.rindex(b"# end")]
    put("results", "whole", b"\x03" + body)
    put("results", "as-is", b"\x00" + text)
    put("results", "half", b"\x03" + body[:len(body) // 2])
    put("results", "table", b'0a,"b c"\n1,2\n2,4\n')


def layouts():
    """What a session asks of a program that stands in for the layout child."""
    with tempfile.TemporaryDirectory() as folder:
        stand_in = pathlib.Path(folder) / "layout"
        out = pathlib.Path(folder) / "out"
        stand_in.write_text(f"""#!{sys.executable}
import socket
s = socket.socket(fileno=0)
open({str(out)!r}, "wb").write(s.recv(1 << 20))
""")
        stand_in.chmod(0o755)
        for name, line in {"figure1": ":graph", "pattern": ":pattern interleaved 3 2", "loop": ":graph"}.items():
            program = str(root / ("assets/figure1.py" if name == "figure1" else "tests/programs/newton.py"))
            subprocess.run([bauer, "--no-init", program, "-c", line, "-c", ":export a.svg"], capture_output=True, cwd=folder,
                           env={"PATH": "/usr/bin:/bin", "HOME": folder, "BAUER_LAYOUT": str(stand_in)}, timeout=60)
            if out.exists():
                put("layout", name, out.read_bytes())
                put("layout", name + "-reply", b"\x04\x06" + out.read_bytes())
                out.unlink()


EVENTS = [
    {"event": "open", "driver": "x11"},
    {"event": "command", "line": ":paths"},
    {"event": "command", "line": ":walk reverse"},
    {"event": "step", "by": 1},
    {"event": "goto", "step": 3},
    {"event": "slide", "input": 0, "value": 1.5, "final": False},
    {"event": "slide", "input": 1, "value": 0.25, "final": True},
    {"event": "pick", "from": 0, "to": 6},
    {"event": "unpick"},
    {"event": "collapse", "frame": 0},
    {"event": "save"},
    {"event": "svg"},
    {"event": "closed"},
]


def events():
    for i in range(0, len(EVENTS), 3):
        put("event", f"some-{i:02}", "\n".join(map(json.dumps, EVENTS[i:i + 6])))
    put("event", "sampling", json.dumps({"event": "command", "line": ":pattern interleaved 3 3"}) + "\n"
        + json.dumps({"event": "command", "line": ":sample 100 walk"}) + "\n"
        + json.dumps({"event": "slide", "input": 65536, "value": 200, "final": True}))


def messages(data):
    while len(data) >= 12:
        _, kind, size = struct.unpack("<HHI", data[4:12])
        yield kind, data[12:12 + size]
        data = data[12 + size:]


def viewer():
    """What a session sends to a program that stands in for its window."""
    lines = {
        "graph": [":graph"], "lcg": [":lcg"], "paths": [":paths"], "walk": [":walk reverse", ":next", ":next"],
        "plot": [":variance interleaved depth 1..3 width 2 samples 50 uniform walk"],
        "sample": [":pattern interleaved 3 2", ":sample 50 walk"],
    }
    with tempfile.TemporaryDirectory() as folder:
        stand_in = pathlib.Path(folder) / "view"
        out = pathlib.Path(folder) / "out"
        stand_in.write_text(f"""#!{sys.executable}
import socket, json, struct
s = socket.socket(fileno=0)
def say(kind, text): s.sendall(b"BVW1" + struct.pack("<HHI", 1, kind, len(text)) + text)
say(7, json.dumps({{"event": "open", "driver": "x11"}}).encode())
s.settimeout(2)
data = b""
try:
    while len(data) < 400000:
        more = s.recv(65536)
        if not more: break
        data += more
        s.settimeout(0.7)
except OSError: pass
open({str(out)!r}, "wb").write(data)
say(7, json.dumps({{"event": "closed"}}).encode())
""")
        stand_in.chmod(0o755)
        for name, said in lines.items():
            out.unlink(missing_ok=True)
            arguments = [x for line in said for x in ("-c", line)]
            subprocess.run([bauer, "--no-init", "--window", str(root / "assets/figure1.py"), *arguments], capture_output=True,
                           env={"PATH": "/usr/bin:/bin", "HOME": folder, "BAUER_VIEW": str(stand_in)}, timeout=60)
            if out.exists():
                put("viewer", name, out.read_bytes())
                for i, (kind, payload) in enumerate(messages(out.read_bytes())):
                    size = struct.unpack("<I", payload[:4])[0] if kind == 2 else 0
                    if size:
                        put("viewer", f"{name}-{i}", payload[4:4 + size] + b"\0" + payload[4 + size:])
            else:
                print("nothing was sent for", name)


for old in corpus.glob("*/*"):
    if not old.name.startswith("finding"):
        old.unlink()
for part in (language, commands, lessons, idx, checkpoints, results, layouts, events, viewer):
    part()
