"""Figure 5 of RAN's paper: two classes of pictures in the feature space.

Cars and ships of CIFAR-10, in the plane that separates them best (one linear
discriminant, and the first principal component of what is left), for the
undefended network and for RAN. Overlap is the share of test examples of the
two classes that a linear classifier of the features takes for the other one.
Hidden failure is the measure that the paper's conclusion proposes, over all
classes: how many backgrounds (kinds of the picture's outer frame, found by
clustering) are told from the features, over how many are told from the
picture; and the same of what is told beyond guessing the most frequent one.
"""

import numpy as np

from kprivacy import audit_lib, files, releases
from kprivacy.attacks import hidden_failure
from kprivacy.experiments import (
    plots,
    ran_figure4,
    ran_tasks,
)

SEEDS = (0,)
RUNS = "ran_figure3"
NAME, CLASSES = "cifar10_subset", {1: "car", 8: "ship"}


def cells(profile):
    """One cell: both networks' features of both classes."""
    (task,) = ran_tasks.tasks(profile, (NAME,))
    config = ran_tasks.config(task, profile)
    yield f"{task.name}/two_classes/0", config, features


def features(config, directory):
    """Embeds the two classes by both networks."""
    parts = audit_lib.Parts(config)
    attacker, test = (_two(p) for p in (parts.attacker, parts.test))
    found = {"labels": test.labels.tolist()}
    for label, client in ran_figure4.clients(config, directory).items():
        sent = [ran_figure4.flat(client, part) for part in (attacker, test)]
        points, overlap = _plane(sent, attacker.labels, test.labels)
        hidden = hidden_failure.measure(
            releases.KerasRelease(client), parts.attacker, parts.test
        )
        found[label] = {
            "attacker": "the better of two classifiers",
            "overlap": overlap,
            "hidden_failure": hidden.ratio,
            "beyond_guessing": hidden.above_guessing,
            "points": points.round(4).tolist(),
        }
    return found


def rows(found):
    """A row for each network."""
    return ran_figure4.rows(found)


def draw(path, results, runs):
    """Two clouds beside each other."""
    name = results["rows"][0]["name"].split(":")[0]
    cell = runs / name / "two_classes" / "0" / "cell.json"
    plots.clouds(path, {name: files.read_json(cell)["found"]}, CLASSES)


def _two(part):
    """The examples of the two classes."""
    return part.take(np.isin(part.labels, list(CLASSES)))


def _plane(sent, labels, test_labels):
    """Test features in two dimensions, and the share on the wrong side."""
    from sklearn.decomposition import PCA
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    line = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    line.fit(sent[0], labels)
    overlap = float(np.mean(line.predict(sent[1]) != test_labels))
    direction = line.coef_[0] / np.linalg.norm(line.coef_[0])
    along = sent[1] @ direction
    rest = sent[1] - np.outer(along, direction)
    across = PCA(1, random_state=0).fit_transform(rest)[:, 0]
    return np.stack([along - along.mean(), across], axis=1), overlap
