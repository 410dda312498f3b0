"""EXIF that is kept: what it says of a picture, but no picture."""

# Tags that say how a TIFF is stored, the turn, and the size before it.
_LAYOUT = (254, 255, 256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 284,
           317, 320, 322, 323, 324, 325, 338, 339, 347, 34675, 0xA002, 0xA003)
# Places in the file it was read from.
_POINTERS = (330, 0xA005)
# Where cameras and programs put previews, which nobody has protected.
_HIDING = {
    0x02BC: "XMP", 0x83BB: "IPTC", 0x8649: "Photoshop",
    0x935C: "Photoshop layers", 0x927C: "MakerNote",
    0xC634: "private data of DNG",
}
_EXIF, _GPS = 0x8769, 0x8825
# Bytes of one value; no preview is in fewer.
LONGEST = 1024


def kept(image):
    """What may be handed on of an image's EXIF.

    Left out are the turn, what describes the file, the thumbnail, and all that
    may hold another: notes of the maker, XMP, Photoshop's, and any value of
    more than 1024 bytes, where a number counts as 8.

    Args:
        image: `PIL.Image`.

    Returns:
        (bytes, or empty; the names of what was left out of what the owner
        would miss or somebody would look for).
    """
    from PIL import ExifTags, Image

    try:
        held = image.getexif()
        left = ["thumbnail"] if held.get_ifd(ExifTags.IFD.IFD1) else []
        made = Image.Exif()
        for tag, value in _told(held, left).items():
            if tag not in (_EXIF, _GPS):
                made[tag] = value
        for tag in (_EXIF, _GPS):
            values = _told(held.get_ifd(tag), left)
            if values:
                made[tag] = values
        content = made.tobytes() if made else b""
        return content, tuple(left)
    except Exception:
        # Whatever is damaged in it, the picture is not.
        return b"", ("all of it, a part of which cannot be written",)


def _told(held, left):
    """The tags of a directory that are kept; names of others into `left`."""
    found = {}
    for tag, value in sorted(held.items()):
        if tag in _LAYOUT or tag in _POINTERS:
            continue
        if tag in _HIDING or _bytes(value) > LONGEST:
            left.append(_HIDING.get(tag, f"tag {tag:#06x}"))
        else:
            found[tag] = value
    return found


def _bytes(value):
    """How many bytes a value has; some hold any of them as text."""
    if isinstance(value, tuple):
        return sum(_bytes(one) for one in value)
    return len(value) if isinstance(value, (bytes, str)) else 8
