"""Keras callbacks: epoch order, and checkpoints that survive a kill."""

import csv
import io
import os
import pathlib
import re

import keras

from kprivacy import files


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
