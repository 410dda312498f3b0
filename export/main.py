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
    ["auto", "int8", "dynamic", "float16", "float32", "int16x8"],
    "Arithmetic of the client's file; auto measures all and takes the "
    "smallest inside the bounds.",
)
_UTILITY_LOSS = flags.DEFINE_float(
    "utility_loss", 0.003, "Largest loss of utility that auto accepts."
)
_PRIVACY_LOSS = flags.DEFINE_float(
    "privacy_loss", 0.03, "Largest share by which auto lets an attack gain."
)


def main(argv):
    del argv
    program.quiet()
    from . import bundle, report

    output_dir = _OUTPUT_DIR.value or os.path.join(_WORKDIR.value, "export")
    with program.sentences():
        found = bundle.export(
            _WORKDIR.value, output_dir, _QUANTIZATION.value,
            _UTILITY_LOSS.value, _PRIVACY_LOSS.value,
        )
    print(report.text(found))
    print(f"bundle: {output_dir}")


def run():
    """Entry point of `kprivacy-export`."""
    app.run(main)


if __name__ == "__main__":
    run()
