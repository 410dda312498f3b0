"""ConfounderGAN: published pictures that little can be learnt from."""

from kprivacy.confounder_gan.adversary import build_adversary
from kprivacy.confounder_gan.client import build_client
from kprivacy.confounder_gan.model import ConfounderGAN
from kprivacy.confounder_gan.pretraining import LabelPretraining
from kprivacy.confounder_gan.surrogate import Renewal, SurrogateConfounderGAN

__all__ = ["ConfounderGAN", "LabelPretraining", "Renewal",
           "SurrogateConfounderGAN", "build_adversary", "build_client"]
