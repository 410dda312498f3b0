"""What the export stage asks of a method."""

import hashlib
import pathlib

import numpy as np

from kprivacy import files
from kprivacy.data import sources
from kprivacy.releases import TFLiteModel

# Examples that fine-tuning learns from; ranges are measured on the first.
EXAMPLES = 2000
# Of the data, as names of inputs by the rank without the batch.
KINDS = {1: "vector", 2: "signal", 3: "image"}


class Method:
    """One training, as the export stage sees it.

    Args:
        directory: Its working directory.
        config: Its config.
        model: Its trained model.

    Measures are dicts of "utility" and "attack": each has a `name` and a
    `value`, and for reference that of the data as they are, `undefended`;
    the attack's says whether a "high" or a "low" value protects, who it was,
    and what is left without any information, `blind`; of an accuracy also on
    how many examples it was `tested`, and of a mean of several attackers their
    number, `trainers`, and their standard deviation, `std`.

    Attributes:
        sides: Sides in pixels of clients beside that of the training's size,
            where the method has some.
    """

    sides = ()

    def __init__(self, directory, config, model):
        self.directory = pathlib.Path(directory)
        self.config = config
        self.model = model

    def clients(self):
        """Name of the file, without its ending, to `Client`; main first."""
        raise NotImplementedError

    def server(self):
        """The `Server`, or None."""
        return None

    def codec(self):
        """What turns texts into the client's data and back, or None."""
        return None

    def test_inputs(self, count):
        """Inputs of the main client, of test data, one array each."""
        raise NotImplementedError

    def before(self):
        """Measures of the Keras client; kept in the working directory."""
        path = self.directory / "audit" / "before_export.json"
        server = getattr(self.model, "server", None)
        of = {
            "weights": files.weights_digest(
                self.model.client, *[server] * (server is not None)
            ),
            "config": hashlib.sha256(
                self.config.to_json().encode()
            ).hexdigest(),
        }
        if path.exists():
            held = files.read_json(path)
            if held.get("of") == of:
                return held["measures"]
        found = self.measure_keras()
        files.write_json(path, {"of": of, "measures": found})
        # As it is read, so that a first run and a second one report the same.
        return files.read_json(path)["measures"]

    def measure_keras(self):
        """Measures of the Keras client and server."""
        raise NotImplementedError

    def measure(self, content, client, server):
        """Measures of a file.

        Args:
            content: Bytes of the main client's file.
            client: Its `Client`.
            server: Function on what was sent to a dict of arrays, or None.
        """
        raise NotImplementedError


def measures(utility, attack):
    """Measures as a dict, see `Method`."""
    return {"utility": utility, "attack": attack}


def sender(content, client, decoded=True):
    """What a file sends, as a function on arrays, one an input.

    Args:
        content: Bytes of the file.
        client: Its `Client`.
        decoded: Whether pictures come back in [0, 1].
    """
    file = TFLiteModel(content, client.signature)
    image = decoded and client.output[1] == "image"

    def send(*arrays):
        sent = file(client.named(arrays))
        return sent.astype(np.float32) / 255 if image else sent

    return send


def calibration(data, seed=0):
    """At most `EXAMPLES` of an array's examples, in an order of a seed."""
    order = np.random.default_rng(seed).permutation(len(data))
    return np.asarray(data[order[:EXAMPLES]], np.float32)


def noise(shape, count, seed=0):
    """Noise for a calibration, uniform on [0, 1]: (count, *shape)."""
    generator = np.random.default_rng(seed)
    return generator.random((count, *shape), np.float32)


def class_names(config, key="label"):
    """Names of an attribute's classes, as the data set has them, or None.

    Args:
        config: Of the training.
        key: "label", or the name of the attribute.
    """
    key = config.data.label if key == "label" else key
    return sources.class_names(config.data.name, key, config.data.data_dir)
