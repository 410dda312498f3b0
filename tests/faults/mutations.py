"""Ways to damage a file, each from a seeded generator."""

import numpy as np

# Sizes that a careless reader would take memory for.
LARGE = (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f",
         b"\x00\x00\x00\x80", b"\x00\x00\x00\x00", b"\xff\xff")
TEXTS = (b"NaN", b"Infinity", b"-1", b"1e999", b"null", b"true", b"[]", b"{}",
         b'""', b'"\xff\xfe"', b'"../../x"', b'"/etc/passwd"', b'"\\u0000"',
         b"9" * 400, b"[" * 100_000)


def mutated(content, others, generator):
    """A damaged copy of a file's content.

    Args:
        content: Bytes of a good file.
        others: Contents of other good files.
        generator: `numpy.random.Generator`.
    """
    for _ in range(int(generator.integers(1, 4))):
        way = WAYS[generator.integers(len(WAYS))]
        content = way(content, others, generator)
    return content


def _place(content, generator):
    """Some place; headers are met as often as all the rest."""
    if not content:
        return 0
    most = min(64, len(content)) if generator.integers(2) else len(content)
    return int(generator.integers(most))


def truncate(content, others, generator):
    return content[: _place(content, generator)]


def flip(content, others, generator):
    held = bytearray(content)
    for _ in range(int(generator.integers(1, 20))):
        if held:
            held[_place(held, generator)] ^= 1 << int(generator.integers(8))
    return bytes(held)


def overwrite(content, others, generator):
    place, count = _place(content, generator), int(generator.integers(1, 200))
    value = (b"\x00", b"\xff", generator.bytes(1))[generator.integers(3)]
    return content[:place] + value * count + content[place + count :]


def enlarge(content, others, generator):
    place = _place(content, generator)
    value = LARGE[generator.integers(len(LARGE))]
    return content[:place] + value + content[place + len(value) :]


def insert(content, others, generator):
    place = _place(content, generator)
    more = generator.bytes(int(generator.integers(1, 100)))
    return content[:place] + more + content[place:]


def remove(content, others, generator):
    place = _place(content, generator)
    return content[:place] + content[place + int(generator.integers(1, 100)) :]


def splice(content, others, generator):
    """The begin of one file, the end of another."""
    other = others[generator.integers(len(others))]
    return content[: _place(content, generator)] + other[
        _place(other, generator) :
    ]


def replace(content, others, generator):
    """Another kind of file under this one's name."""
    return others[generator.integers(len(others))]


def say(content, others, generator):
    """A value of a text becomes another one."""
    places = [i for i, byte in enumerate(content[:4000]) if byte in b":[,"]
    if not places:
        return overwrite(content, others, generator)
    place = places[generator.integers(len(places))] + 1
    value = TEXTS[generator.integers(len(TEXTS))]
    end = min(
        (found for found in (content.find(mark, place) for mark in b",]}")
         if found >= 0),
        default=len(content),
    )
    return content[:place] + value + content[end:]


WAYS = (truncate, flip, overwrite, enlarge, insert, remove, splice, replace,
        say)


def generator_of(seed, target, index):
    """The generator of one case."""
    return np.random.default_rng([seed, *target.encode(), index])
