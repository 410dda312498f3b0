"""What is exported: a client with the kinds of its inputs, and a server."""

import dataclasses

import numpy as np

# What travels as bytes: (byte - zero point) * scale is the number. Features
# have a scale of their own, the others that of a picture.
BYTES = {"image", "cover", "noise", "key", "features"}
PIXEL = (1 / 255, 0)
MEANINGS = {
    "image": "pixels, row by row, channels last (one of grey, or red, green "
    "and blue); 0 is black, 255 is white",
    "cover": "pixels, as of an image, of a real picture of the fake's "
    "domain, new for every call; see `room`",
    "signal": "samples, step by step, channels last, in the data set's units",
    "vector": "numbers in the units of the training data",
    "tokens": "numbers of words, their places in `text.tokens`: the sentence, "
    "<end>, then <pad>",
    "noise": "uniform random bytes from the phone's secure generator, drawn "
    "anew for every call",
    "key": "bits of the message's pad, 0 or 255 each: SHAKE-256 of the secret "
    "of 32 bytes followed by a nonce of 16 bytes that is never used again; "
    "the most significant bit of each byte first; see `example`",
    "features": "what is sent: feature = scale * (byte - zero_point)",
    "probabilities": "of each class, in the order of `labels`",
    "value": "a value in standard units",
}
# What servers give as float32.
ANSWERS = {
    **MEANINGS,
    "image": "pixels, row by row, channels last (one of grey, or red, green "
    "and blue); 0.0 is black, 1.0 is white",
}
ANSWER_RANGES = {"image": [0.0, 1.0], "probabilities": [0.0, 1.0]}


@dataclasses.dataclass(frozen=True)
class Client:
    """A phone's part.

    Attributes:
        model: Functional `keras.Model`; what travels as bytes it takes and
            gives in [0, 1].
        signature: Name of the file's only signature.
        inputs: Name to kind, of `MEANINGS`, in the model's order.
        output: (name, kind).
        examples: float32 arrays, one an input, of the client's training
            data in any order: ranges of activations are measured on the
            first, fine-tuning learns from all.
        scaling: `Arrays.scaling` of standardised signals, or None.
        arithmetic: Of its file, whatever is asked for the others; None for
            that.
        bound: Largest change of any byte of the picture, which no file may
            pass; None where there is none.
        room: What a cover must have, of `kprivacy.fakesafe.covers`; None
            without covers.
    """

    model: object
    signature: str
    inputs: dict
    output: tuple
    examples: tuple
    scaling: dict | None = None
    arithmetic: str | None = None
    bound: int | None = None
    room: dict | None = None

    def given(self, arrays):
        """Arrays in the model's order as the model takes them."""
        return list(arrays) if len(self.inputs) > 1 else arrays[0]

    def named(self, arrays):
        """Arrays in the model's order by their names."""
        return dict(zip(self.inputs, arrays))


@dataclasses.dataclass(frozen=True)
class Server:
    """A server's part, which takes the wire as it comes.

    Attributes:
        model: Functional `keras.Model`.
        endpoint: Name of the SavedModel's only endpoint.
        inputs: Name to kind; "features" take the client's wire scale.
        outputs: Name to kind: "probabilities" of logits, or as they are.
        labels: Output name to the names of its classes, where there are any.
    """

    model: object
    endpoint: str
    inputs: dict
    outputs: dict
    labels: dict = dataclasses.field(default_factory=dict)


def drawn(kind, shape, generator):
    """Random numbers of a kind, as apps draw them: float32 (shape)."""
    if kind == "key":
        return generator.integers(0, 2, shape).astype(np.float32)
    if kind == "tokens":  # the special ones, which every vocabulary has
        return generator.integers(0, 4, shape).astype(np.float32)
    bytes_ = generator.integers(0, 256, shape, np.uint8)
    return bytes_.astype(np.float32) / 255
