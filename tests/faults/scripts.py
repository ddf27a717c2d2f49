"""The sessions of the transcripts, as arguments of `bauer`: files, -c and standard input (as one more -c)."""

import re
import shlex

COMMAND = re.compile(r"^  \$ (.*)$")


def commands(path):
    """Every command of a transcript, with its continued lines and its here-document."""
    current = None
    for line in open(path, encoding="utf-8", errors="surrogateescape").read().splitlines():
        start = COMMAND.match(line)
        if start:
            if current is not None:
                yield current
            current = [start.group(1)]
        elif line.startswith("  > ") or line == "  >":
            current.append(line[4:])
        elif current is not None:
            yield current
            current = None
    if current is not None:
        yield current


def session(lines):
    """Arguments of the one `bauer` that the command runs, or None: it runs something else, or more."""
    text = "\n".join(lines)
    if lines[0].endswith("<<'END'"):
        words, inside = shlex.split(lines[0][: -len("<<'END'")]), "\n".join(lines[1:-1]) + "\n"
    else:
        inside = None
        try:
            words = shlex.split(text)
        except ValueError:
            return None
    if not words or words[0] != "bauer":
        return None
    words = [w for w in words[1:] if w not in ("--strict", "--no-window")]
    for i, word in enumerate(words):
        if word in ("|", ">", ";", "&&", "2>&1", ">/dev/null", ">/dev/full", "<", "<<") or word.endswith(";"):
            words = words[:i] if word in ("|", ">/dev/null", "2>&1") else None
            break
    if not words or "$" in "".join(words):
        return None
    return [w if w != "-" else "-c" for w in words for w in ([w] if w != "-" else ["-c", inside])] if inside else words


def may_run(arguments):
    """Whether a session is one for a fault in each of its allocations: only lines and files that are there."""
    options = [w for w in arguments if w.startswith("-") and w not in ("-c", "--json")]
    plain = [w for w in arguments if w.endswith((".py", ".svg")) and w not in ("figure1.py",) and not w.startswith((":", "programs/"))]
    handout = any(w.startswith(":lesson") for w in arguments)
    long = [w for w in arguments if w.startswith((":figure", ":variance")) or "30000" in w or (handout and w.endswith(".pdf"))]
    return not options and not plain and not long
