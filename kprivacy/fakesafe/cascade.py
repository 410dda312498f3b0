"""Several FakeSafe steps, one after another."""

import keras
from keras import layers

from kprivacy import errors
from kprivacy.fakesafe import relays
from kprivacy.fakesafe.covers import takes_cover
from kprivacy.fakesafe.keys import key_bits
from kprivacy.fakesafe.model import FakeSafe
from kprivacy.layers import RoundToBytes


class Cascade:
    """n steps of FakeSafe as one: F1 to Fn on the client, Rn to R1 on the
    server.

    Each step is trained by itself, from the domain of the fakes before it to
    the next. What R2 leaves of a fake is not what F1 made, and R1 has to read
    it: `finetuning` gives a model that trains all steps end to end.

    Steps with covers need no such training: a later one reads the code in the
    fake before it, turns it by its own key, and hides it in its own cover; on
    the way back R2 makes the same fake that F1 made, bit by bit. The cover
    of the last fake is an input, as in a single step. Earlier fakes stay on
    the phone and on the server, and their covers are among examples that
    both have: the key says which.

    Where steps have keys, the cascade's key is theirs in a row, that of the
    first step first, and the server takes it the same way.

    Args:
        steps: Trained `FakeSafe` models, the first of the private domain.
        covers: Where they take covers, one array of `BANK` real examples of
            each inner fake's domain; they become a part of both networks.

    Attributes:
        client: Functional `keras.Model` from `source` (and `key`, `cover`) to
            the last fake; earlier fakes are rounded where their step rounds
            them.
        server: Functional `keras.Model` from `fake` (and `key`) to the source.

    Raises:
        UserError: There is no step, or one does not take what the one before
            it gives.

    Example:

    >>> cascade = kprivacy.fakesafe.Cascade([digits_to_clothes, to_faces])
    >>> model = cascade.finetuning()
    >>> model.compile("adam", "adam")
    >>> model.fit(kprivacy.fakesafe.pairs(digits, faces), epochs=2)

    Reference: Zhu and Liu, FakeSafe, 2020, "Deeper FakeSafe mapping".
    """

    def __init__(self, steps, covers=()):
        self.steps = list(steps)
        _check(self.steps)
        self.key_sizes = [key_bits(step.client) for step in self.steps]
        self._banks = None
        if takes_cover(self.steps[0].client):
            self._banks = relays.banks(self.steps, covers)
        self.client = self._client()
        self.server = self._server()

    def finetuning(self, **options):
        """A `FakeSafe` of the whole cascade, against the last adversary.

        Its weights are those of the steps: training it trains them.

        Args:
            **options: Of `FakeSafe`, in place of the last step's.
        """
        if self._banks is not None:
            raise errors.UserError(
                "Steps with covers hand the code on as it is: there is "
                "nothing to finetune. Use `client` and `server`."
            )
        last = self.steps[-1].get_config()
        names = ("cycle_weight", "quantize", "channel_noise", "seed")
        return FakeSafe(
            self.client,
            self.server,
            self.steps[-1].adversary,
            **{**{name: last[name] for name in names}, **options},
        )

    def save(self, directory, codec=None):
        """Writes client/ and server/, for `protect` and `recover`.

        Args:
            directory: They are made in it, or replaced.
            codec: Of texts, see `kprivacy.text.codec`, if messages are texts.
        """
        from kprivacy.fakesafe.training import write_pair

        write_pair(self, directory, codec)

    def _client(self):
        source = keras.Input(self.steps[0].client.inputs[0].shape[1:],
                             name="source")
        key, keys = self._keys()
        x = source
        if self._banks is not None:
            cover = keras.Input(self.steps[-1].client.output_shape[1:],
                                name="cover")
            x = relays.forth(self.steps, self._banks, x, keys, cover)
            return keras.Model([source, key, cover], x, name="client")
        for i, step in enumerate(self.steps):
            part = relays.part(step.client, f"client{i + 1}")
            x = part([x, keys[i]] if self.key_sizes[i] else x)
            if step.quantize and i + 1 < len(self.steps):
                x = RoundToBytes(name=f"bytes{i + 1}")(x)
        inputs = source if key is None else [source, key]
        return keras.Model(inputs, x, name="client")

    def _server(self):
        fake = keras.Input(self.steps[-1].client.output_shape[1:], name="fake")
        key, keys = self._keys()
        if self._banks is not None:
            x = relays.back(self.steps, self._banks, fake, keys)
            return keras.Model([fake, key], x, name="server")
        x = fake
        for i in reversed(range(len(self.steps))):
            step = self.steps[i]
            part = relays.part(step.server, f"server{i + 1}")
            x = part([x, keys[i]] if self.key_sizes[i] else x)
        inputs = fake if key is None else [fake, key]
        return keras.Model(inputs, x, name="server")

    def _keys(self):
        """The input of all keys, and the part of each step."""
        if not any(self.key_sizes):
            return None, None
        key = keras.Input((sum(self.key_sizes),), name="key")
        parts, begin = [], 0
        for i, size in enumerate(self.key_sizes):
            part = slice(begin, begin + size)
            parts.append(_Part(part.start, part.stop, name=f"key{i}")(key))
            begin += size
        return key, parts


@keras.saving.register_keras_serializable("kprivacy")
class _Part(layers.Layer):
    """Columns from `start` to `stop`."""

    def __init__(self, start, stop, **kwargs):
        super().__init__(**kwargs)
        self.start, self.stop = start, stop

    def call(self, inputs):
        return inputs[:, self.start : self.stop]

    def get_config(self):
        own = {"start": self.start, "stop": self.stop}
        return {**super().get_config(), **own}


def _check(steps):
    for step in steps:
        if not isinstance(step, FakeSafe):
            raise errors.UserError(
                "A cascade is made of FakeSafe models. Received: a "
                f"{type(step).__name__}."
            )
    if not steps:
        raise errors.UserError(
            "A cascade needs at least one step. Received: none."
        )
    if len({takes_cover(step.client) for step in steps}) > 1:
        raise errors.UserError(
            "The steps of a cascade must all take covers, or none: a network "
            "loses what is hidden in a cover. Received: both kinds."
        )
    for before, after in zip(steps, steps[1:]):
        fake = before.client.output_shape[1:]
        takes = tuple(after.client.inputs[0].shape[1:])
        if fake != takes:
            raise errors.UserError(
                "Each step must take the fakes of the one before it. "
                f"Received: fakes of shape {fake}, then a step for {takes}."
            )
