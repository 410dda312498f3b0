"""Measures speed and memory: python -m benchmarks.run.

Needs an idle machine, and PyTorch beside kprivacy: pip install -e
'.[benchmarks]'. Every number comes from a process of its own; what is compared
is measured in turn, as often, on the same cores, and the medians count.
"""

import importlib.metadata
import json
import os
import subprocess
import sys
import time

import numpy as np
from absl import app, flags

_OUTPUT_DIR = flags.DEFINE_string(
    "output_dir", "docs/results",
    "Where benchmarks.json is written; rows that it has of this machine and "
    "these versions stay unless they are measured again.",
)
_ONLY = flags.DEFINE_string("only", "", "Begin of the rows to measure.")
_TURNS = flags.DEFINE_integer("turns", 3, "Of what is compared.")
_PART = flags.DEFINE_string(
    "part", None, "Of a process: MODULE.FUNCTION and its arguments as JSON."
)
PIPELINE = 60_000  # pictures of its row, so many that starting counts little
NOTES = """`over_...` is how many times as fast as that. `train:` steps a
second on both cores, medians of three turns; networks, weights, batches and
objectives alike (tests/test_benchmarks.py compares them). Ours is `fit` with
ten batches a call, `bare_loop` a compiled TensorFlow step in a Python loop
over the same data, PyTorch eager. Turns differ by up to a tenth, and so do
rows of the same from different times: less is no difference. `options:` is
ours with one or ten batches a call, and from those ten with XLA or mixed
bfloat16: what a config's steps_per_execution, jit_compile and precision do
here. `latency:` is one thread of XNNPACK on untrained networks, `gflops_core`
what the same core reaches in TensorFlow's products of float32 matrices,
`..._over_matmul` what a file reaches of that (int8 has instructions of its
own; FakeSafe's weights are more than caches hold). `protect:generator` is a
generator without guide, untrained, on pictures of 32 x 32 on one core, in
Keras and as an int8 file; EMN once, on 512 of noise until its surrogate has
learnt them (of pictures: confounder_gan_figure6). `protect:photographs` is
once on 24 synthetic pictures of 1024 x 768, on one core. `pipeline:` is
`kprivacy.protect --runner` on so many PNG files of 32 x 32 from start to end,
one process a worker, each on one thread. `memory:` is the peak of a process in
MB, `memory:pipeline` of two workers and what leads them together; each is run
once. `startup:` is seconds until `--help` or the import ends."""


def rows():
    """Name of each row to a function that measures it."""
    from benchmarks import games, latency, startup

    found = {f"train:{name}": _train for name in games.names()}
    found |= {f"options:{name}": _options for name in games.names()}
    found |= {f"latency:{name}": _latency for name in latency.clients()}
    found["protect:generator"] = _generator
    found["protect:photographs"] = _photographs
    found["pipeline:workers"] = _pipeline_workers
    found["memory:training"] = _memory_training
    found["memory:protecting"] = _memory_protecting
    found["memory:pipeline"] = _memory_pipeline
    found |= {f"startup:{name}": _startup for name in startup.PROGRAMS}
    return found


def _train(name):
    name = name.removeprefix("train:")
    found = _turns({
        form: ("training.measure", [name, form])
        for form in ("ours", "bare", "torch")
    })
    return {
        "steps_per_second": found["ours"],
        "bare_loop_steps_per_second": found["bare"],
        "pytorch_steps_per_second": found["torch"],
        "over_pytorch": found["ours"] / found["torch"],
        "over_bare_loop": found["ours"] / found["bare"],
    }


def _options(name):
    from benchmarks import training

    name = name.removeprefix("options:")
    found = _turns({
        choice: ("training.option", [name, choice])
        for choice in training.OPTIONS
    })
    return {
        **{f"{choice}_per_second": one for choice, one in found.items()},
        **{f"{choice}_over_ten": found[choice] / found["ten_steps"]
           for choice in ("one_step", "xla", "bfloat16")},
    }


def _latency(name):
    name = name.removeprefix("latency:")
    found = {
        kind: _part("latency.measure", [name, kind], threads=1)
        for kind in ("float32", "int8")
    }
    (slow, large, products), (fast, small, _) = found.values()
    core = _part("latency.gigaflops", [], threads=1)
    return {
        "float32_ms": slow, "int8_ms": fast, "float32_over_int8": slow / fast,
        "float32_bytes": large, "int8_bytes": small,
        "multiply_adds": products, "gflops_core": core,
        **{f"{kind}_over_matmul": 2 * products / (1e6 * milliseconds * core)
           for kind, milliseconds in (("float32", slow), ("int8", fast))},
    }


