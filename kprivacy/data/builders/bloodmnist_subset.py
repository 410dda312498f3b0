"""Most of BloodMNIST's training part, and 2,000 cells to test."""

from kprivacy.data.builders.bloodmnist import NAMES
from kprivacy.data.builders.subset import Subset


class BloodmnistSubset(Subset):
    """The first 10,000 cells and 2,000 to test, in natural proportions.

    References: as `kprivacy.data.builders.bloodmnist`.
    """

    OF = "bloodmnist"
    SHAPE = (28, 28, 3)
    CLASSES = (*NAMES[:3], "ig", *NAMES[4:])  # immature granulocytes
