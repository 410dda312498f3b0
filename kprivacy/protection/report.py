"""What the two binaries check and say."""

import sys

from kprivacy.errors import UserError


def needed(new_key, **flags):
    """The flags that are all needed, or none with --new_key.

    Raises:
        UserError: Some are missing, or --new_key is not alone.
    """
    given = {
        name: value for name, value in flags.items() if value not in (None, "")
    }
    if new_key is not None and given:
        raise UserError(
            "--new_key writes a key and nothing else. Received: it and "
            f"{_flags(given)}. Make the key first, then pass it as "
            "--key_file."
        )
    if new_key is None and len(given) < len(flags):
        raise UserError(
            f"{_flags(flags)} are needed, or --new_key alone. Received: "
            f"{_flags(given) or 'none of them'}."
        )
    return given


def tell(result, verb, output):
    """Prints a `protect_lib.Result` and returns the exit code."""
    for sentence in result.bad:
        print(f"skipped: {sentence}", file=sys.stderr)
    print(f"{verb}: {result.count} in {output}")
    for sentence in result.warnings:
        print(f"warning: {sentence}", file=sys.stderr)
    if result.ignored:
        print(f"not read: {result.ignored} other files of the input")
    if result.bad:
        print(f"skipped: {len(result.bad)}, see above")
    return 1 if result.bad else 0


def _flags(names):
    return ", ".join(f"--{name}" for name in names)
