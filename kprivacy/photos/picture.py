"""One picture file: its colours as an array, and the rest to write it again."""

import dataclasses
import io

import numpy as np

from kprivacy import untrusted
from kprivacy.errors import UserError
from kprivacy.photos import exif

# Of each format that is written; the first is what a new name gets.
_SUFFIXES = {"PNG": (".png",), "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
             "WEBP": (".webp",), "TIFF": (".tif", ".tiff"), "BMP": (".bmp",),
             "HEIF": (".heic", ".heif", ".hif")}
SUFFIXES = tuple(one for every in _SUFFIXES.values() for one in every)
FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "TIFF", "BMP", "HEIF")
MOST_PIXELS = 100_000_000
LOSSY = ("JPEG", "HEIF")
# Written in the format they were read in; what is not here becomes PNG.
_OPTIONS = {
    "PNG": {},
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"lossless": True, "exact": True},
    "TIFF": {"compression": "tiff_deflate"},
    "BMP": {},
    "HEIF": {"quality": 100},
}
# What the brands of such files begin with.
_HEIF_BRANDS = (b"hei", b"hev", b"mif", b"msf")
# Colours that are written as RGB.
_CONVERTED = ("CMYK", "LAB", "YCbCr", "HSV")


@dataclasses.dataclass(frozen=True)
class Picture:
    """A picture, upright.

    Attributes:
        colours: (height, width, 1 or 3), uint8, or uint16 of grey.
        alpha: (height, width), uint8, or None.
        format: Pillow's name of what it was read from.
        exif: Bytes, without the orientation and all that may hold another
            picture, or empty.
        profile: The colour profile's bytes, or None.
        note: What could not be kept, or "".
        left: Names of what is not in `exif` but was in the file.
    """

    colours: np.ndarray
    alpha: np.ndarray | None
    format: str
    exif: bytes = b""
    profile: bytes | None = None
    note: str = ""
    left: tuple = ()

    @property
    def levels(self):
        """How many levels of the file are one of 8 bits."""
        return 257 if self.colours.dtype == np.uint16 else 1

    def with_colours(self, colours):
        """The same with other colours."""
        return dataclasses.replace(self, colours=colours)


def read(file):
    """Reads a picture that may come from anybody.

    Palettes, single bits and other colour spaces become 8-bit grey or RGB.

    Raises:
        UserError: It is no picture, is damaged, has several frames or too
            many pixels, or numbers that are no colours.
    """
    from PIL import ImageOps

    _register_heif()
    known = _known()
    advice = untrusted.ADVICE
    if "HEIF" not in known and _is_heif(file):
        advice = (
            "It is a HEIC picture, which needs pillow-heif: pip install "
            "-e '.[heic]'. Then run the same command again."
        )
    with untrusted.opened(
        file, known, MOST_PIXELS, advice=advice
    ) as image:
        _check(file, image)
        kind, profile = image.format, image.info.get("icc_profile")
        note = _note(file, image)
        if image.mode in _CONVERTED:
            note = f"{image.mode} became RGB"
            if profile:
                # It is of colours that are not written.
                profile, note = None, f"{note}, its profile was dropped"
        # Pillow opens grey with alpha of 16 bits as colours.
        grey = image.mode in ("1", "L", "LA") or "LA;16B" in _raw(image)
        colours, alpha = _split(file, ImageOps.exif_transpose(image), grey)
        if colours.dtype == np.uint16 and _negative(image):
            colours = 65535 - colours
        told, left = exif.kept(image)
    kind = "JPEG" if kind == "MPO" else kind
    return Picture(colours, alpha, kind, told, profile, note, left)


def encoded(picture, kind=None, keep=False):
    """The content of a picture's file.

    Args:
        picture: `Picture`.
        kind: Format; None for its own.
        keep: Whether EXIF is written; the colour profile always is. A TIFF
            with EXIF is not compressed.
    """
    from PIL import Image

    kind = kind or picture.format
    colours = picture.colours
    if picture.alpha is not None:
        colours = np.concatenate([colours, picture.alpha[..., None]], axis=2)
    image = Image.fromarray(
        colours[..., 0] if colours.shape[2] == 1 else colours
    )
    options = dict(_OPTIONS[kind])
    if keep and picture.exif:
        options["exif"] = picture.exif
        if kind == "TIFF":
            # libtiff, which compresses, cannot write EXIF's directories.
            del options["compression"]
    if picture.profile:
        options["icc_profile"] = picture.profile
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def output_format(picture, wanted="same"):
    """Pillow's name of the format that a picture is written in.

    Args:
        picture: `Picture`.
        wanted: "same", or "png".
    """
    if wanted == "png" or picture.format not in _OPTIONS:
        return "PNG"
    fits = picture.colours.dtype == np.uint8 or picture.format in (
        "PNG", "TIFF"
    )
    # Those have no alpha, or change it.
    alpha = picture.alpha is not None and picture.format in (
        "JPEG", "BMP", "HEIF"
    )
    return picture.format if fits and not alpha else "PNG"


