"""The report of a bundle as text."""


def markdown(report):
    """The report of `export.bundle.export` as a Markdown page."""
    before, after = report["before"], report["after"]
    reference = before["reconstruction"]
    ceiling = reference["label_only_error"]
    lines = [
        "# What this bundle sends",
        "",
        "| | accuracy | best attacker | its error | of the label-only "
        "ceiling |",
        "|---|---|---|---|---|",
        _row(
            "undefended client",
            before["undefended_accuracy"],
            "",
            reference["undefended_error"],
            ceiling,
        ),
        _row(
            "Keras client",
            before["accuracy"],
            before["attacker"],
            before["attack_error"],
            ceiling,
        ),
        _row(
            f"client.tflite ({report['quantization']})",
            after["accuracy"],
            after["attacker"],
            after["attack_error"],
            ceiling,
        ),
        "",
        "The error is the mean squared error of the best fresh attacker's "
        "reconstruction; the ceiling is what remains when the class alone "
        f"is known ({ceiling:.4f}), and knowing nothing leaves "
        f"{reference['mean_error']:.4f}.",
        "",
        f"- size: {report['bytes']:,} bytes, "
        f"{report['bytes'] / report['float32_bytes']:.2f} of float32",
        f"- parity with Keras: mean {report['parity']['mean_quanta']:.3f}, "
        f"largest {report['parity']['max_quanta']:.0f} quanta of 255",
        f"- latency: {report['latency_ms']:.3f} ms an image, one thread, "
        f"{report['environment']['cpu']}",
    ]
    return "\n".join(lines) + "\n"


def text(report):
    """The report as a table that needs no other page to be understood."""
    before, after = report["before"], report["after"]
    reference = before["reconstruction"]
    ceiling = reference["label_only_error"]
    name = f"RAN on the phone ({report['quantization']})"
    rows = [
        ("undefended client", before["undefended_accuracy"],
         reference["undefended_error"]),
        ("RAN in Keras", before["accuracy"], before["attack_error"]),
        (name, after["accuracy"], after["attack_error"]),
    ]
    rule = "-" * 72
    lines = [
        rule,
        f"{'what is sent':<32}{'accuracy':>10}{'attack error':>15}"
        f"{'privacy':>15}",
        rule,
    ]
    for label, accuracy, error in rows:
        lines.append(
            f"{label:<32}{accuracy:>10.1%}{error:>15.4f}"
            f"{error / ceiling:>15.0%}"
        )
    parity = report["parity"]
    return "\n".join(
        lines
        + [
            f"{'the class name alone':<32}{'':>10}{ceiling:>15.4f}"
            f"{1:>15.0%}",
            rule,
            "accuracy: what the server still recognises.",
            "attack error: mean squared error of the images that the best of",
            "  several freshly trained attackers rebuilds from what is sent.",
            "privacy: that error as a share of what somebody reaches who is",
            "  told the class and nothing else; 100 % gives away no more.",
            f"client.tflite: {report['bytes']:,} bytes, "
            f"{report['bytes'] / report['float32_bytes']:.0%} of float32, "
            f"{report['latency_ms']:.3f} ms an image here;",
            f"  it differs from Keras by {parity['mean_quanta']:.2f} of 255 "
            "steps on average.",
            rule,
        ]
    )


def _row(name, accuracy, attacker, error, ceiling):
    return (
        f"| {name} | {accuracy:.2%} | {attacker} | {error:.4f} | "
        f"{error / ceiling:.1%} |"
    )
