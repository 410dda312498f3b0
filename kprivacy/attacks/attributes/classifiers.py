"""Classifiers that learn to infer an attribute from what a release sends.

Each has `name`, `fit(features, targets, validation)`, where the targets are
one-hot, and `predict`, which returns the probability of each class.
"""

import warnings

import numpy as np

from kprivacy.attacks.reconstruction.attackers import Decoder, NearestNeighbours
from kprivacy.attacks.reconstruction.families import MLP_STEPS

NAMES = (
    "logistic_regression",
    "nearest_neighbours",
    "random_forest",
    "mlp",
    "cnn",
    "augmented_cnn",
)
STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
LEAF_SIZES = (1, 5)
# An attribute sent in the open is found among few features, a hidden one
# among all.
SELECTED = (None, 64, 16)
# Beyond these, features are cut to the main directions of all of them and
# the single ones that tell most; a leak may sit in either.
DIRECTIONS = 256
SINGLE_FEATURES = 64
# Pictures have a side of that many at least; of "augmented_cnn".
PICTURE_SIDE = 16
AUGMENTED_STEPS = 2
MOST_EXAMPLES = 20_000


def build(name, steps, seed):
    """A classifier out of `NAMES`, not yet fitted.

    Args:
        steps: Gradient steps of the convolutional network; the perceptron
            takes `MLP_STEPS` times as many, the network that learns from
            augmented pictures `AUGMENTED_STEPS` times.
        seed: Seeds it.
    """
    if name == "nearest_neighbours":
        return NearestNeighbours()
    if name == "mlp":
        return Network(name, mlp, steps=MLP_STEPS * steps, seed=seed)
    if name == "cnn":
        return Network(name, cnn, steps=steps, seed=seed)
    if name == "augmented_cnn":
        return Network(
            name, augmented_cnn, steps=AUGMENTED_STEPS * steps, batch_size=64,
            seed=seed,
        )
    return Classical(name, seed)


def fitting(names, shape):
    """Those of some classifiers that suit features of this shape."""
    return tuple(
        name for name in names
        if (name != "cnn" or has_maps(shape))
        and (name != "augmented_cnn" or has_pictures(shape))
    )


def has_maps(shape):
    """Whether features of this shape, less the batch, suit a "cnn"."""
    return len(shape) in (2, 3) and min(shape[:-1]) > 1


def has_pictures(shape):
    """Whether they are as large as pictures are."""
    return len(shape) == 3 and min(shape[:-1]) >= PICTURE_SIDE


class Classical:
    """A classifier of scikit-learn on standardised, flattened features.

    Its settings are picked by `validated` on validation data: the features,
    the strength of "logistic_regression", the leaf size of "random_forest".
    """

    def __init__(self, name, seed=0):
        self.name = name
        self._seed = seed

    def fit(self, features, targets, validation):
        x = flat(features[:MOST_EXAMPLES])
        labels = targets[:MOST_EXAMPLES].argmax(axis=1)
        self._count = targets.shape[1]
        shares, best = targets.mean(axis=0), (-1.0, 0.0)
        # That more iterations or features are wished for shows in validation.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._reducer = _reducer(*x.shape, self._seed).fit(x, labels)
            x = self._reducer.transform(x)
            held = self._reducer.transform(flat(validation[0]))
            for candidate in _candidates(self.name, x.shape[1], self._seed):
                scores = self._scores(candidate.fit(x, labels), held)
                found = validated(validation[1], scores, shares)
                if found > best:
                    best, self._fitted = found, candidate
        return self

    def predict(self, features):
        x = self._reducer.transform(flat(features))
        return self._scores(self._fitted, x)

    def _scores(self, fitted, x):
        scores = np.zeros((len(x), self._count))
        scores[:, fitted.classes_] = fitted.predict_proba(x)
        return scores


class Network(Decoder):
    """A network that classifies, trained on the cross-entropy.

    Args: as `Decoder`; `build` returns logits.
    """

    def _compiled(self, model, rate):
        import keras

        from kprivacy import optimizers

        model.compile(
            keras.optimizers.Adam(rate),
            loss=keras.losses.CategoricalCrossentropy(from_logits=True),
        )
        optimizers.build(model)
        return model

    def predict(self, features):
        from scipy.special import softmax

        return softmax(super().predict(features).astype(np.float64), axis=1)


