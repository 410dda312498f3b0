"""Text in, text out: words or sentences as vectors, sent as fakes."""

import pathlib
import re

import keras

from kprivacy import files
from kprivacy.errors import UserError
from kprivacy.text.embeddings import Embeddings
from kprivacy.text.greedy import GreedyDecoder
from kprivacy.text.tokens import Vocabulary, tokenize
from kprivacy.text.units import StandardUnits

WORDS = "words.npz"
SENTENCES = "sentences"


class TextSender:
    """Hides a text in fakes.

    The number of fakes tells how long the text is, and without a key equal
    words have equal fakes.

    Args:
        sender: A `kprivacy.fakesafe.sides.Sender`, or what has its `send`.
        codec: A `WordCodec` or a `SentenceCodec`.

    Example:

    >>> pads = pads_of(model.client, secret)
    >>> sender = TextSender(Sender(model.client, covers, pads), codec)
    >>> receiver = TextReceiver(Receiver(model.server, pads), codec)
    >>> receiver.decode(sender.encode("She likes limes."))
    'she likes limes .'
    """

    def __init__(self, sender, codec):
        self._sender, self._codec = sender, codec

    def encode(self, text):
        """The `kprivacy.fakesafe.sides.Message` of what the codec takes."""
        return self._sender.send(self._codec.vectors(text))


class TextReceiver:
    """Reads the text that a `TextSender` hid.

    Args:
        receiver: A `kprivacy.fakesafe.sides.Receiver`, or what has its
            `receive`.
        codec: The sender's, or one that was loaded from what it saved.
    """

    def __init__(self, receiver, codec):
        self._receiver, self._codec = receiver, codec

    def decode(self, message):
        """The text of a `Message`, as the codec says it."""
        return self._codec.text(self._receiver.receive(message))


class WordCodec:
    """A text as the vectors of its words, and back.

    Args:
        embeddings: `Embeddings`; `binary_tokens(words)` for tokens.
    """

    def __init__(self, embeddings):
        self._embeddings = embeddings

    def vectors(self, text):
        """Those of a string's words, in standard units, in its order.

        Raises:
            UserError: There is no word, or one that has no vector.
        """
        sentences = re.split(r"(?<=[.?!])\s+(?=[A-Z])", text.strip())
        words = [word for one in sentences for word in tokenize(one)]
        if not words:
            raise UserError(
                f"`text` must have at least one word. Received: {text!r}."
            )
        return self._embeddings.lookup(words)

    @property
    def tokens(self):
        """All words that have a vector."""
        return self._embeddings.words

    def vectors_of_tokens(self):
        """Those of `tokens`, in standard units, float32."""
        return self._embeddings.lookup(self.tokens)

    def text(self, vectors):
        """The tokens nearest to vectors, joined by blanks."""
        return " ".join(self._embeddings.nearest(vectors))

    def save(self, folder):
        """Writes it into a folder, for `load_codec`."""
        self._embeddings.save(pathlib.Path(folder) / WORDS)


class SentenceCodec:
    """Sentences as states, `states` vectors a sentence, and back.

    Args:
        encoder: What `build_sequence_encoder` built, trained.
        decoder: What `build_sequence_decoder` built, trained with it.
        vocabulary: Their `Vocabulary`.
        units: `StandardUnits.of` the encoder's states of training sentences.
    """

    def __init__(self, encoder, decoder, vocabulary, units):
        self._encoder, self._decoder = encoder, decoder
        self._vocabulary, self._units = vocabulary, units
        self._decode = GreedyDecoder(decoder)

    def vectors(self, sentences):
        """The states of a list of sentences: all of the first, then on.

        Args:
            sentences: Strings that fit the encoder's length; words without
                a number arrive as <unknown>.

        Raises:
            UserError: A sentence is too long.
        """
        tokens = self._vocabulary.encode(
            sentences, self._encoder.input_shape[1]
        )
        states = self._encoder.predict(tokens, verbose=0)
        states = self._units.standardize(states)
        return states.reshape(-1, states.shape[-1])

    @property
    def tokens(self):
        """All tokens, the place of each its number."""
        return self._vocabulary.tokens

    def standard_encoder(self):
        """From token numbers to states in standard units, one model."""
        state = keras.layers.Rescaling(
            (1 / self._units.deviation).tolist(),
            (-self._units.mean / self._units.deviation).tolist(),
            name="standard",
        )(self._encoder.outputs[0])
        return keras.Model(self._encoder.inputs[0], state, name="encoder")

    def text(self, vectors):
        """The sentences of states, a list of strings.

        Raises:
            UserError: The states are not a whole number of sentences.
        """
        shape = self._decode.state_shape
        each = shape[0] if len(shape) == 2 else 1
        if len(vectors) % each:
            raise UserError(
                f"A sentence is {each} fakes. Received: {len(vectors)} fakes, "
                "no whole number of sentences."
            )
        states = self._units.restore(vectors.reshape(-1, *shape))
        return self._vocabulary.decode(self._decode(states))

    def save(self, folder):
        """Writes it into a folder, for `load_codec`."""
        with files.new_folder(pathlib.Path(folder) / SENTENCES) as beside:
            self._encoder.save(beside / "encoder.keras")
            self._decoder.save(beside / "decoder.keras")
            self._vocabulary.save(beside / "vocabulary.json")
            files.write_json(beside / "units.json", self._units.to_json())


def has_codec(folder):
    """Whether a folder holds what a codec saved."""
    folder = pathlib.Path(folder)
    return (folder / WORDS).is_file() or (folder / SENTENCES).is_dir()


def load_codec(folder):
    """The codec that `save` wrote into a folder.

    Raises:
        UserError: There is none.
    """
    folder = pathlib.Path(folder)
    if (folder / WORDS).is_file():
        return WordCodec(Embeddings.load(folder / WORDS))
    inside = folder / SENTENCES
    if not inside.is_dir():
        raise UserError(
            f"{str(folder)!r} must hold {WORDS}, or {SENTENCES}/, as a codec "
            "saves itself. Received: a folder without. Take a pair that was "
            "trained for text."
        )
    return SentenceCodec(
        *(keras.saving.load_model(inside / f"{name}.keras", compile=False)
          for name in ("encoder", "decoder")),
        Vocabulary.load(inside / "vocabulary.json"),
        StandardUnits.from_json(files.read_json(inside / "units.json")),
    )
