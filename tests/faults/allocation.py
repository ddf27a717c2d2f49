#!/usr/bin/env python3
"""Every allocation of base/ made to fail once in each session of the transcripts.

    allocation.py PROGRAM ROOT TRANSCRIPT... [--every K]

PROGRAM is the one built from allocation.c, which says what is asked of a session. With --every K each K-th allocation of
a session fails; how many there are is told. Prints TAP.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile

import scripts

COUNT = re.compile(r"survived (\d+) of (\d+) \((\d+) allocations, (\d+) lines\)")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("program")
    parser.add_argument("root")
    parser.add_argument("transcript", nargs="+")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    options.program, options.root = os.path.abspath(options.program), os.path.abspath(options.root)
    os.environ["FIGURE1"] = os.path.join(options.root, "assets", "figure1.py")
    os.environ["LC_ALL"] = "C.UTF-8"
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        os.environ.pop(name, None)
    injected = survived = number = failed = 0
    folder = tempfile.mkdtemp(prefix="bauer-faults-")
    os.chdir(folder)
    os.symlink(os.environ["FIGURE1"], "figure1.py")
    os.symlink(os.path.join(options.root, "tests", "programs"), "programs")
    for transcript in options.transcript:
        path = os.path.join(options.root, "tests", "transcripts", transcript + ".txt")
        for which, lines in enumerate(scripts.commands(path)):
            arguments = scripts.session(lines)
            if arguments is None or not scripts.may_run(arguments):
                continue
            number += 1
            # Each session is begun at another place, so that sampling meets another part of what they share.
            start = str(1 + number * 7 % options.every)
            run = subprocess.run([options.program, "--every", str(options.every), "--from", start, *arguments],
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
            found = COUNT.search(run.stdout)
            ok = run.returncode == 0 and found
            failed += not ok
            print("%s %d - %s %d: %s" % ("ok" if ok else "not ok", number, transcript, which + 1,
                                         found.group(0) if found else "no count"), flush=True)
            if found:
                survived += int(found.group(1))
                injected += int(found.group(2))
            if not ok:
                for line in ["$ " + lines[0]] + run.stdout.splitlines()[: None if options.verbose else 60]:
                    print("# " + line)
    print("1..%d" % number)
    print("# %d allocations made to fail, %d survived" % (injected, survived), flush=True)
    os.unlink("figure1.py")
    os.unlink("programs")
    os.chdir("/")
    os.rmdir(folder)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
