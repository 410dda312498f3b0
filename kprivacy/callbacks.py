"""Keras callbacks: order, checkpoints that survive a kill, audits."""

import csv
import io
import os
import pathlib
import re
import warnings

import keras
import numpy as np

from kprivacy import errors, files


class EpochOrder(keras.callbacks.Callback):
    """Gives every epoch its own order, whichever epoch training begins at.

    Args:
        dataset: A shuffled dataset of `kprivacy.data.load`.
    """

    def __init__(self, dataset):
        super().__init__()
        self._next_epoch = dataset.next_epoch

    def on_epoch_begin(self, epoch, logs=None):
        self._next_epoch.assign(epoch)


class Checkpoint(keras.callbacks.Callback):
    """Keeps the whole state of training, written beside and renamed.

    A file holds the weights, every optimizer's slots and the random states
    after an epoch, and its name says which: a kill at any moment leaves the
    last whole one. `keras.callbacks.BackupAndRestore` writes weights and
    epoch into two files one after the other, which a kill can part.

    Args:
        directory: Where the file is kept; made if it does not exist.
    """

    PATTERN = re.compile(r"^epoch_(\d+)\.weights\.h5$")

    def __init__(self, directory):
        super().__init__()
        self._directory = pathlib.Path(directory)

    def restore(self, model):
        """Loads the last state, if any; returns the epoch to begin at."""
        epochs = sorted(self._files())
        if not epochs:
            return 0
        model.load_weights(self._path(epochs[-1]))
        return epochs[-1]

    def on_epoch_end(self, epoch, logs=None):
        self._directory.mkdir(parents=True, exist_ok=True)
        beside = self._directory / "unfinished.weights.h5"
        files.check_room(beside, self.model)
        with files.one_complaint():
            self.model.save_weights(beside, overwrite=True)
        os.replace(beside, self._path(epoch + 1))
        for older in self._files():
            if older <= epoch:
                self._path(older).unlink()

    def _files(self):
        if not self._directory.is_dir():
            return []
        matches = map(self.PATTERN.match, os.listdir(self._directory))
        return [int(match[1]) for match in matches if match]

    def _path(self, epoch):
        return self._directory / f"epoch_{epoch:04d}.weights.h5"


class StopAtNaN(keras.callbacks.Callback):
    """Ends training where a loss is no number, before that is kept.

    Put it before `Checkpoint`, whose last state is then a good one.

    Args:
        checkpoints: The folder of `Checkpoint`, for the message.
    """

    def __init__(self, checkpoints):
        super().__init__()
        self._checkpoints = checkpoints

    def on_epoch_end(self, epoch, logs=None):
        wrong = {
            key: value for key, value in (logs or {}).items()
            # Metrics and other callbacks may have nothing to say.
            if key in self.model.LOSSES and not np.isfinite(value).all()
        }
        if not wrong:
            return
        raise errors.UserError(
            f"Training diverged in epoch {epoch + 1}: {', '.join(wrong)} is "
            f"not finite, {' and '.join(self._sides())} has such weights. The "
            f"last good state is kept in {str(self._checkpoints)!r}. Lower "
            "the learning rate of that side, and start afresh in another "
            "folder."
        )

    def _sides(self):
        """The sides whose weights are not finite, or that none is."""
        found = [
            f"the {side}" for side in dict.fromkeys(
                self.model.OPTIMIZERS.values()
            ) if not all(
                np.isfinite(one.numpy()).all()
                for one in self.model.side_variables(side)
            )
        ]
        return found or ["no side"]


class MetricsFile(keras.callbacks.Callback):
    """Writes one CSV row an epoch; a resumed run drops the rows it repeats.

    Args:
        path: The file.
        initial_epoch: The epoch that training begins at.
    """

    def __init__(self, path, initial_epoch=0):
        super().__init__()
        self._path = pathlib.Path(path)
        self._rows = []
        if initial_epoch and self._path.exists():
            with open(self._path, newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            self._rows = [r for r in rows if int(r["epoch"]) < initial_epoch]

    def on_epoch_end(self, epoch, logs=None):
        self._rows.append({"epoch": epoch, **(logs or {})})
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(self._rows[-1]))
        writer.writeheader()
        writer.writerows(self._rows)
        files.write_bytes(self._path, text.getvalue().encode())


