"""Text in, fakes out, and back: words or sentences through FakeSafe.

Clients and servers are Keras models or functions on NumPy arrays. They take
the source, or [source, key] where they have a key, a float32 array (messages,
bits) of one fresh pad a message, see `kprivacy.fakesafe.keys`.
"""

import numpy as np

from kprivacy.errors import UserError
from kprivacy.text.greedy import GreedyDecoder
from kprivacy.text.tokens import tokenize


class WordSender:
    """Hides each word of a text in a fake of its own.

    The number of fakes tells how long the text is, and without keys equal
    words have equal fakes.

    Args:
        client: FakeSafe's client, from standardised vectors to fakes, or a
            `Sender` around it.
        embeddings: The words' `Embeddings`; `binary_tokens(words)` for tokens.
    """

    def __init__(self, client, embeddings):
        self._client = client
        self._embeddings = embeddings

    def encode(self, text, keys=None):
        """The fakes of the words of `text`, in its order.

        Args:
            text: A string.
            keys: float32 (words, bits), where the client takes them.

        Raises:
            UserError: A word has no vector, or the keys are not one a word.
        """
        words = _tokens(text)
        return _call(self._client, self._embeddings.lookup(words), keys)


class WordReceiver:
    """Reads the text that a `WordSender` hid.

    Args:
        server: FakeSafe's server, from fakes to standardised vectors.
        embeddings: The sender's.
    """

    def __init__(self, server, embeddings):
        self._server = server
        self._embeddings = embeddings

    def decode(self, fakes, keys=None):
        """The tokens nearest to what the server finds, joined by blanks.

        Args:
            fakes: What `WordSender.encode` gave.
            keys: The sender's.
        """
        vectors = _call(self._server, fakes, keys)
        return " ".join(self._embeddings.nearest(vectors))


class SentenceSender:
    """Hides the states of sentences in fakes, `states` of them a sentence.

    Args:
        client: FakeSafe's client, from standardised states to fakes, or a
            `Sender` around it.
        encoder: What `build_sequence_encoder` built, trained.
        vocabulary: Its `Vocabulary`.
        units: `StandardUnits.of` the encoder's states of training sentences.
    """

    def __init__(self, client, encoder, vocabulary, units):
        self._client = client
        self._encoder = encoder
        self._vocabulary = vocabulary
        self._units = units

    def encode(self, sentences, keys=None):
        """The fakes of a list of sentences: all of the first, then on.

        Args:
            sentences: Strings that fit the encoder's length; words without
                a number arrive as <unknown>.
            keys: float32 (fakes, bits), where the client takes them.

        Raises:
            UserError: A sentence is too long, or the keys are not one a fake.
        """
        tokens = self._vocabulary.encode(
            sentences, self._encoder.input_shape[1]
        )
        states = self._encoder.predict(tokens, verbose=0)
        states = self._units.standardize(states)
        return _call(
            self._client, states.reshape(-1, states.shape[-1]), keys
        )


class SentenceReceiver:
    """Reads the sentences that a `SentenceSender` hid.

    Args:
        server: FakeSafe's server, from fakes to standardised states.
        decoder: What `build_sequence_decoder` built, trained.
        vocabulary: The sender's.
        units: The sender's.
    """

    def __init__(self, server, decoder, vocabulary, units):
        self._server = server
        self._decode = GreedyDecoder(decoder)
        self._vocabulary = vocabulary
        self._units = units

    def decode(self, fakes, keys=None):
        """The sentences, a list of strings.

        Args:
            fakes: What `SentenceSender.encode` gave.
            keys: The sender's.

        Raises:
            UserError: The fakes are not a whole number of sentences.
        """
        shape = self._decode.state_shape
        each = shape[0] if len(shape) == 2 else 1
        if len(fakes) % each:
            raise UserError(
                f"A sentence is {each} fakes. Received: {len(fakes)} fakes, "
                "no whole number of sentences."
            )
        states = _call(self._server, fakes, keys).reshape(-1, *shape)
        tokens = self._decode(self._units.restore(states))
        return self._vocabulary.decode(tokens)


def _tokens(text):
    tokens = tokenize(text)
    if not tokens:
        raise UserError(
            f"`text` must have at least one word. Received: {text!r}."
        )
    return tokens


def _call(model, values, keys):
    if keys is not None and len(keys) != len(values):
        raise UserError(
            "`keys` must be one fresh pad a message. Received: "
            f"{len(keys)} for {len(values)} messages."
        )
    inputs = [values] if keys is None else [values, keys]
    if hasattr(model, "predict"):
        return model.predict(inputs if keys is not None else values, verbose=0)
    return np.asarray(model(*inputs))
