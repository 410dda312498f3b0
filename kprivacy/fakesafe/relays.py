"""Steps of a cascade that hand a code on, from one cover into the next."""

import math

import keras
import numpy as np
from keras import layers, ops

from kprivacy import errors
from kprivacy.fakesafe.covers import have_room
from kprivacy.fakesafe.layers import Mask
from kprivacy.fakesafe.networks import PLACE_LAYERS

# Examples of each inner domain that both sides have.
BANK = 64


def banks(steps, covers):
    """Checked arrays of covers for the inner fakes.

    Args:
        steps: `FakeSafe` models with covers and keys.
        covers: One array for each step but the last.

    Raises:
        UserError: Steps have no key, a later one holds fewer bits than the
            first, or the covers are not as many, of the shapes, or of the
            room that is needed.
    """
    sizes = [_bits(step) for step in steps]
    if min(sizes[1:], default=sizes[0]) < sizes[0]:
        raise errors.UserError(
            "Every step must hold the code of the first one. Received: codes "
            f"of {sizes} bits. Train the first with a shorter `code`."
        )
    if any(len(step.client.inputs) != 3 for step in steps):
        raise errors.UserError(
            "Steps with covers make a cascade where they have keys: what the "
            "next one hides must look random. Received: one without. Train "
            "with `key=True`."
        )
    if len(covers) != len(steps) - 1:
        raise errors.UserError(
            "`covers` must be an array of examples for each inner fake, here "
            f"{len(steps) - 1}. Received: {len(covers)}."
        )
    return [_bank(step, some) for step, some in zip(steps, covers)]


def forth(steps, held, source, keys, cover):
    """The last fake of a cascade, a Keras tensor.

    Args:
        steps: `FakeSafe` models.
        held: Of `banks`.
        source: Keras tensor, the message.
        keys: Keras tensors, the key of each step.
        cover: Keras tensor, of the last fake.
    """
    covers = [_Bank(one, name=f"covers{i + 1}")(keys[i])
              for i, one in enumerate(held)] + [cover]
    first = part(steps[0].client, "client1")
    x = first([source, keys[0], covers[0]])
    for i, step in enumerate(steps[1:], start=1):
        code = _reader(steps[i - 1], i)([x, keys[i - 1]])
        code = _Handed(_bits(step), name=f"handed{i + 1}")(code)
        code = Mask(name=f"mask{i + 1}")([code, keys[i]])
        x = _hider(step, i + 1)([code, keys[i], covers[i]])
    return x


def back(steps, held, fake, keys):
    """What the server makes of the last fake, a Keras tensor."""
    x = fake
    for i in reversed(range(1, len(steps))):
        code = _reader(steps[i], i + 1)([x, keys[i]])
        code = Mask(name=f"mask{i + 1}")([code, keys[i]])
        code = _Handed(_bits(steps[i - 1]), name=f"handed{i}")(code)
        cover = _Bank(held[i - 1], name=f"covers{i}")(keys[i - 1])
        x = _hider(steps[i - 1], i)([code, keys[i - 1], cover])
    last = part(steps[0].server, "server1")
    return last([x, keys[0]])


@keras.saving.register_keras_serializable("kprivacy")
class _Handed(layers.Layer):
    """Beliefs as bits of -1 and 1; cut to a length, or filled with ones."""

    def __init__(self, bits, **kwargs):
        super().__init__(**kwargs)
        self.bits = bits

    def call(self, inputs):
        found = ops.where(inputs[:, : self.bits] > 0, 1.0, -1.0)
        missing = self.bits - found.shape[-1]
        if missing > 0:
            found = ops.pad(found, [[0, 0], [0, missing]], constant_values=1.0)
        return found

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.bits)

    def get_config(self):
        return {**super().get_config(), "bits": self.bits}


@keras.saving.register_keras_serializable("kprivacy")
class _Bank(layers.Layer):
    """One of a few examples, whose number is the end of a key."""

    def __init__(self, examples=None, shape=None, **kwargs):
        super().__init__(**kwargs)
        self._examples = examples
        self._shape = tuple(shape if examples is None else examples.shape)

    def build(self, input_shape):
        held = self._examples
        self.examples = self.add_weight(
            name="examples",
            shape=self._shape,
            initializer="zeros" if held is None else (
                lambda *_, **__: ops.convert_to_tensor(held)
            ),
            trainable=False,
        )

    def call(self, inputs):
        count = int(math.log2(self._shape[0]))
        places = 2.0 ** np.arange(count, dtype="f4")
        number = ops.sum(inputs[:, -count:] * places, axis=-1)
        return ops.take(self.examples, ops.cast(number, "int32"), axis=0)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self._shape[1:])

    def get_config(self):
        return {**super().get_config(), "shape": self._shape}


def _bank(step, examples):
    examples = np.asarray(examples, np.float32)
    shape = tuple(step.client.output_shape[1:])
    if examples.ndim != 4 or examples.shape[1:] != shape:
        raise errors.UserError(
            f"Covers of an inner fake must be images of shape {shape}. "
            f"Received: shape {examples.shape}."
        )
    examples = examples[have_room(step.client, examples)]
    if len(examples) < BANK:
        raise errors.UserError(
            f"Each inner fake needs {BANK} covers with room. Received: "
            f"{len(examples)}. Give more."
        )
    return np.round(examples[:BANK] * 255) / np.float32(255)


def _bits(step):
    return step.client.get_layer("code").output.shape[-1]


def _reader(step, number):
    """From a step's fake and key to what is hidden, turned as it was."""
    code = step.server.get_layer("code").output
    return part(step.server, f"reader{number}", code)


def _hider(step, number):
    """From turned bits, key and cover to a step's fake."""
    _, key, cover = (keras.Input(one.shape[1:], name=one.name)
                     for one in step.client.inputs)
    code = keras.Input((_bits(step),), name="turned")
    x = cover
    for name in PLACE_LAYERS:
        x = step.client.get_layer(name)(x)
    x = step.client.get_layer("fake")([code, cover, x, key])
    return keras.Model([code, key, cover], x, name=f"hider{number}")


def part(model, name, output=None):
    """The same layers under another name: those of a model are unique.

    Args:
        model: A client or a server.
        name: The other name.
        output: Where it ends; None for the model's own output.
    """
    inputs = model.inputs if len(model.inputs) > 1 else model.inputs[0]
    found = model.outputs[0] if output is None else output
    return keras.Model(inputs, found, name=name)
