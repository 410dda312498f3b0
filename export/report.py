"""The report of a bundle as text, and as a model card."""

METHODS = {"ran": "RAN", "gap": "GAP", "fakesafe": "FakeSafe",
           "confounder_gan": "ConfounderGAN"}
WIDTH = 72
HEADINGS = ("utility", "attack", "privacy")
COLUMN = (WIDTH - 32) // len(HEADINGS)
USES = {
    "ran": "The phone sends features in the place of the data; the server "
    "classifies them.",
    "gap": "The phone sends data of the same kind, of which one attribute is "
    "erased.",
    "fakesafe": "The phone sends a fake; whoever holds the server (and the "
    "key) turns it back.",
    "confounder_gan": "The phone publishes pictures with bounded noise, which "
    "classifiers learn in the place of what is shown.",
}


def markdown(report):
    """The report of `export.bundle.export` as a model card."""
    method, name = METHODS[report["method"]], report["quantization"]
    wire = report["wire"]
    lines = [
        f"# {method} on the phone",
        "",
        USES[report["method"]],
        "",
        f"It sends {wire['sent_bytes']:,} bytes a call in the place of "
        f"{wire['raw_bytes']:,}. `client.tflite` is {name}; what each end has "
        "to do is in `contract.json`.",
        "",
        "## What is kept, and what attackers get",
        "",
        *_table(
            ("", *HEADINGS),
            [(label, *cells) for label, cells in _rows(report)],
        ),
        "",
        *_remarks(report),
        "",
        "## Files that were measured",
        "",
        *_table(
            ("", "bytes", "compressed", "ms p50 (p90), 1 thread",
             "2 threads", "arena, bytes", "mean and largest difference"),
            [_variant(key, one) for key, one in
             (report["variants"] | _files(report["others"])).items()],
        ),
        "",
        f"Milliseconds on {report['environment']['cpu']}. The arena is the "
        "most that is needed at once beside the weights. Differences from "
        "Keras are in 255ths of what is sent. Operators: "
        + ", ".join(report["variants"][name]["operations"])
        + f"; {report['variants'][name]['multiply_adds']:,} multiply-adds.",
        "",
        *[f"- {one}" for one in report["why"]],
    ]
    return "\n".join(lines).rstrip() + "\n"


def text(report):
    """The report as a table that needs no other page to be understood."""
    found = report["variants"][report["quantization"]]
    whole = report["variants"]["float32"].get("bytes")
    share = f", {found['bytes'] / whole:.0%} of float32" if whole else ""
    rule = "-" * WIDTH
    lines = [rule, f"{'what is sent':<32}" + "".join(
        f"{one:>{COLUMN}}" for one in HEADINGS
    ), rule]
    for label, cells in _rows(report):
        lines.append(f"{label:<32}" + "".join(
            f"{one:>{COLUMN}}" for one in cells
        ))
    latency = found["latency_ms"]["threads_1"]["p50"]
    return "\n".join([
        *lines,
        rule,
        *_remarks(report),
        f"client.tflite: {found['bytes']:,} bytes{share}, "
        f"{latency:.3f} ms a call here;",
        f"  it differs from Keras by {found['parity']['mean_quanta']:.2f} of "
        "255 steps on average.",
        *report["why"],
        rule,
    ])


def _rows(report):
    before, after = report["before"], report["after"]
    method = METHODS[report["method"]]
    undefended = {
        key: {**one, "value": one["undefended"]} for key, one in before.items()
    }
    rows = [("undefended", undefended), (f"{method} in Keras", before),
            (f"{method} on the phone ({report['quantization']})", after)]
    return [(label, _cells(one)) for label, one in rows]


def _cells(measures):
    attack = measures["attack"]
    return (
        f"{measures['utility']['value']:.1%}",
        f"{attack['value']:.4f}",
        "-" if protection(attack) is None else f"{protection(attack):.0%}",
    )


def protection(attack):
    """How much of what could be protected is: 1 leaves a blind guess.

    None where there is nothing to protect: whoever attacks the data as they
    are is no better than a blind guess.
    """
    if attack["protects"] == "high":
        return attack["value"] / attack["blind"]
    reach = attack["undefended"] - attack["blind"]
    if reach <= 0:
        return None
    return 1 - (attack["value"] - attack["blind"]) / reach


def _remarks(report):
    utility, attack = report["after"]["utility"], report["after"]["attack"]
    high = attack["protects"] == "high"
    lines = [
        f"data: the test part of {report['data']}.",
        f"utility: {utility['name']}.",
        f"attack: {attack['name']}, of "
        + ("fresh ones of one kind" if "trainers" in attack
           else "the best of fresh attackers"),
        f"  ({attack['attacker']}); a {attack['protects']} one protects.",
        *_chance(report["lost"]),
    ]
    if report["method"] == "confounder_gan":
        lines += [
            "Trainers who compress, clean or know more learn more from it: see",
            "  docs/results/confounder_gan_countermeasures.md of kprivacy.",
        ]
    if high:
        lines += [
            "privacy: that error as a share of what somebody reaches who is",
            f"  told the class and nothing else ({attack['blind']:.4f}); "
            "100 % gives away no more.",
        ]
    else:
        lines += [
            "privacy: how far that is from the undefended data's towards a "
            "blind",
            f"  guess ({attack['blind']:.4f}), which is 100 %; more is "
            "chance.",
        ]
    if "psnr" in utility:
        lines.append(
            f"change: at most {utility['linf']} of 255 levels, PSNR "
            f"{utility['psnr']:.1f} dB."
        )
    return lines


def _chance(lost):
    """What the attack gains on the phone, and by how much that may err."""
    error = lost["privacy_error"]
    return [
        f"Against Keras the attack is better by {lost['privacy']:+.1%}"
        + ("; its chance was not measured." if error is None
           else f", standard error {error:.1%}.")
    ]


def _files(others):
    return {f"{name}.tflite": one for name, one in others.items()}


def _variant(name, found):
    if "failed" in found:
        return name, "does not convert", "", "", "", "", found["failed"][:80]
    times = [
        f"{found['latency_ms'][key]['p50']:.3f} "
        f"({found['latency_ms'][key]['p90']:.3f})"
        for key in ("threads_1", "threads_2")
    ]
    apart = found["parity"]
    return (
        name, f"{found['bytes']:,}", f"{found['compressed_bytes']:,}", *times,
        f"{found['arena_bytes']:,}",
        f"{apart['mean_quanta']:.3f}, {apart['max_quanta']:.0f}",
    )


def _table(headings, rows):
    lines = ["| " + " | ".join(headings) + " |",
             "|" + "---|" * len(headings)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]
