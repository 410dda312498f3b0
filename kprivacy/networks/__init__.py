"""Backbones that methods, victims and attackers share."""

from kprivacy.networks.alexnet import alexnet
from kprivacy.networks.classifiers import classifier
from kprivacy.networks.densenet import densenet
from kprivacy.networks.lenet import lenet
from kprivacy.networks.mirror import mirror
from kprivacy.networks.mlp import mlp, mlp_decoder
from kprivacy.networks.residual import residual_decoder
from kprivacy.networks.resnet import resnet
from kprivacy.networks.vgg import vgg

__all__ = [
    "alexnet",
    "classifier",
    "densenet",
    "lenet",
    "mirror",
    "mlp",
    "mlp_decoder",
    "residual_decoder",
    "resnet",
    "vgg",
]
