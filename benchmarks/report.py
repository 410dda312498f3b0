"""The benchmarks as Markdown: a table for each kind of row."""


def markdown(results, notes):
    """The page of a run's results.

    Args:
        results: As in benchmarks.json.
        notes: What the numbers mean.
    """
    environment = results["environment"]
    lines = [
        "# benchmarks", "", notes, "",
        f"`{results['command']}` took {environment['seconds'] / 60:.0f} min on "
        f"{environment['cpu']}, with TensorFlow {environment['tensorflow']}, "
        f"Keras {environment['keras']}, PyTorch {environment['torch']}.",
    ]
    kinds = {}
    for row in results["rows"]:
        kinds.setdefault(row["name"].split(":")[0], []).append(row)
    for held in kinds.values():
        for columns, rows in _alike(held).items():
            lines += ["", f"| row | {' | '.join(columns)} |",
                      f"|---|{'---|' * len(columns)}"]
            lines += [
                f"| `{row['name']}` | "
                + " | ".join(_said(row["measured"][key]) for key in columns)
                + " |" for row in rows
            ]
    return "\n".join(lines) + "\n"


def _alike(rows):
    """Rows by what they measure."""
    found = {}
    for row in rows:
        found.setdefault(tuple(row["measured"]), []).append(row)
    return found


def _said(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
