"""The README's tables say what docs/results say."""

import json
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
CIFAR, BLOOD = "cifar10_subset", "bloodmnist_subset"


def table(first):
    """Cells of the README's table whose head begins like this."""
    lines = README[README.index(f"\n| {first}") + 1:].splitlines()
    rows = []
    for line in lines[2:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    assert rows
    return rows


def held(experiment):
    path = ROOT / "docs" / "results" / f"{experiment}.json"
    return {row["name"]: row for row in json.loads(path.read_text())["rows"]}


def percent(row, key, several=True):
    """A number of a row as the README has it, with ± of several seeds."""
    if row is None:
        return "not run"
    said = f"{100 * row['measured'][key]:.1f}%"
    if several and len(row["seeds"]) > 1:
        said += f" ± {100 * row['std'][key]:.1f}%"
    return said


def check(cells, name, methods, rows, label):
    """Compares accuracies; what is empty in the README is in no table."""
    for cell, method in zip(cells, methods, strict=True):
        row = rows.get(f"{name}:{label}:{method}")
        assert cell == percent(row, "accuracy") or (
            cell in ("", "not run") and row is None
        ), (name, label, method, cell)


AUGMENTATIONS = {
    "flip and crop": "flip+crop", "CutOut": "cutout", "MixUp": "mixup",
    "CutMix": "cutmix", "AutoAugment": "autoaugment",
}
TRAINERS = {
    "subtracts": "adaptive", "has 500 originals, and learns": "leaked",
    "has 500 originals, and starts": "pretrained", "JPEG of quality 10":
    "jpeg_10", "grey, then": "grey+jpeg_10", "adversarial":
    "adversarial_training_8_3", "UEraser-max": "ueraser_max",
    "UEraser-lite": "ueraser_lite", "two bits": "bits_2",
    "JPEG of quality 75": "jpeg_75", "a blur": "blur", "grey pictures":
    "grey", "half the size": "halved",
}
NETWORKS = {"VGG-11": "vgg11", "ResNet-50": "resnet50", "LeNet": "lenet",
            "DenseNet-121": "densenet121", "MLP": "mlp"}
CONTROLS = {
    "ConfounderGAN": ("table2", "confounder_gan"),
    "EMN's noise": ("table2", "emn_classwise"),
    "random cells": ("table2", "cwn_cells"),
    "a patch": ("table2", "cwp"),
    "our noise, shuffled": (None, "shuffled"),
    "random noise": ("table2", "random_noise"),
}


def data_of(said):
    return BLOOD if "blood" in said else CIFAR


def named(said, names):
    return next(label for begin, label in names.items()
                if said.startswith(begin))


def test_augmentations():
    two, four = held("confounder_gan_table2"), held("confounder_gan_figure4")
    methods = ("natural", "confounder_gan", "confounder_gan_paper", "emn")
    for said, *cells in table("the trainer's augmentation"):
        if said.startswith("flip and crop, 10,000 blood"):
            check(cells, BLOOD, methods, two, "flip+crop")
        elif "blood" in said:
            check(cells, BLOOD, methods, four, "none")
        elif "clothing" in said:
            check(cells, "fashion_mnist", methods, four, "none")
        else:
            check(cells, CIFAR, methods, two, AUGMENTATIONS.get(said, said))


def test_other_networks():
    rows = held("confounder_gan_table1")
    for said, *cells in table("| natural | ConfounderGAN | EMN |"):
        check(cells, data_of(said), ("natural", "confounder_gan", "emn"),
              rows, named(said, NETWORKS))


def test_countermeasures():
    rows = held("confounder_gan_countermeasures")
    first, *others = table("the trainer | natural")
    plain = [one.split(" ±")[0] for one in first[1:]]
    two = held("confounder_gan_table2")
    methods = ("natural", "confounder_gan", "emn")
    best = percent(
        two[f"{CIFAR}:flip+crop:confounder_gan"], "peak_accuracy", False
    )
    assert plain.pop(2) == best
    assert plain == [
        percent(two[f"{CIFAR}:flip+crop:{one}"], "accuracy", several=False)
        for one in methods
    ]
    for said, *cells in others:
        data, label = data_of(said), named(said, TRAINERS)
        ours = rows[f"{data}:{label}:confounder_gan"]
        assert cells.pop(2) == percent(ours, "peak_accuracy"), said
        check(cells, data, methods, rows, label)


def test_controls():
    pages = {name: held(f"confounder_gan_{name}")
             for name in ("table2", "figure4", "countermeasures")}
    for said, none, both, peak in table("protection | no augmentation"):
        page, method = named(said, CONTROLS)
        plain = pages[page or "figure4"][f"{CIFAR}:none:{method}"]
        moved = pages[page or "countermeasures"][
            f"{CIFAR}:flip+crop{'' if page else '_control'}:{method}"
        ]
        assert [none, both, peak] == [
            percent(plain, "accuracy", several=False),
            percent(moved, "accuracy", several=False),
            percent(moved, "peak_accuracy", several=False),
        ], said


def test_clients():
    rows = list(held("clients").values())
    cells = table("client | bytes")
    for (said, size, time, utility, attack), row in zip(
        cells, rows, strict=True
    ):
        found = row["measured"]
        assert size == f"{found['file_bytes']:,.0f}", said
        milliseconds = float(time.removesuffix(" ms"))
        assert milliseconds == pytest.approx(found["milliseconds"], rel=0.05)
        for cell, key in ((utility, "utility"), (attack, "attack")):
            after, before = re.search(r"([\d.]+), ([\d.]+)$", cell).groups()
            digits = len(after.partition(".")[2])
            for number, name in ((after, key), (before, f"{key}_before")):
                assert float(number) == pytest.approx(
                    found[name], abs=0.5001 * 10 ** -digits
                ), (said, name)


def test_ran():
    tasks = ("uci_har", "mnist", CIFAR, "esc10", BLOOD)
    rows = held("ran_figure3")
    for task, (_, *cells, seeds) in zip(
        tasks, table("task | RAN"), strict=True
    ):
        for cell, kind in zip(
            cells, ("ran:chosen", "dnn", "dnn:paper"), strict=True
        ):
            row = rows[f"{task}:{kind}"]
            found = row["measured"]
            assert cell == (
                f"{100 * found['accuracy']:.2f}% at "
                f"{100 * found['error_over_ceiling']:.0f}%"
            ), (task, kind)
            assert len(row["seeds"]) == int(seeds)


def test_fakesafe():
    rows = list(held("fakesafe_table1").values())
    cells = table("from → to | F1 in")
    for i, (said, _, paper, ours, real, *detectors) in enumerate(cells):
        pair = rows[2 * i: 2 * i + 2]
        measured = [one["measured"] for one in pair]
        assert [one["name"].rpartition(":")[2] for one in pair] == [
            "paper_setting", "ours"
        ]
        assert paper == f"{measured[0]['f1']:.3f}", said
        assert ours == (
            f"{measured[1]['f1']:.3f} ± {pair[1]['std']['f1']:.3f}"
        ), said
        assert float(real) == pytest.approx(measured[0]["f1_real"], abs=6e-4)
        for cell, found in zip(detectors, measured, strict=True):
            if cell != "vectors":
                assert cell == ", ".join(
                    f"{100 * found[f'detector_{kind}']:.1f}%"
                    for kind in ("cnn", "histogram")
                ), said
    assert len(rows) == 2 * len(cells)


def test_gap():
    keys = {"faces": ("gap_smile", None, "attacker_accuracy"),
            "activities": ("gap_har", "gap", "identity"),
            "digits": ("gap_mnist", "gap:parity", "attacker_accuracy"),
            "houses": ("gap_houses", "gap:classes", "attacker_accuracy")}
    for said, _, _, before, after, _ in table("data | private"):
        name, _, kind = said.replace("[", "").partition(",")
        experiment, own, key = keys[re.match(r"\w+", name)[0]]
        rows = held(experiment)
        row = rows[own or kind.strip()]
        undefended = next(one for name, one in rows.items()
                          if name.startswith("undefended"))
        assert after == percent(row, key), said
        found = undefended["measured"][key]
        assert before.split("%")[0] == f"{100 * found:.1f}"
