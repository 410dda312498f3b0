"""Photographs of any kind and size through ConfounderGAN's generator."""

from kprivacy.photos.bundle import BundleGenerator
from kprivacy.photos.generator import Generator
from kprivacy.photos.layer import Protect
from kprivacy.photos.picture import Picture

__all__ = ["BundleGenerator", "Generator", "Picture", "Protect"]
