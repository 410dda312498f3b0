"""Audits what leaves the phone, and writes a report.

    python -m kprivacy.audit --workdir=W
    python -m kprivacy.audit --workdir=W --release=FILE.tflite
    python -m kprivacy.audit --release=FILE.tflite --data=mnist
    python -m kprivacy.audit --released=FOLDER --originals=FOLDER
"""

import shlex
import sys

from absl import app, flags

from kprivacy import program

_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Working directory of a training."
)
_RELEASE = flags.DEFINE_string(
    "release", None, "A .tflite to audit, in place of the Keras client."
)
_DATA = flags.DEFINE_string(
    "data", None, "Data set to audit --release on, without a --workdir."
)
_DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "Folder of prepared TFDS sets, for --data."
)
_RELEASED = flags.DEFINE_string(
    "released", None, "Folder of released images, beside --originals."
)
_ORIGINALS = flags.DEFINE_string(
    "originals", None, "Folder of the originals, with the same names."
)
_IMAGE_SIZE = flags.DEFINE_list(
    "image_size", None, "H,W that images are resized to, for --data and "
    "--released."
)
_ATTACKERS = flags.DEFINE_list(
    "attackers", [], "Reconstruction attackers, such as ridge,mlp; all if "
    "none is named."
)
_ATTRIBUTES = flags.DEFINE_list(
    "attributes", [], "Attributes to infer, such as subject; label is the "
    "class."
)
_SWEEP = flags.DEFINE_list(
    "sweep", [], "Numbers of attacker's examples to repeat the attack with, "
    "such as 100,1000."
)
_SELF_CHECKS = flags.DEFINE_bool(
    "self_checks", True, "Whether known answers are put to the attackers too."
)
_OUTPUT_DIR = flags.DEFINE_string(
    "output_dir", None, "Folder of the report; by default W/audit, "
    "W/audit_FILE, or NAME_audit here."
)


def main(argv):
    del argv
    program.quiet()
    from kprivacy import audit_lib, audit_request

    with program.sentences():
        options = audit_lib.Options(
            tuple(_ATTACKERS.value),
            tuple(_ATTRIBUTES.value),
            audit_request.integers("sweep", _SWEEP.value),
            _SELF_CHECKS.value,
            _OUTPUT_DIR.value,
            shlex.join(["python", "-m", "kprivacy.audit", *sys.argv[1:]]),
        )
        text = audit_request.answer(
            options,
            workdir=_WORKDIR.value,
            release=_RELEASE.value,
            data=_DATA.value,
            data_dir=_DATA_DIR.value,
            released=_RELEASED.value,
            originals=_ORIGINALS.value,
            image_size=audit_request.size(_IMAGE_SIZE.value),
        )
    print(text)


def run():
    """Entry point of `kprivacy-audit`."""
    app.run(main)


if __name__ == "__main__":
    run()
