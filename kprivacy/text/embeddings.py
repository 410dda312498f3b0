"""Words as vectors, and the words nearest to vectors."""

import io

import numpy as np

from kprivacy.errors import UserError
from kprivacy.files import write_bytes
from kprivacy.text.units import StandardUnits


class Embeddings:
    """A vector for each of some words.

    Vectors are given out and taken in standard units (each dimension with
    mean 0 and standard deviation 1 over the words), as networks like them, or
    with `standard=False` in their own.

    Args:
        words: Distinct strings.
        vectors: Their vectors, float (words, dimensions), finite, none zero.

    Attributes:
        words: A tuple of strings.
        vectors: float32 (words, dimensions), in their own units.
        units: The `kprivacy.text.StandardUnits` of the vectors.

    Raises:
        UserError: Words and vectors do not fit each other.

    Example:

    >>> embeddings = read_glove("glove.6B.50d.txt", words=["pear", "lime"])
    >>> embeddings.nearest(embeddings.lookup(["lime"]))
    ['lime']
    """

    def __init__(self, words, vectors):
        self.words = tuple(words)
        self.vectors = np.asarray(vectors, np.float32)
        self._numbers = {word: i for i, word in enumerate(self.words)}
        self._check()
        self.units = StandardUnits.of(self.vectors)
        self._directions = {
            True: _directions(self.units.standardize(self.vectors)),
            False: _directions(self.vectors),
        }

    def _check(self):
        shape = self.vectors.shape
        if len(shape) != 2 or shape[0] != len(self.words) or not shape[1]:
            raise UserError(
                "`vectors` must have shape (words, dimensions). Received: "
                f"{shape} for {len(self.words)} words."
            )
        if len(self._numbers) < len(self.words):
            raise UserError(
                f"`words` must be distinct. Received: {len(self.words)} "
                f"words, {len(self._numbers)} of them distinct."
            )
        bad = ~np.isfinite(self.vectors).all(axis=1)
        bad |= ~self.vectors.any(axis=1)
        if bad.any():
            raise UserError(
                "`vectors` must be finite and not zero. Received another for "
                f"{self.words[np.argmax(bad)]!r}."
            )

    @property
    def dimensions(self):
        """The size of a vector."""
        return self.vectors.shape[1]

    def __contains__(self, word):
        return word in self._numbers

    def __len__(self):
        return len(self.words)

    def lookup(self, words, standard=True):
        """The vectors of a list of words, float32 (words, dimensions).

        Raises:
            UserError: A word has none.
        """
        missing = sorted({word for word in words if word not in self})
        if missing:
            raise UserError(
                f"Every word must be one of the {len(self)} that have a "
                f"vector. Received: {missing[:5]}. Leave them out or say them "
                "otherwise."
            )
        places = np.array([self._numbers[word] for word in words], int)
        vectors = self.vectors[places]
        return self.units.standardize(vectors) if standard else vectors

    def nearest(self, vectors, standard=True):
        """The word of the largest cosine similarity to each vector, a list.

        The FakeSafe paper writes "smallest cosine similarity": a slip, that
        is the word most unlike the vector; the largest is meant.

        Args:
            vectors: float (n, dimensions), in standard units or, with
                `standard=False`, in their own.

        Raises:
            UserError: The vectors have another size or are not finite.
        """
        vectors = np.asarray(vectors, np.float32)
        if vectors.shape[1:] != (self.dimensions,) or not np.isfinite(
            vectors
        ).all():
            raise UserError(
                f"`vectors` must be finite, shape (n, {self.dimensions}). "
                f"Received: shape {vectors.shape}."
            )
        similarities = vectors @ self._directions[bool(standard)].T
        return [self.words[i] for i in np.argmax(similarities, axis=1)]

    def save(self, path):
        """Writes words and vectors as .npz."""
        buffer = io.BytesIO()
        np.savez(buffer, words=np.array(self.words), vectors=self.vectors)
        write_bytes(path, buffer.getvalue())

    @classmethod
    def load(cls, path):
        """Reads what `save` wrote.

        Raises:
            FileNotFoundError: There is no such file.
            UserError: It holds no embeddings.
        """
        import zipfile

        try:
            with np.load(path, allow_pickle=False) as found:
                words, vectors = found["words"].tolist(), found["vectors"]
                return cls(words, vectors)
        except (KeyError, ValueError, TypeError, EOFError, AttributeError,
                zipfile.BadZipFile) as error:
            raise UserError(
                f"{str(path)!r} must be what `Embeddings.save` wrote "
                f"({type(error).__name__}: {error})."
            ) from error


def one_hot(words):
    """Each word as a vector of its own axis: the words themselves as data."""
    words = tuple(words)
    return Embeddings(words, np.eye(len(words), dtype=np.float32))


def binary_tokens(words):
    """Each word as the binary digits, -1 and 1, of its token, from 1.

    One-hot vectors are no domain for an absolute error: to say 0 of every
    axis costs next to nothing.
    """
    words = tuple(words)
    digits = max(len(words), 1).bit_length()
    tokens = np.arange(1, len(words) + 1)[:, None] >> np.arange(digits)
    return Embeddings(words, 2.0 * (tokens & 1) - 1.0)


def _directions(vectors):
    """Vectors of length 1; a zero vector stays zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
