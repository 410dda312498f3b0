"""Picks lambda: python -m kprivacy.tune --config=C --workdir=W --accuracy=.99.

Each trial is a training in W/lambda_VALUE, to be audited and exported as any
other. Interrupted, it goes on at the training where it stopped.
"""

from absl import app, flags
from ml_collections import config_flags

from kprivacy import program

_CONFIG = config_flags.DEFINE_config_file(
    "config", None, "A file of configs/, with :VARIANT after it if wanted."
)
_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Directory for the trials.", required=True
)
_ACCURACY = flags.DEFINE_float(
    "accuracy", None, "The least validation accuracy, in (0, 1]; not given: "
    "that of the undefended classifier less 0.3 points."
)
_TRIALS = flags.DEFINE_integer("trials", 5, "How many lambdas are trained.")
flags.mark_flag_as_required("config")


def main(argv):
    del argv
    program.quiet()
    from kprivacy import tune_lib

    with program.sentences():
        result = tune_lib.tune(
            _CONFIG.value, _WORKDIR.value, _ACCURACY.value, _TRIALS.value
        )
    print(tune_lib.summary(result))
    print(f"chosen: {result['chosen']['workdir']}")


def run():
    """Entry point of `kprivacy-tune`."""
    app.run(main)


if __name__ == "__main__":
    run()
