"""Damaged files, seeded: none may crash, hang or escape a reader.

    python -m tests.faults.fuzz --count=10000 --seed=0

Each is read in a process of its own kind, which says before each case what it
reads: a crash or a hang is counted and the rest goes on. A reader may return
or raise an error with a sentence; anything else is a failure, and so is a file
that appears beside the case. Ends with a count, and 1 if there is a failure.
"""

import collections
import json
import math
import pathlib
import resource
import select
import subprocess
import sys
import tempfile

from absl import app, flags

_COUNT = flags.DEFINE_integer("count", 10_000, "Files in all.", lower_bound=1)
_SEED = flags.DEFINE_integer("seed", 0, "Of the damage.")
_TARGET = flags.DEFINE_string("target", None, "One target alone.")
_BEGIN = flags.DEFINE_integer("begin", None, "Of a worker: the first case.")
_KEEP = flags.DEFINE_string("keep", None, "Folder for files that fail.")
SECONDS = 60
# Beyond it a reader has taken memory for what a header claims.
MEGABYTES = 2_000


def cases(name, target, seed, begin, end):
    """Names and contents of damaged files; the first are the good ones."""
    from tests.faults import mutations

    seeds = target.seeds()
    others = list(seeds.values())
    for index in range(begin, end):
        generator = mutations.generator_of(seed, name, index)
        chosen = sorted(seeds)[index % len(seeds)]
        content = seeds[chosen]
        if index >= len(seeds):
            content = mutations.mutated(content, others, generator)
        yield index, chosen, content


def outcome(target, name, content, folder):
    """"read", "refused", or what went wrong."""
    from kprivacy.errors import UserError

    path = target.place(folder, name, content)
    before = _listing(folder)
    try:
        target.read(path)
        said = "read"
    except (UserError, *_errors()) as error:
        said = "refused" if str(error) else "an error without a sentence"
    except BaseException as error:
        said = f"{type(error).__name__}: {error}"[:200]
    if path.exists() and _listing(folder) != before:
        said = f"files appeared: {_listing(folder) ^ before}"
    return said


def _errors():
    from export.contract import ContractError

    return (ContractError,)


def _listing(folder):
    return {path.relative_to(folder) for path in folder.rglob("*")}


def work(name, seed, begin, end):
    """Reads a range of cases, a line before and after each."""
    from tests.faults.targets import TARGETS

    target = TARGETS[name]
    for index, file, content in cases(name, target, seed, begin, end):
        print(json.dumps({"index": index}), flush=True)
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder) / "case"
            root.mkdir()
            before = _peak()
            said = outcome(target, file, content, root)
            if _peak() - before > MEGABYTES:
                said = f"took {_peak() - before:.0f} MB"
            print(json.dumps({"index": index, "said": said}), flush=True)


def _peak():
    """Of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(name, count, seed, keep=None):
    """All cases of a target; gives outcomes and how often each came."""
    found, failed, begin = collections.Counter(), [], 0
    while begin < count:
        last, said = _worker(name, seed, begin, count, found, failed)
        if last is None:
            break
        if said:
            found[said] += 1
            failed.append((last, said))
        begin = last + 1
    if keep:
        _keep(name, seed, failed, pathlib.Path(keep))
    return found, failed


def _worker(name, seed, begin, count, found, failed):
    """One process, until it ends; (last case, how it died)."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.fuzz", f"--target={name}",
         f"--seed={seed}", f"--begin={begin}", f"--count={count}"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1,
    )
    last, reading = begin, False
    while True:
        ready, _, _ = select.select([process.stdout], [], [], SECONDS)
        line = process.stdout.readline() if ready else None
        if line is None:
            process.kill()
            process.communicate()
            return last, f"took longer than {SECONDS} s"
        if not line:
            _, said = process.communicate()
            if process.returncode == 0:
                return (None, None)
            if not reading:
                raise SystemExit(f"the worker of {name} failed:\n{said}")
            return last, f"died with {process.returncode}"
        held = json.loads(line)
        last, reading = held["index"], "said" not in held
        if not reading:
            found[held["said"]] += 1
            if held["said"] not in ("read", "refused"):
                failed.append((last, held["said"]))


def _keep(name, seed, failed, folder):
    from tests.faults.targets import TARGETS

    folder.mkdir(parents=True, exist_ok=True)
    for index, _ in failed:
        for _, file, content in cases(
            name, TARGETS[name], seed, index, index + 1
        ):
            (folder / f"{name}_{index}_{file.replace('/', '_')}").write_bytes(
                content
            )


def main(argv):
    del argv
    from tests.faults.targets import TARGETS

    if _BEGIN.value is not None:
        from kprivacy import program

        program.quiet()
        work(_TARGET.value, _SEED.value, _BEGIN.value, _COUNT.value)
        return
    names = [_TARGET.value] if _TARGET.value else list(TARGETS)
    whole = sum(TARGETS[name].share for name in names)
    wrong = total = 0
    for name in names:
        count = math.ceil(_COUNT.value * TARGETS[name].share / whole)
        found, failed = run(name, count, _SEED.value, _KEEP.value)
        print(f"{name}: {count} files, {found['read']} read, "
              f"{found['refused']} refused, {len(failed)} wrong", flush=True)
        for index, said in failed[:20]:
            print(f"  case {index}: {said}", flush=True)
        wrong, total = wrong + len(failed), total + count
    print(f"{total} files, {wrong} wrong")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    app.run(main)
