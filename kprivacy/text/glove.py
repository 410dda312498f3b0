"""GloVe's text format, read from a file that nobody vouches for."""

import numpy as np

from kprivacy.errors import UserError
from kprivacy.text.embeddings import Embeddings

# A thousand dimensions of twenty characters, and the word.
_LONGEST_LINE = 32_768


def read_glove(path, words=None):
    """Reads word vectors: a line is a word and its numbers, cut by blanks.

    Args:
        path: A text file in UTF-8, such as glove.6B.50d.txt.
        words: Which words to keep; None for all. Those that the file does
            not have are left out: see `kprivacy.text.complete`.

    Returns:
        `Embeddings` in the file's order.

    Raises:
        FileNotFoundError: There is no such file.
        UserError: A line is no word and its numbers, has fewer or more of
            them than the first, repeats a word, or no line is kept. The whole
            file is checked, whatever is kept.

    Reference: Pennington, Socher and Manning, GloVe: global vectors for word
    representation, 2014.
    """
    wanted = None if words is None else set(words)
    seen, kept, size = set(), {}, None
    with open(path, "rb") as file:
        lines = iter(lambda: file.readline(_LONGEST_LINE), b"")
        for number, line in enumerate(lines, 1):
            where = f"line {number} of {str(path)!r}"
            word, vector = _parse(line, where)
            size = len(vector) if size is None else size
            if len(vector) != size:
                raise UserError(
                    f"Every line must have {size} numbers, as the first has. "
                    f"Received: {len(vector)} in {where}."
                )
            if word in seen:
                raise UserError(
                    "Every word must be there once. Received: "
                    f"{word[:40]!r} again in {where}."
                )
            seen.add(word)
            if wanted is None or word in wanted:
                kept[word] = vector
    if not kept:
        raise UserError(
            f"{str(path)!r} must have a vector of at least one wanted word. "
            f"Received: {len(seen)} lines. Check the path, and that words are "
            "lower-case as in the file."
        )
    return Embeddings(kept, np.stack(list(kept.values())))


def _parse(line, where):
    if len(line) >= _LONGEST_LINE and not line.endswith(b"\n"):
        raise UserError(
            f"A line must be shorter than {_LONGEST_LINE} bytes. Received: a "
            f"longer one, {where}. This is no file of GloVe vectors."
        )
    try:
        word, *numbers = line.decode("utf-8").split()
        vector = np.array([float(value) for value in numbers])
    except ValueError as error:
        raise UserError(
            "A line must be a word and its numbers in UTF-8. Received: "
            f"{line[:40]!r} in {where} ({error})."
        ) from error
    most = np.abs(vector).max(initial=0.0)
    if not 0 < most <= np.finfo(np.float32).max:  # Nor is it, for NaN.
        raise UserError(
            "A word must have finite numbers, not all of them zero. "
            f"Received: {line[:40]!r} in {where}."
        )
    return word, vector.astype(np.float32)
