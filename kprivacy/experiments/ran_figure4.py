"""Figure 4 of RAN's paper: features of test examples in three dimensions.

Left the undefended network of the same architecture, right RAN; the three
first principal components of each one's features, coloured by class. The
rows give what the picture shows as numbers: separability, the accuracy of a
linear classifier fitted on the attacker's features, and scatter, the share of
the features' variance that lies within the classes.
"""

import numpy as np

from kprivacy import audit_lib, files, train_lib, workdir
from kprivacy.experiments import plots, ran_tasks, summaries

SEEDS = (0,)
RUNS = "ran_figure3"
NAMES = ("mnist", "cifar10_subset")
SHOWN = 1000


def cells(profile):
    """The networks of Figure 3 that are shown here."""
    for task in ran_tasks.tasks(profile, NAMES):
        yield (
            f"{task.name}/features/0",
            ran_tasks.config(task, profile),
            features,
        )


def features(config, directory):
    """Embeds the features of both networks."""
    parts = audit_lib.Parts(config)
    found = {}
    for label, client in clients(config, directory).items():
        sent = [flat(client, part) for part in (parts.attacker, parts.test)]
        found[label] = {
            "attacker": "logistic_regression",
            "separability": _separability(sent, parts),
            "scatter": _scatter(sent[1], parts.test.labels),
        }
        points = _embedded(sent[1][:SHOWN])
        found[label]["points"] = points.round(4).tolist()
    found["labels"] = parts.test.labels[:SHOWN].tolist()
    return found


def clients(config, directory):
    """The undefended client and RAN's chosen one, trained if they are not."""
    folder = directory.parents[1]
    plain = train_lib.undefended(config, folder / "dnn" / "0")
    chosen = folder / "chosen" / "0" / "model"
    if (chosen / "model.keras").exists():
        config = workdir.read_config(chosen)
    ran = train_lib.train(config, chosen)
    return {"dnn": plain.layers[0], "ran": ran.client}


def rows(found):
    """A row for each network."""
    return [
        summaries.row(
            f"{cell.split('/')[0]}:{label}",
            [{k: v for k, v in one[label].items() if k != "points"}],
        )
        for cell, one in found.items()
        for label in ("dnn", "ran")
    ]


def draw(path, results, runs):
    """Two clouds a task."""
    names = dict.fromkeys(one["name"].split(":")[0] for one in results["rows"])
    plots.clouds(path, {
        name: files.read_json(runs / name / "features" / "0" / "cell.json")[
            "found"]
        for name in names
    })


def flat(client, part):
    """A client's features of a part, one row an example, float64."""
    sent = client.predict(part.data, batch_size=512, verbose=0)
    return sent.reshape(len(sent), -1).astype(np.float64)


def _separability(sent, parts):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    model.fit(sent[0], parts.attacker.labels)
    return float(model.score(sent[1], parts.test.labels))


def _scatter(sent, labels):
    means = np.stack([
        sent[labels == label].mean(axis=0) for label in np.unique(labels)
    ])
    _, places = np.unique(labels, return_inverse=True)
    within = np.square(sent - means[places]).sum()
    return float(within / np.square(sent - sent.mean(axis=0)).sum())


def _embedded(sent):
    from sklearn.decomposition import PCA

    return PCA(min(3, sent.shape[1]), random_state=0).fit_transform(sent)
