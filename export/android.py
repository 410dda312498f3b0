"""Checks the demo assets: python -m export.android --check.

Every bundle under android_demo_assets/ is verified as an app has to verify it
(`export.verify`), what the page shows beside it (`export.demo_check`) too, and
all files together must be no larger than 8 MB.
"""

import pathlib

from absl import app, flags

from kprivacy import program

_CHECK = flags.DEFINE_bool("check", False, "Verify every bundle.")
_ASSETS = flags.DEFINE_string(
    "assets", "android_demo_assets", "Folder of the bundles."
)
MOST_BYTES = 8_000_000


def check(folder):
    """Verifies all bundles in a folder.

    Args:
        folder: It; a bundle is any folder in it with a contract.json.

    Returns:
        A list of lines that say what was found right.

    Raises:
        export.contract.ContractError: A bundle does not keep its contract,
            there is none, or all are too large.
    """
    from . import demo_check, verify
    from .contract import ContractError

    folder = pathlib.Path(folder)
    bundles = sorted(path.parent for path in folder.rglob("contract.json"))
    if not bundles:
        raise ContractError(
            f"{str(folder)!r} holds no bundle. Name the folder of the assets."
        )
    lines = []
    for bundle in bundles:
        lines.append(f"{bundle.relative_to(folder)}:")
        lines += [f"  {line}" for line in verify.verify(bundle)]
        page = bundle.parent / "demo"
        if page.is_dir():
            lines.append(f"  {'the page':<13} "
                         f"{demo_check.check(page, bundle)} parts answer the "
                         "golden pair as they did")
    held = sum(
        path.stat().st_size for path in folder.rglob("*")
        if path.is_file() and "node_modules" not in path.parts
    )
    if held > MOST_BYTES:
        raise ContractError(
            f"The assets are {held:,} bytes; {MOST_BYTES:,} are allowed. "
            "Export smaller models."
        )
    return [*lines, f"{len(bundles)} bundles, {held:,} bytes together"]


def main(argv):
    del argv
    program.quiet()
    from kprivacy.errors import UserError

    if not _CHECK.value:
        raise SystemExit(__doc__)
    try:
        print("\n".join(check(_ASSETS.value)))
    except (UserError, OSError) as error:
        raise SystemExit(f"REFUSED: {error}") from error


if __name__ == "__main__":
    app.run(main)
