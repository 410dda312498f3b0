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
_STRATEGY = flags.DEFINE_enum(
    "strategy", "none", ["none", "mirrored", "multi_worker"],
    "Devices: this one, all of this machine, or those that TF_CONFIG names.",
)
_LOGICAL_CPUS = flags.DEFINE_integer(
    "logical_cpus", 1, "Devices that the processor counts as, to try "
    "--strategy=mirrored without GPUs.", lower_bound=1,
)
flags.mark_flag_as_required("config")


def main(argv):
    del argv
    from kprivacy import distribution

    with program.sentences():
        strategy = program.quiet(lambda: distribution.create(
            _STRATEGY.value, _LOGICAL_CPUS.value
        ))
        from kprivacy import train_lib

        train_lib.train(_CONFIG.value, _WORKDIR.value, strategy)
    print(f"trained: {_WORKDIR.value}/model.keras")


def run():
    """Entry point of `kprivacy-train`."""
    app.run(main)


if __name__ == "__main__":
    run()
