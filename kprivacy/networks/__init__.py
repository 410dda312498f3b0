"""Backbones that methods, victims and attackers share."""

from kprivacy.networks.lenet import lenet
from kprivacy.networks.mirror import mirror
from kprivacy.networks.mlp import mlp, mlp_decoder
from kprivacy.networks.residual import residual_decoder

__all__ = ["lenet", "mirror", "mlp", "mlp_decoder", "residual_decoder"]
