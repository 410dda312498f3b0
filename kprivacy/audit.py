"""Audits a trained client: python -m kprivacy.audit --workdir=W."""

from absl import app, flags

from kprivacy import program

_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Working directory of a training.", required=True
)


def main(argv):
    del argv
    program.quiet()
    from kprivacy import audit_lib

    with program.sentences():
        _, text = audit_lib.audit(_WORKDIR.value)
    print(text)


def run():
    """Entry point of `kprivacy-audit`."""
    app.run(main)


if __name__ == "__main__":
    run()
