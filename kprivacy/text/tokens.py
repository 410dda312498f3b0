"""English sentences as tokens, and tokens as numbers."""

import collections

import numpy as np

from kprivacy.errors import UserError
from kprivacy.files import read_json, write_json

SPECIAL = ("<pad>", "<start>", "<end>", "<unknown>")
PAD, START, END, UNKNOWN = range(len(SPECIAL))


def tokenize(sentence):
    """The lower-case tokens of an English sentence, a list.

    Cut at blanks; a comma, a question or exclamation mark at a word's end and
    the full stop at the sentence's end are tokens of their own.

    >>> tokenize("She likes pears, e.g. Concorde.")
    ['she', 'likes', 'pears', ',', 'e.g.', 'concorde', '.']
    """
    tokens = []
    for word in sentence.lower().split():
        bare = word.rstrip(",?!") or word[0]
        tokens += [bare, *word[len(bare) :]]
    if tokens and len(tokens[-1]) > 1 and tokens[-1].endswith("."):
        tokens[-1:] = [tokens[-1][:-1], "."]
    return tokens


class Vocabulary:
    """The tokens that have a number, by frequency.

    The first are <pad>, <start>, <end> and <unknown>, numbers 0 to 3.

    Args:
        words: The other tokens, distinct, most frequent first.

    Attributes:
        tokens: All tokens, a tuple; the place is the number.
        words: Those after the special ones.
    """

    def __init__(self, words):
        words = tuple(words)
        tokens = (*SPECIAL, *words)
        if not all(isinstance(word, str) for word in words) or (
            len(set(tokens)) < len(tokens)
        ):
            raise UserError(
                "`words` must be distinct strings, none of them "
                f"{', '.join(SPECIAL)}. Received: {len(words)} words, one of "
                "them no string or there twice."
            )
        self.tokens, self.words = tokens, words
        self._numbers = {word: i for i, word in enumerate(tokens)}

    @classmethod
    def from_sentences(cls, sentences, size=None):
        """The `size` most frequent words of sentences; None for all.

        Words as frequent as each other are in alphabetical order.
        """
        counts = collections.Counter(
            token for sentence in sentences for token in tokenize(sentence)
        )
        for token in SPECIAL:
            counts.pop(token, None)
        ordered = sorted(counts, key=lambda word: (-counts[word], word))
        return cls(ordered[:size])

    def __len__(self):
        return len(self.tokens)

    def encode(self, sentences, length, truncate=False):
        """Sentences as int32 (sentences, length): words, <end>, <pad> ...

        Args:
            sentences: Strings; words without a number become <unknown>.
            length: Tokens a row, <end> included.
            truncate: Whether a longer sentence loses its end.

        Raises:
            UserError: A sentence has more than `length` - 1 tokens.
        """
        encoded = np.full((len(sentences), length), PAD, np.int32)
        for row, sentence in zip(encoded, sentences):
            tokens = tokenize(sentence)
            if len(tokens) >= length and not truncate:
                raise UserError(
                    f"A sentence must have at most {length - 1} tokens. "
                    f"Received: {len(tokens)} tokens, {sentence[:80]!r}. "
                    "Leave it out, cut it, or train with a larger length."
                )
            numbers = [*self.numbers(tokens)[: length - 1], END]
            row[: len(numbers)] = numbers
        return encoded

    def numbers(self, tokens):
        """The numbers of a list of tokens, a list; <unknown>'s if without."""
        return [self._numbers.get(token, UNKNOWN) for token in tokens]

    def decode(self, numbers):
        """The sentences of token numbers (sentences, length), as strings.

        Tokens are joined by blanks up to the first <end>; <pad> and <start>
        are left out.
        """
        return [self._sentence(row) for row in np.asarray(numbers)]

    def _sentence(self, row):
        ends = np.flatnonzero(row == END)
        row = row[: ends[0]] if len(ends) else row
        return " ".join(self.tokens[i] for i in row if i not in (PAD, START))

    def save(self, path):
        """Writes the vocabulary as JSON."""
        write_json(path, {"format": 1, "words": self.words})

    @classmethod
    def load(cls, path):
        """Reads what `save` wrote.

        Raises:
            FileNotFoundError: There is no such file.
            UserError: It is no vocabulary.
        """
        found = read_json(path)
        words = found.get("words") if isinstance(found, dict) else None
        if not isinstance(words, list) or found.get("format") != 1:
            raise UserError(
                f"{str(path)!r} must be a vocabulary that `Vocabulary.save` "
                "wrote, format 1. Received other JSON."
            )
        return cls(words)


def fitting(sentences, length):
    """Those sentences that `Vocabulary.encode` takes at that length."""
    return [s for s in sentences if 0 < len(tokenize(s)) < length]
