"""Exports a trained method: python -m export.main --workdir=W.

A cascade of FakeSafe, or any pair of client/ and server/, is exported with the
config of its data: --workdir=FOLDER --config=configs/fakesafe_....py.
"""

import os

from absl import app, flags
from ml_collections import config_flags

from kprivacy import program

_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Working directory of a training, or folder of a pair.",
    required=True,
)
_CONFIG = config_flags.DEFINE_config_file(
    "config", None, "Of the data of a pair; not for a training."
)
_OUTPUT_DIR = flags.DEFINE_string(
    "output_dir", None, "Folder of the bundle; WORKDIR/export if not given."
)
_QUANTIZATION = flags.DEFINE_enum(
    "quantization",
    None,
    ["auto", "int8", "int8_tuned", "int8_pruned", "int8_clustered", "dynamic",
     "float16", "float32", "int16x8"],
    "Arithmetic of the client's file; int8_tuned is fine-tuned to stand it, "
    "where that helps; auto measures all and takes the smallest inside the "
    "bounds. Not given: what the training's config says, or int8.",
)
_TUNING_STEPS = flags.DEFINE_integer(
    "tuning_steps", 600, "Gradient steps of fine-tuning, pruning, clustering.",
    lower_bound=1,
)
_TUNING_RATE = flags.DEFINE_float(
    "tuning_learning_rate", 2e-4, "Adam's in those, at the start.",
    lower_bound=0.0,
)
_UTILITY_LOSS = flags.DEFINE_float(
    "utility_loss", None, "Largest loss of utility that auto accepts; "
    "not given: the config's, or .003."
)
_PRIVACY_LOSS = flags.DEFINE_float(
    "privacy_loss", None, "Largest share by which auto lets an attack gain; "
    "not given: the config's, or .03."
)

_SIDES = flags.DEFINE_list(
    "sides", None, "Of ConfounderGAN: sides in pixels of the files beside "
    "that of the training's size; --sides= for none. Not given: 64, 128, 224."
)
flags.register_validator(
    "sides", lambda values: all(
        one.isdecimal() and int(one) > 0 for one in values or ()
    ),
    "must be whole numbers of pixels, as --sides=64,128.",
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
            {"steps": _TUNING_STEPS.value,
             "learning_rate": _TUNING_RATE.value},
            _CONFIG.value,
            None if _SIDES.value is None else [int(x) for x in _SIDES.value],
        )
    print(report.text(found))
    print(f"bundle: {output_dir}")


def run():
    """Entry point of `kprivacy-export`."""
    app.run(main)


if __name__ == "__main__":
    run()
