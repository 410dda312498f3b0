"""Makes fakes of private pictures or vectors that are safe to hand on.

    python -m kprivacy.protect --new_key=KEY
    python -m kprivacy.protect --client=W/client --input=PHOTOS --output=O \
        --key_file=KEY

O gets the fakes under random names and manifest.json. Names of the originals
are in it sealed with the key; without a key they are lost, and what is
recovered is named by the ids of the fakes. Run again after an interruption,
it goes on where it stopped.
"""

import sys

from absl import app, flags

from kprivacy import program

_CLIENT = flags.DEFINE_string(
    "client", None, "Folder of the trained client, or its working directory."
)
_INPUT = flags.DEFINE_string(
    "input", None, "An image, a folder of images, a .npy, or a .npz with "
    "'data'."
)
_OUTPUT = flags.DEFINE_string("output", None, "New folder for the fakes.")
_KEY_FILE = flags.DEFINE_string(
    "key_file", None, "The secret shared with the receiver."
)
_NEW_KEY = flags.DEFINE_string(
    "new_key", None, "Writes a fresh secret to this file, and nothing else."
)
_BATCH_SIZE = flags.DEFINE_integer(
    "batch_size", 64, "Examples a step.", lower_bound=1
)
_COVERS = flags.DEFINE_string(
    "covers", None, "Pictures of yours to hide messages in, where the client "
    "takes them: as --input, each used once."
)
_RESIZE = flags.DEFINE_bool(
    "resize", False, "Whether images of another size or mode are converted."
)


def main(argv):
    del argv
    program.quiet()
    from kprivacy import protect_lib
    from kprivacy.protection import report, secret

    with program.sentences():
        needed = report.needed(
            _NEW_KEY.value, client=_CLIENT.value, input=_INPUT.value,
            output=_OUTPUT.value,
        )
        if not needed:
            secret.write_new(_NEW_KEY.value)
            print(f"key: {_NEW_KEY.value}")
            return
        result = protect_lib.protect(
            **needed,
            key_file=_KEY_FILE.value,
            batch_size=_BATCH_SIZE.value,
            resize=_RESIZE.value,
            covers=_COVERS.value,
        )
    sys.exit(report.tell(result, "protected", _OUTPUT.value))


def run():
    """Entry point of `kprivacy-protect`."""
    app.run(main)


if __name__ == "__main__":
    run()