def _generator(name):
    found = _turns({
        "ours": ("protecting.ours", []), "torch": ("protecting.plain", []),
    }, threads=1)
    emn = _part("protecting.emn", [], threads=1)
    milliseconds, *_ = _part(
        "latency.measure", ["conv:confounder_gan", "int8"], threads=1
    )
    int8 = 1000 / milliseconds
    return {
        "pictures_per_second": found["ours"],
        "pytorch_pictures_per_second": found["torch"],
        "emn_pictures_per_second": emn,
        "over_pytorch": found["ours"] / found["torch"],
        "over_emn": found["ours"] / emn,
        "int8_pictures_per_second": int8,
        "int8_over_emn": int8 / emn,
    }


def _photographs(name):
    return _part("protecting.stages", [], threads=1)


def _pipeline_workers(name):
    (one, _), (two, _) = (
        _part("pipeline.run", [PIPELINE, workers], 1) for workers in (1, 2)
    )
    return {
        "seconds_1_worker": one, "seconds_2_workers": two,
        "two_over_one": one / two,
        "pictures_per_second": PIPELINE / two,
    }


def _memory_pipeline(name):
    counts = 1_000, 10_000, 100_000
    found = {
        f"mb_{count}": _part("pipeline.run", [count, 2], 1)[1]
        for count in counts
    }
    return {**found, "growth": found["mb_100000"] / found["mb_1000"]}


def _memory_training(name):
    few, many = (_part("memory.training", [n]) for n in (2_000, 20_000))
    return {"mb_2000": few, "mb_20000": many, "growth": many / few}


def _memory_protecting(name):
    sizes = {"100_of_64": (100, 64), "1000_of_64": (1000, 64),
             "4_of_1024": (4, 1024), "4_of_2048": (4, 2048),
             "4_of_4096": (4, 4096)}
    found = {
        f"mb_{label}": _part("memory.protecting", list(arguments))
        for label, arguments in sizes.items()
    }
    return {**found, "growth": found["mb_1000_of_64"] / found["mb_100_of_64"]}


def _startup(name):
    seconds = _part("startup.measure", [name.removeprefix("startup:")])
    return {"seconds": seconds}


def _turns(parts, threads=None):
    """Medians of what is measured in turn."""
    found = {label: [] for label in parts}
    for _ in range(_TURNS.value):
        for label, (function, arguments) in parts.items():
            found[label].append(_part(function, arguments, threads))
    return {label: float(np.median(held)) for label, held in found.items()}


def _part(function, arguments, threads=None):
    """What a function of `benchmarks` gives, in a process of its own."""
    environment = dict(os.environ)
    if threads:
        environment |= {
            name: str(threads) for name in (
                "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS",
                "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS",
            )
        }
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.run",
         f"--part={json.dumps([function, arguments])}"],
        env=environment, capture_output=True, text=True,
    )
    if done.returncode:
        raise SystemExit(f"{function}{arguments} failed:\n{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def _work(part):
    from kprivacy import program

    function, arguments = json.loads(part)
    module, _, name = function.rpartition(".")
    if module != "startup":
        program.quiet()
    found = getattr(
        importlib.import_module(f"benchmarks.{module}"), name
    )(*arguments)
    print(json.dumps(found))


def main(argv):
    del argv
    if _PART.value:
        _work(_PART.value)
        return
    from benchmarks import report
    from kprivacy import files

    path = os.path.join(_OUTPUT_DIR.value, "benchmarks")
    environment = {
        **files.environment(), "torch": importlib.metadata.version("torch"),
    }
    held = _earlier(f"{path}.json", environment)
    for name, measure in rows().items():
        if not name.startswith(_ONLY.value):
            continue
        begin = time.perf_counter()
        measured = measure(name)
        held[name] = {"name": name, "measured": measured,
                      "seconds": time.perf_counter() - begin}
        print(name, "  ".join(
            f"{key} {value:.4g}" for key, value in measured.items()
        ), flush=True)
        made = [held[name] for name in rows() if name in held]
        results = {
            "experiment": "benchmarks", "profile": "cpu",
            "command": "python -m benchmarks.run", "seeds": [0],
            "environment": {
                **environment, "seconds": sum(one["seconds"] for one in made),
            },
            "rows": made,
        }
        files.write_json(f"{path}.json", results)
        files.write_bytes(
            f"{path}.md", report.markdown(results, NOTES).encode()
        )
    print(f"written: {path}.md")


def _earlier(path, environment):
    """Rows that were measured before in the same environment, by name."""
    from kprivacy import files

    if not os.path.exists(path):
        return {}
    results = files.read_json(path)
    before = {**results["environment"]}
    del before["seconds"]
    if before != environment:
        return {}
    return {row["name"]: row for row in results["rows"]}


if __name__ == "__main__":
    app.run(main)
