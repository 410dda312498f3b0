"""The two ends: everything is sent, or the class alone."""

import numpy as np


class Identity:
    """A release that sends the data as they are."""

    def __call__(self, data):
        return np.asarray(data, np.float32)


class LabelOnly:
    """A release that sends the class found on the phone, and nothing else.

    Args:
        classify: Function from data to logits or probabilities, shape
            (examples, classes).
    """

    def __init__(self, classify):
        self._classify = classify

    def __call__(self, data):
        outputs = np.asarray(self._classify(data))
        found = outputs.argmax(axis=-1)
        return np.eye(outputs.shape[-1], dtype=np.float32)[found]
