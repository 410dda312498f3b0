"""Makes a table again: python -m kprivacy.reproduce --experiment=ran_first.

Interrupted, it goes on at the training where it stopped.
"""

from absl import app, flags

from kprivacy import program
from kprivacy.experiments import NAMES

_EXPERIMENT = flags.DEFINE_enum(
    "experiment", None, NAMES, "Table to make.", required=True
)
_PROFILE = flags.DEFINE_enum(
    "profile", "cpu", ["cpu", "smoke", "paper"],
    "cpu: in full; smoke: two steps; paper: ConfounderGAN's tables at the "
    "paper's sizes, for accelerators."
)
_ONLY = flags.DEFINE_string(
    "only", "", "Begin of the names of the trainings to run, for a part."
)
_FINISHED = flags.DEFINE_bool(
    "finished", False, "Run nothing: a table of what is done, which names the "
    "rest."
)
_RUNS_DIR = flags.DEFINE_string("runs_dir", "runs", "Where trainings stay.")
_OUTPUT_DIR = flags.DEFINE_string(
    "output_dir", "docs/results", "Where the table is written."
)


def main(argv):
    del argv
    program.quiet()
    from kprivacy import reproduce_lib

    with program.sentences():
        done = reproduce_lib.reproduce(
            _EXPERIMENT.value,
            _RUNS_DIR.value,
            _OUTPUT_DIR.value,
            _PROFILE.value,
            _ONLY.value,
            _FINISHED.value,
        )
    if done is None:
        print("part done; the table needs a run without --only")
        return
    stem = reproduce_lib.stem(_EXPERIMENT.value, _PROFILE.value)
    print(f"written: {_OUTPUT_DIR.value}/{stem}.md")


def run():
    """Entry point of `kprivacy-reproduce`."""
    app.run(main)


if __name__ == "__main__":
    run()
