"""Which name each protected copy has."""

import collections
import pathlib

from kprivacy.photos import picture


class Targets:
    """Which name each output has; no two are the same.

    A name with another suffix does not differ from another's by capitals alone
    either, which some disks do not tell apart.

    Args:
        names: Of all inputs.
        of: Inputs to outputs of earlier runs.
    """

    def __init__(self, names, of):
        self.of = dict(of)
        # Nor is one where the folders of others go.
        self._inputs = {one.casefold() for one in (*names, *(
            folder.as_posix() for name in names
            for folder in pathlib.PurePosixPath(name).parents
        ))}
        self._taken = set(self.of.values())
        self._alike = collections.Counter(
            output.casefold() for output in self._taken
        )

    def choose(self, name, kind):
        """The output's name of an input in a format."""
        path = pathlib.PurePosixPath(name)
        ending = picture.suffix(kind, path.suffix)
        self._leave(self.of.get(name))
        made, longer = path.with_suffix(ending).as_posix(), name
        while not self._is_free(made, name):
            made = longer = f"{longer}{ending}"
        self.of[name] = made
        self._taken.add(made)
        self._alike[made.casefold()] += 1
        return made

    def _leave(self, output):
        if output in self._taken:
            self._taken.discard(output)
            self._alike[output.casefold()] -= 1

    def _is_free(self, made, name):
        if made == name:
            return made not in self._taken
        plain = made.casefold()
        return not self._alike[plain] and plain not in self._inputs
