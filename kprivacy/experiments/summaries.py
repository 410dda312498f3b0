"""Rows over seeds, and what a table says of fronts."""

import statistics


def row(name, results):
    """One row: means and deviations over seeds of all that is a number.

    Args:
        name: Of the row.
        results: One dict a seed. One alone has no deviation: "std" is empty.
            Where it lists the accuracies of "attackers", the row has that of
            the "strongest" on the test part beside the chosen one's.
    """
    results = [
        {**one, "strongest": max(one["attackers"].values())}
        if one.get("attackers") else one for one in results
    ]
    numbers = [
        key
        for key, value in results[0].items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    ]
    return {
        "name": name,
        "measured": {
            **{
                key: statistics.fmean(one[key] for one in results)
                for key in numbers
            },
            **_attackers(results),
        },
        "std": {
            key: statistics.stdev(one[key] for one in results)
            for key in numbers if len(results) > 1
        },
        "seeds": results,
    }


def of_seeds(*rows):
    """How many seeds there are of rows, at least, in words.

    Args:
        *rows: What a sentence compares.
    """
    count = min(len(one["seeds"]) for one in rows)
    return "one seed" if count == 1 else f"{count} seeds"


def _attackers(results):
    """The best attackers over the seeds, where rows have any."""
    names = sorted({one["attacker"] for one in results if "attacker" in one})
    return {"attacker": ", ".join(names)} if names else {}


def by_task(rows):
    """Rows by task: a dict of dicts, task to label to row."""
    tasks = {}
    for one in rows:
        task, _, label = one["name"].partition(":")
        tasks.setdefault(task, {})[label] = one
    return tasks


def front(points):
    """The points that no other one beats in both coordinates.

    Args:
        points: Pairs (accuracy, error).

    Returns:
        Those on the front, from the least accurate on.
    """
    kept = [
        (x, y)
        for x, y in points
        if not any(a >= x and b >= y and (a, b) != (x, y) for a, b in points)
    ]
    return sorted(set(kept))


def error_at(points, accuracy):
    """The largest error among points at least as accurate; 0 if none is."""
    return max((y for x, y in points if x >= accuracy), default=0.0)


def crossings(task_rows):
    """Rows of baselines above RAN's front, as (label, accuracy, excess).

    RAN's front is made of all rows that begin with `ran`. The excess is the
    baseline's error over RAN's at that accuracy, as a share of the ceiling.
    """
    mine, others = [], []
    for label, one in task_rows.items():
        measured = one["measured"]
        point = measured["accuracy"], measured["attack_error"]
        (mine if label.startswith("ran") else others).append(
            (label, *point, measured["ceiling"])
        )
    points = [(x, y) for _, x, y, _ in mine]
    found = []
    for label, x, y, ceiling in others:
        excess = (y - error_at(points, x)) / ceiling
        if excess > 0 and label != "label_only":
            found.append((label, x, excess))
    return found


def fronts(rows):
    """Sentences on every task: utility kept, and whether fronts cross."""
    lines = []
    for task, mine in by_task(rows).items():
        chosen = mine["ran:chosen"]["measured"]
        plain = mine["dnn"]["measured"]
        gap = 100 * (chosen["accuracy"] - plain["accuracy"])
        lines.append(
            f"`{task}`: `ran:chosen` is {gap:+.2f} points from `dnn`, at "
            f"{chosen['error_over_ceiling']:.1%} of the label-only ceiling "
            f"({chosen['error_over_mean']:.1%} of knowing nothing); `dnn` "
            f"at {plain['error_over_ceiling']:.1%}."
        )
        above = crossings(mine)
        lines.append(
            "No baseline's row lies above RAN's front."
            if not above
            else "Above RAN's front: "
            + ", ".join(
                f"`{label}` at {x:.1%} accuracy by {excess:.1%} of the "
                "ceiling"
                for label, x, excess in above
            )
            + "."
        )
    return lines
