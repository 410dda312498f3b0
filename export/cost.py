"""What a client's file costs, without a bundle: python -m export.cost.

Converts the client of a training and prints, as JSON, what the bundle's report
has of a file before attackers are trained: bytes, operations, multiply-adds,
milliseconds a call on this machine, and how far it is from Keras.
"""

import json
import sys

from absl import app, flags

from kprivacy import program

_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Working directory of a training.", required=True
)
_QUANTIZATION = flags.DEFINE_enum(
    "quantization", "int8",
    ["int8", "dynamic", "float16", "float32", "int16x8"],
    "Arithmetic of the file.",
)


def main(argv):
    del argv
    program.quiet()
    from kprivacy.errors import UserError

    from . import methods, variants

    with program.sentences():
        method = methods.of(_WORKDIR.value)
        # ConfounderGAN's file of the training's size alone.
        method.sides = ()
        client = next(iter(method.clients().values()))
        _, found = variants.made(
            client, [_QUANTIZATION.value],
            method.test_inputs(variants.PARITY_EXAMPLES),
        )
        (found,) = found.values()
        if "failed" in found:
            raise UserError(found["failed"])
    json.dump(found, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    app.run(main)
