"""Results as a Markdown table and as one picture."""

from kprivacy import pictures

_COLUMNS = (
    ("accuracy", "accuracy", "{:.2%}"),
    ("peak_accuracy", "peak", "{:.2%}"),
    ("stopped_accuracy", "stopped", "{:.2%}"),
    ("linf", "L∞", "{:.0f}"),
    ("gradient_norm", "gradient", "{:.3f}"),
    ("attack_error", "best attack's error", "{:.4f}"),
    ("ceiling", "label-only ceiling", "{:.4f}"),
    ("error_over_ceiling", "error over ceiling", "{:.1%}"),
    ("mean_error", "knowing nothing", "{:.4f}"),
    ("error_over_mean", "error over that", "{:.1%}"),
    ("own_decoder_error", "own decoder's error", "{:.4f}"),
    ("utility_weight", "lambda", "{:g}"),
    ("utility_kept", "utility kept", "{:.1%}"),
    ("separability", "linear classifier", "{:.2%}"),
    ("scatter", "scatter within classes", "{:.1%}"),
    ("overlap", "overlap", "{:.2%}"),
    ("hidden_failure", "hidden failure", "{:.1%}"),
    ("beyond_guessing", "beyond guessing", "{:.1%}"),
    ("attacker_accuracy", "attacker's accuracy", "{:.2%}"),
    ("attacker", "attacker", "{}"),
    ("strongest", "strongest on test", "{:.2%}"),
    ("optimum", "optimum of its kind", "{:.2%}"),
    ("floor", "floor", "{:.2%}"),
    ("gap_to_optimum", "gap to the optimum", "{:+.2%}"),
    ("gap_to_floor", "gap to the floor", "{:+.2%}"),
    ("distortion", "distortion", "{:.4f}"),
    ("fresh", "fresh attacker", "{:.2%}"),
    ("undefended", "undefended", "{:.2%}"),
    ("identity", "identity", "{:.2%}"),
    ("identity_over_undefended", "over undefended", "{:.1%}"),
    ("activity", "activity", "{:.2%}"),
    ("activity_loss", "activity lost", "{:.2%}"),
    ("public", "public attribute", "{:.2%}"),
    ("server", "own head", "{:.2%}"),
    ("prior", "prior", "{:.2%}"),
    ("attacker_error", "attacker's error", "{:.3f}"),
    ("explained", "explained", "{:.1%}"),
    ("auc", "AUC", "{:.3f}"),
    ("f1", "F1", "{:.3f}"),
    ("precision", "precision", "{:.3f}"),
    ("recall", "recall", "{:.3f}"),
    ("f1_real", "F1 of originals", "{:.3f}"),
    ("f1_neighbours", "F1 by neighbours", "{:.3f}"),
    ("f1_neighbours_real", "of originals", "{:.3f}"),
    ("f1_noise", "noise 3/256", "{:.3f}"),
    ("f1_jpeg_90", "JPEG 90", "{:.3f}"),
    ("f1_jpeg_75", "JPEG 75", "{:.3f}"),
    ("f1_bits_4", "4 bits", "{:.3f}"),
    ("drop", "drop", "{:.3f}"),
    ("chance", "chance", "{:.3f}"),
    ("f1_wrong_key", "wrong key", "{:.3f}"),
    ("f1_other_server", "other R", "{:.3f}"),
    ("f1_pairs_all", "all pairs", "{:.3f}"),
    ("f1_pairs_100", "100 pairs", "{:.3f}"),
    ("f1_pairs_1000", "1,000 pairs", "{:.3f}"),
    ("f1_pairs_10000", "10,000 pairs", "{:.3f}"),
    ("probe", "probe", "{:.1%}"),
    ("blind", "blind", "{:.1%}"),
    ("bleu", "BLEU", "{:.3f}"),
    ("bleu_real", "BLEU without fakes", "{:.3f}"),
    ("mse", "error", "{:.4f}"),
    ("psnr", "PSNR dB", "{:.1f}"),
    ("ssim", "SSIM", "{:.3f}"),
    ("frechet", "Fréchet", "{:.1f}"),
    ("frechet_real", "Fréchet of real", "{:.1f}"),
    ("confidence", "confidence", "{:.2f}"),
    ("confidence_real", "on real", "{:.2f}"),
    ("agreement", "agreement", "{:.2f}"),
    ("agreement_real", "on real", "{:.2f}"),
    ("judged", "judged", "{:.0f}"),
    ("file_bytes", "bytes", "{:,.0f}"),
    ("size", "size", "{:.2f}"),
    ("milliseconds", "ms", "{:.3f}"),
    ("latency", "latency", "{:.2f}"),
    ("difference", "difference", "{:.2f}"),
    ("sent_bytes", "bytes sent", "{:,.0f}"),
    ("raw_bytes", "of", "{:,.0f}"),
    ("utility", "utility", "{:.4f}"),
    ("lost", "lost", "{:+.4f}"),
    ("attack", "attack", "{:.4f}"),
    ("gained", "gained", "{:+.1%}"),
    ("gained_error", "error", "{:.1%}"),
    ("images_per_second", "pictures a second", "{:,.1f}"),
    ("int8_per_second", "by int8", "{:,.0f}"),
    ("seconds", "seconds for all", "{:,.0f}"),
    ("class_share", "class-wise share", "{:.1%}"),
    ("protected_gradient", "gradient", "{:.3g}"),
    ("natural_gradient", "natural gradient", "{:.3g}"),
    ("common_share", "common share", "{:.1%}"),
    ("detector_cnn", "CNN detector", "{:.1%}"),
    ("detector_mlp", "MLP detector", "{:.1%}"),
    ("detector_histogram", "histogram detector", "{:.1%}"),
)


