"""Prints the optima and floors: python -m kprivacy.theory --output=FILE.png.

A table of the accuracy that is left to the best adversary by the channels of
the literature, and by the best channel there is, on the classic Gaussian and
binary sources; the plot shows the same over the distortion.
"""

import pathlib

from absl import app, flags

from kprivacy import program

_OUTPUT = flags.DEFINE_string("output", "theory.png", "The plot, a PNG.")


def main(argv):
    del argv
    from kprivacy.theory import report

    with program.sentences():
        print(report.table())
        report.plot(pathlib.Path(_OUTPUT.value))
    print(f"plot: {_OUTPUT.value}")


def run():
    """Entry point of `kprivacy-theory`."""
    app.run(main)


if __name__ == "__main__":
    run()
