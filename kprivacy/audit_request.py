"""What the audit's binary is asked for: checked, and sent where it belongs."""

from kprivacy.errors import UserError

USES = (
    "--workdir=W, --workdir=W --release=FILE.tflite, --release=FILE.tflite "
    "--data=NAME, or --released=FOLDER --originals=FOLDER"
)


def answer(options, **subject):
    """Runs the audit that is asked for.

    Args:
        options: `audit_lib.Options`.
        **subject: What to audit, None where not given: `workdir`, `release`,
            `data`, `data_dir`, `released`, `originals`, `image_size`.

    Returns:
        The report's text.

    Raises:
        UserError: The subject is none, or more than one.
    """
    given = {name for name, value in subject.items() if value is not None}
    if given in ({"workdir"}, {"workdir", "release"}):
        from kprivacy import audit_lib

        return audit_lib.audit(
            subject["workdir"], subject["release"], options
        )[1]
    if given - {"image_size"} == {"released", "originals"}:
        from kprivacy import audit_files

        return audit_files.audit_folder(
            subject["released"], subject["originals"], options,
            subject["image_size"],
        ).summary()
    if given - {"data_dir", "image_size"} == {"release", "data"}:
        from kprivacy import audit_files

        return audit_files.audit_tflite(
            subject["release"], subject["data"], options,
            data_dir=subject["data_dir"], image_size=subject["image_size"],
        ).summary()
    flags = ", ".join(f"--{name}" for name in sorted(given)) or "none of them"
    raise UserError(f"Say what to audit: {USES}. Received: {flags}.")


def integers(name, values):
    """Numbers out of a flag's texts.

    Raises:
        UserError: One is no whole number.
    """
    try:
        return tuple(int(value) for value in values)
    except ValueError as error:
        raise UserError(
            f"--{name} must be whole numbers with commas between. Received: "
            f"{','.join(values)}."
        ) from error


def size(values):
    """(height, width) out of a flag's texts, or None."""
    if values is None:
        return None
    found = integers("image_size", values)
    if len(found) != 2 or min(found) < 1:
        raise UserError(
            "--image_size must be a height and a width in pixels, such as "
            f"64,64. Received: {','.join(values)}."
        )
    return found