class Prior:
    """The shares of the classes, whatever the features."""

    def __init__(self, name):
        self.name = name

    def fit(self, features, targets, validation):
        self._shares = targets.mean(axis=0, dtype=np.float64)
        return self

    def predict(self, features):
        return np.tile(self._shares, (len(features), 1))


def accuracy(labels, scores):
    """Share of examples whose most probable class is right."""
    return float(np.mean(np.argmax(scores, axis=1) == labels))


def balanced_accuracy(labels, scores, shares):
    """Mean over the classes tested of the share recognised.

    What is guessed is the class whose probability has gained most on its
    share, the best guess where every class counts alike.

    Args:
        labels: Class indices, shape (examples,).
        scores: Probabilities, shape (examples, classes).
        shares: Of the classes in the data fitted on, shape (classes,).
    """
    right = np.argmax(np.asarray(scores) / shares, axis=1) == labels
    return float(
        np.mean([right[labels == k].mean() for k in np.unique(labels)])
    )


def validated(targets, scores, shares):
    """Balanced accuracy, then the mean log-likelihood where it is equal.

    Args:
        targets: One-hot, shape (examples, classes).
        scores, shares: As for `balanced_accuracy`.
    """
    labels = targets.argmax(axis=1)
    right = np.take_along_axis(np.asarray(scores), labels[:, None], axis=1)
    likelihood = float(np.mean(np.log(np.maximum(right, 1e-6))))
    return balanced_accuracy(labels, scores, shares), likelihood


def auc(labels, scores):
    """Area under the receiver operating characteristic, in float64.

    Of the second class where there are two, else the mean over the classes
    tested of each one against the rest. 0.5 is blind.
    """
    from sklearn.metrics import roc_auc_score

    scores = np.asarray(scores, np.float64)
    classes = [1] if scores.shape[1] == 2 else np.unique(labels)
    return float(np.mean(
        [roc_auc_score(labels == k, scores[:, k]) for k in classes]
    ))


def flat(features):
    """Rows of floats that lose nothing of the features."""
    kind = np.result_type(features.dtype, np.float32)
    return features.reshape(len(features), -1).astype(kind)


def _reducer(examples, features, seed):
    from sklearn.decomposition import PCA
    from sklearn.feature_selection import SelectKBest
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.preprocessing import StandardScaler

    if features <= DIRECTIONS + SINGLE_FEATURES:
        return StandardScaler()
    directions = PCA(
        min(DIRECTIONS, examples),
        svd_solver="randomized",
        random_state=seed,
    )
    return make_pipeline(
        StandardScaler(),
        make_union(directions, SelectKBest(k=SINGLE_FEATURES)),
    )


def _candidates(name, features, seed):
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.feature_selection import SelectKBest
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    for count in SELECTED:
        if count and count >= features:
            continue
        if name == "logistic_regression":
            kinds = [LogisticRegression(C=c, max_iter=200) for c in STRENGTHS]
        else:
            kinds = [
                RandomForestClassifier(
                    200, min_samples_leaf=size, n_jobs=-1, random_state=seed
                )
                for size in (LEAF_SIZES[:1] if count else LEAF_SIZES)
            ]
        for kind in kinds:
            yield make_pipeline(SelectKBest(k=count or "all"), kind)


def mlp(features, targets):
    """The perceptron of "mlp", features to as many outputs as targets."""
    from kprivacy import networks

    return networks.mlp(features, (256, 256), targets[0], dropout=0.2)


def cnn(features, targets):
    """Convolutions until about four values a side are left, then dense."""
    import keras

    from kprivacy import networks

    depth = int(np.clip(np.log2(min(features[:-1])) - 1, 1, 4))
    body = networks.lenet(
        features, (16, 32, 64, 64)[:depth], kernel_size=3, padding="same"
    )
    head = networks.mlp(body.output_shape[1:], (128,), targets[0], dropout=0.2)
    return keras.Model(body.input, head(body.output), name="cnn")


def augmented_cnn(features, targets):
    """A deeper network that sees pictures mirrored and shifted.

    As whoever has few pictures of faces or things trains on them.
    """
    import keras

    from kprivacy import networks
    from kprivacy.networks import blocks

    inputs = keras.Input(features)
    body = networks.vgg(
        features, (24, 48, 96, 128), (1, 2, 2, 1), momentum=0.9
    )
    x = keras.layers.GlobalAveragePooling2D()(body(blocks.moved(inputs)))
    head = networks.mlp(x.shape[1:], (), targets[0], dropout=0.3)
    return keras.Model(inputs, head(x), name="augmented_cnn")
