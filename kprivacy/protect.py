"""Makes private pictures safe to hand on, or to publish.

With a client of FakeSafe, fakes that only a receiver turns back:

    python -m kprivacy.protect --new_key=KEY
    python -m kprivacy.protect --client=W/client --input=PHOTOS --output=O \
        --key_file=KEY

O gets the fakes under random names and manifest.json. Names of the originals
are in it sealed with the key; without a key they are lost, and what is
recovered is named by the ids of the fakes. Run again after an interruption,
it goes on where it stopped.

With a client of ConfounderGAN, the same pictures with faint noise, which a
stranger's classifier learns in the place of what they show, unless he washes
it off:

    python -m kprivacy.protect --client=W/client --input=PHOTOS --output=O

O gets the pictures under their names, with another suffix where the format
changes, and what was measured on the stored files as report.csv and
report.json. Millions of them, or TFRecord shards, go through Apache Beam, whose
own flags come last:

    python -m kprivacy.protect --client=W/client --input=PHOTOS --output=O \
        --runner=DirectRunner -- --direct_num_workers=2 \
        --direct_running_mode=multi_processing
"""

import sys

from absl import app, flags

from kprivacy import errors, program

_CLIENT = flags.DEFINE_string(
    "client", None, "Folder of the trained client, or its working directory; "
    "of ConfounderGAN also an exported bundle, for pictures of its sizes, "
    "without --runner."
)
_INPUT = flags.DEFINE_string(
    "input", None, "An image or a folder of images; for FakeSafe also a .npy, "
    "or a .npz with 'data'."
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Folder for the fakes or protected pictures: new, or of a "
    "run to go on with."
)
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
_METADATA = flags.DEFINE_enum(
    "metadata", "strip", ["strip", "keep"], "Of ConfounderGAN: what happens to "
    "EXIF; what may hold another picture is never kept. The turn in it is "
    "applied either way."
)
_FORMAT = flags.DEFINE_enum(
    "format", "same", ["same", "png"], "Of ConfounderGAN: what is written. "
    "JPEG and HEIC are lossy: the report says how much of the noise is kept."
)
_PREVIEW = flags.DEFINE_string(
    "preview", None, "Of ConfounderGAN: folder for pictures of the original, "
    "the protected one and the noise beside each other."
)
_RUNNER = flags.DEFINE_string(
    "runner", None, "Of ConfounderGAN: a runner of Apache Beam, as "
    "DirectRunner, FlinkRunner, SparkRunner, DataflowRunner."
)


def main(argv):
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
        if _RUNNER.value:
            sys.exit(_run_pipeline(needed, argv[1:]))
        if len(argv) > 1:
            raise errors.UserError(
                f"Received what is no flag: {argv[1:]}. Beam's flags come "
                "after -- and need --runner."
            )
        result = _run(protect_lib, needed)
    sys.exit(report.tell(result, "protected", _OUTPUT.value))


def _run_pipeline(needed, options):
    from kprivacy.photos import pipeline

    _refuse(_KEY_FILE, _COVERS, _RESIZE, _BATCH_SIZE, _PREVIEW)
    outcome = pipeline.protect(
        **needed, runner=_RUNNER.value, options=options,
        metadata=_METADATA.value, format=_FORMAT.value,
    )
    print(outcome.summary())
    return 1 if outcome.bad else 0


def _run(protect_lib, needed):
    from kprivacy.protection import sides

    folder = needed["client"]
    exported = sides.is_bundle(folder)
    if exported or sides.method_of(folder) == "confounder_gan":
        from kprivacy.photos import BundleGenerator
        from kprivacy.photos import run as photos

        _refuse(_KEY_FILE, _COVERS, _RESIZE, _BATCH_SIZE)
        read = BundleGenerator if exported else sides.read_generator
        return photos.protect(
            **{**needed, "client": read(folder)},
            metadata=_METADATA.value,
            format=_FORMAT.value,
            preview=_PREVIEW.value,
        )
    # Else a flag would be blamed for a client that is not there.
    sides.check_files(folder, "client")
    _refuse(_PREVIEW, _METADATA, _FORMAT)
    return protect_lib.protect(
        **needed,
        key_file=_KEY_FILE.value,
        batch_size=_BATCH_SIZE.value,
        resize=_RESIZE.value,
        covers=_COVERS.value,
    )


def _refuse(*held):
    """Raises where a flag is given that this client has no use for."""
    for flag in held:
        if flag.present:
            raise errors.UserError(
                f"This client has no use for --{flag.name}. Received: "
                f"{flag.value!r}. Leave it out."
            )


def run():
    """Entry point of `kprivacy-protect`."""
    app.run(main)


if __name__ == "__main__":
    run()
