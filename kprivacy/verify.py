"""Measures protected pictures against their originals.

    python -m kprivacy.verify --originals=PHOTOS --protected=OUT --bound=8

The exit code is 1 where a picture is missing, not changed, changed by more than
the bound, or hardly protected: by less than a quarter of the bound in the mean,
or with less than half of its noise, as `kprivacy.photos.verify` says. Where OUT
has its report.json, names and numbers are compared with it.
"""

import pathlib
import sys

from absl import app, flags

from kprivacy import errors, files, program

_ORIGINALS = flags.DEFINE_string("originals", None, "Folder of the originals.")
_PROTECTED = flags.DEFINE_string(
    "protected", None, "Folder that kprivacy.protect wrote."
)
_BOUND = flags.DEFINE_float(
    "bound", None, "Largest change of a pixel, in levels of 255. Without it "
    "none is too large, and report.json says what is hardly protected."
)
_REPORT = flags.DEFINE_string("report", None, "JSON file to write.")


def main(argv):
    program.quiet()
    from kprivacy.photos import verify
    from kprivacy.protection import inputs

    with program.sentences():
        if len(argv) > 1:
            raise errors.UserError(
                f"Received what is no flag: {argv[1:]}. Leave it out."
            )
        report, protected = (
            one and pathlib.Path(one).expanduser()
            for one in (_REPORT.value, _PROTECTED.value)
        )
        if report:
            inputs.check_file("--report", report)
            if protected.is_dir():
                # Where kprivacy.protect has its own.
                inputs.check_apart(protected, report, "protected", "report")
        found = verify.verify(
            _ORIGINALS.value, protected, _BOUND.value
        )
        print(found.summary())
        if report:
            files.write_json(report, vars(found))
    sys.exit(0 if found.passed else 1)


def run():
    """Entry point of `kprivacy-verify-photos`."""
    flags.mark_flags_as_required(["originals", "protected"])
    app.run(main)


if __name__ == "__main__":
    run()
