"""Clients as they ship: what each file weighs, costs and gives away.

A row is a training of a config, exported with `--quantization=int8_tuned`
(int8, fine-tuned where that is closer to Keras), one seed. size and latency
are over those of the float32 file, latency of one thread of LiteRT on this
machine. utility and attack are measured through the file as it ships; `lost`
is the Keras client's utility minus the file's, `gained` by how much better the
best attack does than on the Keras client, as a share of that, `error` the
standard error of it by the examples that are tested. What utility and
attack are differs by method: RAN, accuracy and the error of the best
reconstruction (higher protects); GAP, the mean accuracy on the public
attributes, or the share of the variance that is kept, and the accuracy of the
best attacker; FakeSafe, the F1 of what comes back and the best attacker's
accuracy on the message's class (rows are of keyed codes in covers, but for
`painted`, fakes made of the code alone, and `paper`, the paper's perceptrons);
ConfounderGAN, SSIM and the accuracy of whoever trains on what is published. L∞
is ConfounderGAN's largest change of stored bytes, difference the mean one from
Keras in 255ths of what is sent.
"""

import importlib
import subprocess
import sys

from kprivacy import audit_lib, files, train_lib
from kprivacy.experiments import summaries

SEEDS = (0,)
# Row to config and variant.
CLIENTS = {
    "ran:mnist": ("ran_mnist", None),
    "ran:cifar10_subset": ("ran_cifar10_subset", None),
    "gap:mnist": ("gap_mnist", None),
    "gap:smile_faces": ("gap_smile_faces", None),
    "gap:uci_har": ("gap_uci_har", None),
    "fakesafe:mnist": ("fakesafe_mnist_to_fashion_mnist", None),
    "fakesafe:faces": ("fakesafe_faces_to_mnist", None),
    "fakesafe:words": ("fakesafe_words_to_fashion_mnist", None),
    "fakesafe:mnist_painted": (
        "fakesafe_mnist_to_fashion_mnist", "convolutional"
    ),
    "fakesafe:mnist_paper": ("fakesafe_mnist_to_fashion_mnist", "paper"),
    "confounder_gan:cifar10_subset": ("confounder_gan_cifar10_subset", None),
}
SMOKE = "ran:mnist", "confounder_gan:cifar10_subset"
QUANTIZATION = "int8_tuned"
SIZE, LOST, GAINED = 0.30, 0.003, 0.03
# Of the float32 file's, for clients that take pictures of a side or more.
LATENCY, SIDE = 0.30, 32


def cells(profile):
    """A training and its export, for each client."""
    for row in CLIENTS if profile == "cpu" else SMOKE:
        name, variant = CLIENTS[row]
        module = importlib.import_module(f"kprivacy.configs.{name}")
        config = module.get_config("smoke" if profile == "smoke" else variant)
        yield f"{row}/{SEEDS[0]}", config, run


def run(config, directory):
    """Trains, exports and reads the export's report."""
    train_lib.train(config, directory)
    if config.method == "ran":
        audited = directory / "audit" / "audit.json"
        if not audited.exists():
            audit_lib.audit(directory)
    # Of ConfounderGAN the client of the training's size alone.
    sides = ["--sides="] if config.method == "confounder_gan" else []
    report = exported(directory, QUANTIZATION, *sides)
    chosen = report["variants"][report["quantization"]]
    plain = report["variants"]["float32"]
    times = [
        one["latency_ms"]["threads_1"]["p50"] for one in (chosen, plain)
    ]
    before, after = report["before"], report["after"]
    found = {
        "quantization": report["quantization"],
        "file_bytes": chosen["bytes"],
        "size": chosen["bytes"] / plain["bytes"],
        "milliseconds": times[0],
        "latency": times[0] / times[1],
        "difference": chosen["parity"]["mean_quanta"],
        "sent_bytes": report["wire"]["sent_bytes"],
        "raw_bytes": report["wire"]["raw_bytes"],
        "input": _input(directory / "export"),
        "utility": after["utility"]["value"],
        "utility_before": before["utility"]["value"],
        "lost": report["lost"]["utility"],
        "attack": after["attack"]["value"],
        "attack_before": before["attack"]["value"],
        "gained": report["lost"]["privacy"],
        "measures": [after[one]["name"] for one in ("utility", "attack")],
    }
    if report["lost"]["privacy_error"] is not None:
        found["gained_error"] = report["lost"]["privacy_error"]
    if "linf" in after["utility"]:
        found["linf"] = after["utility"]["linf"]
    return found


def exported(directory, quantization="int8", *flags):
    """The report of a training's bundle, made if it is not there.

    By a process of its own: the library never imports export.
    """
    path = directory / "export" / "report.json"
    if not path.exists():
        subprocess.run(
            [sys.executable, "-m", "kprivacy.export.main",
             f"--workdir={directory}", f"--quantization={quantization}",
             *flags],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    return files.read_json(path)


def _input(bundle):
    """Shape of what the client takes, without the batch."""
    (client, *_) = files.read_json(bundle / "contract.json")["clients"]
    return client["inputs"][0]["shape"][1:]


def rows(found):
    """A row a client."""
    return [
        summaries.row(cell.rpartition("/")[0], [one])
        for cell, one in found.items()
    ]


def notes(results):
    """What is outside the bounds."""
    for row in results["rows"]:
        found, outside = row["measured"], []
        if found["size"] > SIZE:
            outside.append(f"{found['size']:.0%} of float32, goal {SIZE:.0%}")
        if found["gained"] > GAINED:
            by_chance = ""
            if "gained_error" in found:
                by_chance = f" (standard error {found['gained_error']:.1%})"
            outside.append(f"the attack gains {found['gained']:.1%}"
                           f"{by_chance}, goal {GAINED:.0%}")
        if found["lost"] > LOST:
            outside.append(f"{found['lost']:.4f} of utility is lost, goal "
                           f"{LOST}")
        one = row["seeds"][0]
        large = len(one["input"]) == 3 and min(one["input"][:2]) >= SIDE
        if large and found["latency"] > LATENCY:
            outside.append(f"{found['latency']:.2f} of float32's latency, "
                           f"goal {LATENCY}")
        utility, attack = one["measures"]
        yield (
            f"`{row['name']}` ({one['quantization']}, "
            f"{found['file_bytes']:,.0f} bytes; {utility}; {attack}): "
            + ("; ".join(outside) if outside else "inside all bounds") + "."
        )


def draw(path, results, runs):
    """Size and latency over float32's."""
    from kprivacy.experiments import plots

    plots.bars(path, results["rows"], ("size", "latency"),
               "share of the float32 file")
