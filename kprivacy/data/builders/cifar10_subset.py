"""A sixth of CIFAR-10, for two cores."""

from kprivacy.data.builders.subset import Subset


class Cifar10Subset(Subset):
    """The first 1,000 images of each class, and 200 to test.

    Reference: Krizhevsky, Learning multiple layers of features from tiny
    images, 2009.
    """

    OF = "cifar10"
    SHAPE = (32, 32, 3)
    CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog",
               "horse", "ship", "truck")
    BALANCED = True