def suffix(kind, own):
    """The suffix of a format: the file's own one, if it is one of it."""
    fitting = _SUFFIXES[kind]
    return own if own.lower() in fitting else fitting[0]


def _known():
    from PIL import Image

    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _is_heif(file):
    """Whether a file, or what can be read like one, begins as HEIC does."""
    try:
        if hasattr(file, "read"):
            begin = file.read(12)
            file.seek(0)
        else:
            with open(file, "rb") as opened:
                begin = opened.read(12)
    except OSError:
        return False
    return begin[4:8] == b"ftyp" and begin[8:11] in _HEIF_BRANDS


def _register_heif():
    """HEIC, where the package pillow-heif is installed."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return
    register_heif_opener()


def _check(file, image):
    # A JPEG of several pictures (MPO) has a main one, which is taken.
    if getattr(image, "n_frames", 1) > 1 and image.format != "MPO":
        raise UserError(
            f"{str(file)!r} has {image.n_frames} frames. Export single "
            "pictures."
        )


def _negative(image):
    """Whether a TIFF's 0 is white, which Pillow minds up to 8 bits."""
    return image.format == "TIFF" and image.tag_v2.get(262) == 0


def _raw(image):
    """How the pixels lie in a PNG, in Pillow's words; of others not much."""
    return " ".join(str(tile[3]) for tile in image.tile or ())


def _note(file, image):
    """What Pillow drops."""
    if image.format == "HEIF":
        bits = image.info.get("bit_depth", 8)
        return f"{bits} bits a channel became 8" if bits > 8 else ""
    if image.format == "PNG":
        deep = "16" in _raw(image)
        if deep and image.mode == "RGB" and "transparency" in image.info:
            raise UserError(
                f"{str(file)!r} has a transparent colour of 16 bits, which "
                "cannot be kept. Convert it to 8 bits."
            )
    elif image.format == "TIFF":
        bits = image.tag_v2.get(258, (8,))
        bits = (bits,) if isinstance(bits, int) else bits
        deep = max(bits) > 8
        if deep and set(bits) != {16}:
            raise UserError(
                f"{str(file)!r} has {max(bits)} bits a channel, which cannot "
                "be kept as they are. Convert it to 8 or 16 bits."
            )
    else:
        return ""
    kept = image.mode.startswith("I") and not image.has_transparency_data
    return "16 bits a channel became 8" if deep and not kept else ""


def _split(file, image, grey):
    """Colours and alpha of an upright image."""
    if image.mode.startswith("I;16") or image.mode == "I":
        values = np.asarray(image)
        if values.min() < 0 or values.max() > 65535:
            raise UserError(
                f"Pixels of {str(file)!r} must be from 0 to 65535. Received: "
                f"{values.min()} to {values.max()}. Convert it to 8 or 16 bits."
            )
        return _deep(values.astype(np.uint16), image)
    if image.mode == "F":
        raise UserError(
            f"Pixels of {str(file)!r} are of floating point, which are no "
            "colours. Convert it to 8 or 16 bits."
        )
    if image.has_transparency_data:
        image = image.convert("LA" if grey else "RGBA")
    else:
        image = image.convert("L" if grey else "RGB")
    pixels = np.asarray(image)
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    if image.mode in ("LA", "RGBA"):
        return pixels[..., :-1], pixels[..., -1]
    return pixels, None


def in_bytes(values):
    """Levels of 16 bits as the nearest of 8."""
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _deep(values, image):
    """Grey of 16 bits; of 8 with alpha where a level of it is transparent."""
    clear = image.info.get("transparency")
    if clear is None:
        return values[..., None], None
    seen = np.where(values == clear, 0, 255).astype(np.uint8)
    return in_bytes(values)[..., None], seen
