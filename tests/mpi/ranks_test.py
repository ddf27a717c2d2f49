#!/usr/bin/env python3
"""Jobs of several ranks: the same files and answers for any number of them; a rank that fails ends the job."""
import os
import subprocess
import sys
import tempfile

mpirun, bauer, sanitizers = sys.argv[1], os.path.abspath(sys.argv[2]), sys.argv[3]
os.environ.update(NO_COLOR="1", TERM="dumb", OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", OMPI_MCA_btl="self,vader,tcp",
                  OMPI_MCA_rmaps_base_oversubscribe="1")
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"  # Open MPI keeps what it has
SWEEP = (":variance interleaved depth 1..6 width 2,4 keep 1,2 samples 30000 uniform vertices rademacher walk "
         "file results.csv")
failures = 0


def check(good, what):
    global failures
    failures += not good
    print("ok" if good else "FAILED", what, flush=True)


def job(ranks, *lines, folder, before="", timeout=120):
    words = [bauer, "--no-init", *[word for line in lines for word in ("-c", line)]]
    if before:
        words = ["sh", "-c", before + ' exec "$@"', "sh", *words]
    if ranks:
        words = [mpirun, "--oversubscribe", "-n", str(ranks), *words]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=timeout)


def read(folder, name):
    with open(os.path.join(folder, name), "rb") as file:
        return file.read()


with tempfile.TemporaryDirectory(prefix="bauer-mpi-") as top:
    outputs = []
    for ranks in (0, 1, 2, 4):
        folder = os.path.join(top, str(ranks))
        os.mkdir(folder)
        done = job(ranks, SWEEP, ":export plot.svg", ":export plot.json", folder=folder)
        check(done.returncode == 0, f"{ranks} ranks end well {done.stderr.strip()[-300:]}")
        outputs.append((done.stdout, *[read(folder, name) for name in ("results.csv", "plot.svg", "plot.json")]))
    for ranks, output in zip((1, 2, 4), outputs[1:]):
        check(output == outputs[0], f"{ranks} ranks give the same bytes as no job at all")
    check(len(outputs[0][1]) > 5000, "there are results")

    # Rank 1 cannot have memory (sanitizers need too much of it for that): the job ends, and says who and why.
    if sanitizers == "none":
        folder = os.path.join(top, "fails")
        os.mkdir(folder)
        poor = 'if [ "$OMPI_COMM_WORLD_RANK" = 1 ]; then ulimit -v 600000; fi;'
        done = job(2, ":variance interleaved depth 1..2 width 2 samples 1000 walk file results.csv",
                   ":variance interleaved depth 4,5 width 1500 samples 10 walk", "print('after')", folder=folder, before=poor)
        check(done.returncode != 0 and "rank 1 of 2: out of memory" in done.stderr, f"a failing rank is told {done.stderr[-500:]}")
        check("after" not in done.stdout, "nothing runs after it")
        check(b"walk,2,2" in read(folder, "results.csv"), "finished cells are in the file")

    done = job(2, "x = ", folder=top)
    check(done.returncode != 0 and done.stderr.count("an expression is missing") == 1, "a mistake is told once")

sys.exit(1 if failures else 0)