class _Schedule(keras.callbacks.Callback):
    """Moves a number from epoch to epoch, exponentially.

    The schedule is a function of the epoch alone, so that a resumed run goes
    on in it.

    Args:
        start: Of the first epoch, above 0 and at most `MOST`.
        end: Of the last epoch, likewise.
        epochs: Length of the schedule; afterwards it stays at `end`.
    """

    MOST = float("inf")

    def __init__(self, start, end, epochs):
        super().__init__()
        for name, value in (("start", start), ("end", end)):
            if not 0 < value <= self.MOST:
                raise errors.UserError(
                    f"`{name}` must be in (0, {self.MOST:g}]. Received: "
                    f"{name}={value!r}."
                )
        errors.check_count("epochs", epochs)
        self._start, self._end, self._epochs = start, end, epochs

    def on_epoch_begin(self, epoch, logs=None):
        done = min(epoch / max(self._epochs - 1, 1), 1.0)
        self._set(self._start * (self._end / self._start) ** done)


class UtilityWeight(_Schedule):
    """Moves RAN's lambda from epoch to epoch, exponentially.

    RAN's section 3.1 proposes so. The arguments are lambdas in (0, 1] of the
    first and the last epoch, and the epochs between them.
    """

    MOST = 1

    def _set(self, value):
        self.model.set_utility_weight(value)


class Temperature(_Schedule):
    """Moves the temperature of GAP's objective "accuracy", exponentially.

    The arguments are those of the first and the last epoch, above 0, and the
    epochs between them.
    """

    def _set(self, value):
        self.model.set_temperature(value)


class AuditCallback(keras.callbacks.Callback):
    """Attacks the client while it trains, with few and quick attackers.

    Every `every` epochs fresh attackers are trained on the model's `client`;
    `attack_error` (mean squared error of the best) and
    `attack_error_over_ceiling` (as a share of the label-only ceiling) come
    into the epoch's logs, NaN in the other epochs: put it before callbacks
    that read the logs. Weights and random states stay as without it. It
    shows a trend; a published number needs `kprivacy.attacks.audit.Audit`.

    Args:
        attacker: `kprivacy.data.Arrays`, data that the model does not see.
        test: `kprivacy.data.Arrays` to measure on.
        every: Epochs from one audit to the next; the first audit comes
            after as many.
        log_dir: Folder for TensorBoard, or None.
        attackers: Names, as for `kprivacy.attacks.Reconstruction`.
        steps: Gradient steps of a decoder.
        seed: Of the attackers and of the client's noise.

    Raises:
        UserError: The model has no `client`, or the data do not do.
    """

    def __init__(
        self,
        attacker,
        test,
        every=1,
        log_dir=None,
        attackers=("ridge", "mlp"),
        steps=100,
        seed=0,
    ):
        super().__init__()
        from kprivacy.attacks import inputs

        errors.check_count("every", every)
        inputs.check_parts(attacker, test)
        inputs.check_classes(attacker, test)
        self._parts = attacker, test
        self._every = every
        self._log_dir = log_dir
        self._options = {"attackers": attackers, "steps": steps, "seed": seed}
        self._seed = seed
        self._writer = None

    def on_train_begin(self, logs=None):
        if not isinstance(getattr(self.model, "client", None), keras.Model):
            raise errors.UserError(
                "`AuditCallback` audits a model's `client`. Received: a "
                f"{type(self.model).__name__} without one. Train one of "
                "kprivacy's methods, or give your model that attribute."
            )

    def on_epoch_end(self, epoch, logs=None):
        logs = {} if logs is None else logs
        found = {"attack_error": float("nan")}
        found["attack_error_over_ceiling"] = float("nan")
        if (epoch + 1) % self._every == 0:
            results = self._audit()
            found["attack_error"] = results.best.mse
            found["attack_error_over_ceiling"] = results.error_over_ceiling
            self._write(epoch, found)
        logs.update(found)

    def on_train_end(self, logs=None):
        if self._writer:
            self._writer.close()
            self._writer = None

    def _audit(self):
        from kprivacy.attacks.audit import data_range
        from kprivacy.attacks.reconstruction import Reconstruction
        from kprivacy.releases import KerasRelease

        client = self.model.client
        attack = Reconstruction(
            client, data_range=data_range(self._parts[1].data), repeats=1,
            **self._options,
        )
        with warnings.catch_warnings():
            # So few steps may well make weak attackers.
            warnings.filterwarnings("ignore", "The best attacker's error")
            return attack.run(KerasRelease(client, self._seed), *self._parts)

    def _write(self, epoch, found):
        if self._log_dir is None:
            return
        import tensorflow as tf

        if self._writer is None:
            self._writer = tf.summary.create_file_writer(str(self._log_dir))
        with self._writer.as_default():
            for name, value in found.items():
                tf.summary.scalar(name, value, step=epoch)
        self._writer.flush()
