"""Private and public attributes of examples, as a config names them."""

import dataclasses

import numpy as np

from kprivacy.errors import UserError


@dataclasses.dataclass(frozen=True)
class Attribute:
    """How an attribute's values become classes, or a standardised value.

    Attributes:
        name: "label", or an attribute of `kprivacy.data.Arrays`.
        count: Number of classes; 1 of a real value.
        classes: Sorted values of integer classes, as groups where grouped.
        groups: Class of each of the sorted values, or empty.
        edges: Between the classes of a value that was divided.
        scale: (mean, standard deviation) of a real value.
    """

    name: str
    count: int
    classes: tuple = ()
    groups: tuple = ()
    edges: tuple = ()
    scale: tuple = ()

    @classmethod
    def fit(cls, arrays, section):
        """Finds classes, edges or scale on the training part.

        Args:
            arrays: `kprivacy.data.Arrays`.
            section: `name`; `groups`, the class of each sorted value;
                `bins`, the number of equally frequent classes that a value
                is divided into; `real`, whether it is inferred as a number.

        Raises:
            UserError: There is no such attribute, or it has no two values.
        """
        raw = _raw(arrays, section.name)
        if section.get("real"):
            return cls(section.name, 1, scale=(
                float(raw.mean()), float(raw.std()) or 1.0
            ))
        if section.get("bins"):
            shares = np.arange(1, section.bins) / section.bins
            edges = tuple(float(one) for one in np.quantile(raw, shares))
            return cls(section.name, section.bins, edges=edges)
        classes = tuple(np.unique(raw).tolist())
        groups = tuple(section.get("groups") or ())
        if groups and len(groups) != len(classes):
            raise UserError(
                f"`groups` must name a class for each of the {len(classes)} "
                f"values of {section.name!r}. Received: {groups}."
            )
        count = max(groups) + 1 if groups else len(classes)
        if count < 2:
            raise UserError(
                f"An attribute must have two values. Received: "
                f"{section.name!r} with {classes}."
            )
        return cls(section.name, count, classes, groups)

    def values(self, arrays):
        """int32 classes, or float32 in units of the deviation."""
        raw = _raw(arrays, self.name)
        if self.scale:
            mean, deviation = self.scale
            return ((raw - mean) / deviation).astype(np.float32)
        if self.edges:
            return np.searchsorted(self.edges, raw, "right").astype(np.int32)
        where = np.searchsorted(self.classes, raw)
        known = np.append(self.classes, np.nan)[where] == raw
        if not known.all():
            raise UserError(
                f"All values of {self.name!r} must be in the training part. "
                f"Received: {sorted(set(raw[~known].tolist()))[:5]}. Widen "
                "`train_split`."
            )
        if self.groups:
            where = np.asarray(self.groups)[where]
        return where.astype(np.int32)

    def class_names(self, of_values=None):
        """A name for each class: of its values, where it has some.

        Args:
            of_values: Names of all values of the attribute, or None.
        """
        if not self.classes or self.count == 1:
            return [str(i) for i in range(self.count)]
        named = [
            of_values[value] if of_values else f"{value:g}"
            for value in self.classes
        ]
        groups = self.groups or range(len(named))
        return [
            ", ".join(one for one, group in zip(named, groups) if group == i)
            for i in range(self.count)
        ]

    def prior(self, values):
        """Shares of the classes among `values`; (variance,) of a number."""
        if self.count == 1:
            return (float(np.var(values)) or 1.0,)
        counts = np.bincount(values, minlength=self.count)
        return tuple((counts / counts.sum()).tolist())


def fitted(config, arrays):
    """Dict of the config's attributes: "private" and the public ones."""
    sections = {"private": config.private, **config.public}
    return {
        name: Attribute.fit(arrays, section)
        for name, section in sections.items()
    }


def targets(attributes, arrays):
    """Dict of arrays, what `kprivacy.GAP` trains on."""
    return {name: one.values(arrays) for name, one in attributes.items()}


def labelled(attributes, arrays):
    """The `Arrays` with these targets as their attributes, for attacks."""
    return dataclasses.replace(arrays, attributes=targets(attributes, arrays))


def _raw(arrays, name):
    if name == "label":
        return arrays.labels
    if name not in arrays.attributes:
        raise UserError(
            "`name` must be 'label' or an attribute of the set: "
            f"{', '.join(sorted(arrays.attributes))}. Received: {name!r}."
        )
    return arrays.attributes[name]