def markdown(results, description, notes=()):
    """A page with the table of an experiment's results.

    Args:
        results: What `reproduce_lib.reproduce` returns.
        description: The experiment's docstring.
        notes: Sentences under the table, made from the results.
    """
    environment = results["environment"]
    columns = [
        column
        for column in _COLUMNS
        if any(column[0] in one["measured"] for one in results["rows"])
    ]
    lines = [
        f"# {results['experiment']}",
        "",
        "```",
        description.strip(),
        "```",
        "",
        f"Made by `{results['command']}`: {_seeds(results)}; profile "
        f"{results['profile']}; {environment['seconds'] / 60:.0f} minutes, "
        "counting only the last start of a cell that was interrupted, on "
        f"{environment['cpu']}; TensorFlow {environment['tensorflow']}, "
        f"Keras {environment['keras']}, kprivacy {environment['kprivacy']}.",
        "",
        "| row | " + " | ".join(one[1] for one in columns) + " |",
        "|" + "---|" * (len(columns) + 1),
    ]
    lines += [_line(row, columns) for row in results["rows"]]
    if notes:
        lines += ["", *(f"- {note}" for note in notes)]
    exported = [r for r in results["rows"] if "bytes" in r["measured"]]
    if exported:
        lines += ["", "The files that ship:", ""]
        lines += [_exported(row) for row in exported]
    return "\n".join(lines) + "\n"


def _seeds(results):
    """What the numbers are of: the seeds that the rows have."""
    counts = {len(row["seeds"]) for row in results["rows"]}
    names = ", ".join(map(str, results["seeds"]))
    if counts == {1}:
        return f"one seed a row, of {names}" if "," in names else (
            f"one seed, {names}"
        )
    words = f"mean ± standard deviation over seeds {names}"
    if max(counts) < len(results["seeds"]):
        words = (
            f"mean ± standard deviation over up to {max(counts)} of the seeds "
            f"{names}"
        )
    if 1 in counts:
        words += "; rows without ± have one seed"
    return words


def _line(row, columns):
    cells = []
    for key, _, form in columns:
        if key not in row["measured"]:
            cells.append("")
            continue
        mean = row["measured"][key]
        if isinstance(mean, str):
            cells.append(mean)
            continue
        several = len(row["seeds"]) > 1
        spread = f" ± {form.format(row['std'][key])}" if several else ""
        cells.append(form.format(mean) + spread)
    return f"| `{row['name']}` | {' | '.join(cells)} |"


def _exported(row):
    measured = row["measured"]
    return (
        f"- `{row['name']}`: {measured['bytes']:,.0f} bytes, "
        f"{measured['bytes_over_float32']:.2f} of float32; parity with "
        f"Keras mean {measured['parity_mean_quanta']:.3f}, largest "
        f"{measured['parity_max_quanta']:.1f} quanta; "
        f"{measured['latency_ms']:.3f} ms an image, one thread."
    )


def picture(path, samples):
    """One PNG of several: a label above each.

    Args:
        path: The file to write.
        samples: Pairs of a label and a folder with reconstructions.png.
    """
    from matplotlib.figure import Figure
    from matplotlib.image import imread

    images = [
        (label, imread(folder / "reconstructions.png"))
        for label, folder in samples
    ]
    figure = Figure(figsize=(9, 2.2 * len(images)), dpi=90)
    axes = figure.subplots(len(images), 1, squeeze=False)[:, 0]
    for axis, (label, image) in zip(axes, images):
        axis.imshow(image)
        axis.set_title(label, fontsize=10, loc="left")
        axis.axis("off")
    figure.tight_layout(pad=0.4)
    pictures.write(path, figure)
