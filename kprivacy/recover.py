"""Turns fakes back into what they stand for, on the receiver's side.

    python -m kprivacy.recover --server=W/server --input=O --output=BACK \
        --key_file=KEY

Images come as PNG under the names of the originals, rows of arrays in their
order. Without a key nobody knows the names: images are named by the ids of
their fakes, and vectors come as recovered.npz in the order of the fakes.
"""

import sys

from absl import app, flags

from kprivacy import program

_SERVER = flags.DEFINE_string(
    "server", None, "Folder of the trained server, or its working directory.",
    required=True,
)
_INPUT = flags.DEFINE_string(
    "input", None, "Folder of the fakes and their manifest.json.",
    required=True,
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "New folder for what is recovered.", required=True
)
_KEY_FILE = flags.DEFINE_string(
    "key_file", None, "The secret shared with the sender."
)
_BATCH_SIZE = flags.DEFINE_integer(
    "batch_size", 64, "Examples a step.", lower_bound=1
)
_ALLOW_CHANGED = flags.DEFINE_bool(
    "allow_changed", False, "Whether fakes that are not as they were written "
    "are recovered too."
)


def main(argv):
    del argv
    program.quiet()
    from kprivacy import recover_lib
    from kprivacy.protection import report

    with program.sentences():
        result = recover_lib.recover(
            _SERVER.value,
            _INPUT.value,
            _OUTPUT.value,
            key_file=_KEY_FILE.value,
            batch_size=_BATCH_SIZE.value,
            allow_changed=_ALLOW_CHANGED.value,
        )
    sys.exit(report.tell(result, "recovered", _OUTPUT.value))


def run():
    """Entry point of `kprivacy-recover`."""
    app.run(main)


if __name__ == "__main__":
    run()
