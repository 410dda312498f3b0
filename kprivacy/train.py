"""Trains: python -m kprivacy.train --config=configs/ran_mnist.py --workdir=W.

Run again after an interruption, it goes on after the last whole epoch and
ends with the weights of an undisturbed run.
"""

from absl import app, flags
from ml_collections import config_flags

from kprivacy import program

_CONFIG = config_flags.DEFINE_config_file(
    "config", None, "A file of configs/, with :VARIANT after it if wanted."
)
_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Directory to train in.", required=True
)
flags.mark_flag_as_required("config")


def main(argv):
    del argv
    program.quiet()
    from kprivacy import train_lib

    with program.sentences():
        train_lib.train(_CONFIG.value, _WORKDIR.value)
    print(f"trained: {_WORKDIR.value}/model.keras")


def run():
    """Entry point of `kprivacy-train`."""
    app.run(main)


if __name__ == "__main__":
    run()
