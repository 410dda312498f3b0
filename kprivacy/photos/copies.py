"""A protected copy of one picture: what is written, and what was measured."""

import numpy as np

from kprivacy.errors import UserError
from kprivacy.photos import picture, report


def made(original, colours, name, format, keep):
    """The content of a protected copy.

    Args:
        original: `Picture`.
        colours: Its protected colours.
        name: Of the original, for errors.
        format: "same", or "png".
        keep: Whether EXIF is kept.

    Returns:
        (content, Pillow's name of its format, a note on a changed format
        and on what was left out of EXIF).

    Raises:
        UserError: Nothing is changed.
    """
    kind = picture.output_format(original, format)
    notes = [] if kind == original.format else [f"{original.format} to {kind}"]
    if keep and original.left:
        notes.append(f"left out of EXIF: {', '.join(original.left)}")
    if np.array_equal(colours, original.colours):
        raise UserError(
            f"{name!r} would not be changed at all, and so not be protected. "
            "Is the client trained?"
        )
    content = picture.encoded(original.with_colours(colours), kind, keep)
    return content, kind, "; ".join(notes)


def measured(name, output, original, again, bound, note="", sent=None):
    """The report's row of a copy that was opened again.

    Args:
        name: Of the original.
        output: Of the copy.
        original: `Picture`.
        again: What the copy is when it is read.
        bound: In levels of 8 bits; a change beyond it is noted.
        note: What else is to be known.
        sent: The colours that were written, or None where an earlier run
            wrote them: what is kept of the noise is unknown then.

    Raises:
        UserError: It came back in another size.
    """
    if not report.same_size(original, again):
        raise UserError(
            f"{name!r} does not come back in its size as {again.format}. Use "
            "--format=png."
        )
    row = report.row(name, output, original, again, note)
    row["kept"] = None if sent is None else report.kept(
        original, original.with_colours(sent), again
    )
    notes = [row["note"]]
    if again.format in picture.LOSSY:
        share = row["kept"]
        notes.append("lossy" if share is None else (
            f"lossy: {share:.0%} of the noise is kept"
        ))
    if row["linf"] > bound:
        notes.append(
            f"changed by up to {row['linf']:g} levels instead of {bound}"
        )
    if report.hardly(row["mean"], bound, row["kept"]):
        notes.append(f"hardly protected: {row['mean']:.2f} levels on average")
    row["note"] = "; ".join(filter(None, notes))
    return row
