"""Exports a trained method: python -m export.main --workdir=W."""

import os

from absl import app, flags

from kprivacy import program

_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Working directory of a training.", required=True
)
_OUTPUT_DIR = flags.DEFINE_string(
    "output_dir", None, "Folder of the bundle; WORKDIR/export if not given."
)
_QUANTIZATION = flags.DEFINE_enum(
    "quantization",
    "int8",
    ["int8", "dynamic", "float16", "float32"],
    "Arithmetic of the client's file.",
)


def main(argv):
    del argv
    program.quiet()
    from . import bundle, report

    output_dir = _OUTPUT_DIR.value or os.path.join(_WORKDIR.value, "export")
    with program.sentences():
        found = bundle.export(
            _WORKDIR.value, output_dir, _QUANTIZATION.value
        )
    print(report.text(found))
    print(f"bundle: {output_dir}")


def run():
    """Entry point of `kprivacy-export`."""
    app.run(main)


if __name__ == "__main__":
    run()
