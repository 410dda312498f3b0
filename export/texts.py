"""Beside a client of texts: what turns them into its data, on the phone too.

Of words a table with the vector of each, of sentences the numbers of words for
an encoder, which is a file of its own.
"""

import numpy as np

from kprivacy import files
from kprivacy.text import SentenceCodec, WordCodec

from .parts import Client

TOKENS, VECTORS = "tokens.json", "vectors.bin"
# Sentences that an encoder is shown on its way.
EXAMPLES = 8


def encoder(codec):
    """The `Client` from the numbers of words to states; None for words.

    A state's vectors are messages, one after the other.
    """
    if not isinstance(codec, SentenceCodec):
        return None
    model = codec.standard_encoder()
    examples = np.zeros((EXAMPLES, *model.input_shape[1:]), np.int32)
    # In integers a recurrent layer's rounding adds up from word to word.
    return Client(
        model, "encode", {"tokens": "tokens"}, ("vectors", "vector"),
        (examples,), arithmetic="dynamic",
    )


def write(codec, folder):
    """Writes the files of a codec; returns the contract's part on them.

    Args:
        codec: Of `kprivacy.text.codec`, or None.
        folder: Of the bundle.
    """
    if codec is None:
        return None
    files.write_json(folder / TOKENS, list(codec.tokens))
    described = {"tokens": TOKENS, "count": len(codec.tokens)}
    if not isinstance(codec, WordCodec):
        return {"of": "sentences", **described}
    vectors = codec.vectors_of_tokens()
    (folder / VECTORS).write_bytes(vectors.astype("<f4").tobytes())
    return {
        "of": "words", **described, "vectors": VECTORS,
        "shape": list(vectors.shape),
    }
