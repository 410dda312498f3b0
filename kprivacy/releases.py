"""Releases: what leaves the phone, as a function on NumPy batches.

Whatever is judged is one of these callables, data in (float32; images in
[0, 1]), what is sent out: a Keras client, the very .tflite file that ships,
a baseline. Attacks and utility are measured on releases alone.
"""

import numpy as np

from kprivacy.errors import UserError

# Inputs that nobody may draw at random.
GIVEN = ("key", "cover", "private")

class KerasRelease:
    """A Keras client as a release.

    Args:
        client: Functional model from data, and noise if it takes any, to
            features.
        seed: Seeds the noise; None draws from the system's entropy.
        batch_size: Examples a step.

    Raises:
        UserError: The client takes a key, a cover or the private attribute,
            which are not drawn.
    """

    def __init__(self, client, seed=None, batch_size=512):
        given = [one.name for one in client.inputs[1:] if one.name in GIVEN]
        if given:
            raise UserError(
                "A release is of data, and of noise that is drawn. Received: "
                f"{client.name!r}, which also takes {', '.join(given)}. Pass a "
                "function on data that gives it them."
            )
        self.client = client
        self._generator = np.random.default_rng(seed)
        self._batch_size = batch_size

    def __call__(self, data):
        noise = [
            random_bytes(self._generator, (len(data), *tensor.shape[1:]))
            for tensor in self.client.inputs[1:]
        ]
        return self.encode(data, *noise)

    def encode(self, data, *noise):
        """The features of `data` under given noise, uint8."""
        inputs = [np.asarray(data, np.float32)]
        inputs += [one.astype(np.float32) / 255.0 for one in noise]
        return self.client.predict(
            inputs if noise else inputs[0],
            batch_size=self._batch_size,
            verbose=0,
        )


class TFLiteModel:
    """A signature of a .tflite file on batches, run one example at a time.

    Args:
        model: Path of the .tflite file, or its bytes.
        signature: Its signature.
        threads: Of the processor.

    Attributes:
        inputs: Name to LiteRT's details of each input.
        outputs: Likewise.

    Raises:
        ValueError: LiteRT cannot read the file, or it has no such signature.
    """

    def __init__(self, model, signature, threads=1):
        from ai_edge_litert.interpreter import Interpreter

        content = isinstance(model, bytes)
        source = {"model_content" if content else "model_path": model}
        if not content:
            source["model_path"] = str(model)
        self.interpreter = Interpreter(**source, num_threads=threads)
        self._runner = self.interpreter.get_signature_runner(signature)
        self.inputs = self._runner.get_input_details()
        self.outputs = self._runner.get_output_details()

    def __call__(self, inputs):
        """What the file gives for a batch.

        Args:
            inputs: Name to an array with a batch: of range [0, 1] where the
                file takes bytes, which are by its own scale and zero point.

        Returns:
            The file's only output for the batch, as it is sent.
        """
        raw = {
            name: quantised(values, self.inputs[name])
            for name, values in inputs.items()
        }
        (count,) = {len(one) for one in raw.values()}
        return np.concatenate([
            self.run({name: one[i : i + 1] for name, one in raw.items()})
            for i in range(count)
        ])

    def run(self, inputs):
        """What one call of the file sends for a dict of its raw inputs."""
        (sent,) = self._runner(**inputs).values()
        return sent


class TFLiteRelease(TFLiteModel):
    """An exported client of data, and noise if it takes any, as a release.

    Takes what `KerasRelease` takes; images and noise are put on the wire as
    the uint8 that an app passes. Returns the features as they are sent.

    Args:
        model: As for `TFLiteModel`.
        signature: Likewise.
        seed: Seeds the noise; None draws from the system's entropy.
    """

    def __init__(self, model, signature="encode", seed=None):
        super().__init__(model, signature)
        (self._data_name,) = set(self.inputs) - {"noise"}
        self._generator = np.random.default_rng(seed)

    def __call__(self, data):
        noise = [
            random_bytes(self._generator, (len(data), *detail["shape"][1:]))
            for name, detail in self.inputs.items()
            if name == "noise"
        ]
        return self.encode(data, *noise)

    def encode(self, data, *noise):
        """The features of `data` under given noise, uint8, as sent."""
        given = {self._data_name: data}
        if noise:
            given["noise"] = noise[0]
        return super().__call__(given)


def random_bytes(generator, shape):
    """Noise as a phone draws it: uniform random bytes."""
    return generator.integers(0, 256, shape, np.uint8)


def to_wire(values, dtype):
    """Data of range [0, 1] as uint8, or unchanged for a float input.

    What is uint8 already stays as it is.
    """
    values = np.asarray(values)
    if values.dtype == np.uint8 == dtype:
        return values
    values = values.astype(np.float32)
    if dtype == np.uint8:
        return np.clip(np.rint(values * 255.0), 0, 255).astype(np.uint8)
    return values.astype(dtype)


def quantised(values, detail):
    """Data of range [0, 1] as an input of a file takes them.

    Args:
        values: Array; what is uint8 is as `to_wire` makes it.
        detail: LiteRT's, of the input: integers with a scale have
            values = scale * (integer - zero point), those without are bytes.
    """
    dtype, (scale, zero_point) = detail["dtype"], detail["quantization"]
    if not scale or _is_pixel(dtype, scale, zero_point):
        return to_wire(values, dtype)
    values = np.asarray(values)
    if values.dtype == np.uint8:
        if dtype == np.uint8:
            return values
        values = values.astype(np.float32) / 255
    limits = np.iinfo(dtype)
    steps = np.rint(values / scale) + zero_point
    return np.clip(steps, limits.min, limits.max).astype(dtype)


def _is_pixel(dtype, scale, zero_point):
    return (
        dtype == np.uint8 and zero_point == 0
        and abs(255 * scale - 1) < 1e-4
    )


def accuracy(server, release, data, labels):
    """The share of examples that `server` classifies right from a release.

    Args:
        server: Function from a batch of released features to logits or
            probabilities, shape (examples, classes).
    """
    outputs = server(release(data))
    return float(np.mean(np.argmax(outputs, axis=-1) == labels))
