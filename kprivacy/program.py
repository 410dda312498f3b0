"""What all binaries share: errors as sentences, quiet libraries."""

import atexit
import contextlib
import errno
import os
import re
import sys
import warnings

from absl import logging

from kprivacy.errors import UserError

# What to do where a disk does not take what is written.
DISK = {
    errno.ENOSPC: "Free some space.",
    errno.EDQUOT: "Free some space of your quota.",
    errno.EROFS: "Choose a folder that can be written.",
    errno.EACCES: "Choose a folder that can be written.",
    errno.EPERM: "Choose a folder that can be written.",
    errno.ENAMETOOLONG: "Choose a shorter name.",
}


# As shells say it of SIGINT.
INTERRUPTED = 130
# Python's and TensorFlow's.
MEMORY = ("MemoryError", "ResourceExhaustedError")


@contextlib.contextmanager
def sentences():
    """Ends the program with an error's sentence where the user can act."""
    try:
        yield
    except KeyboardInterrupt:
        print(
            "\ninterrupted. What is finished is kept; run the same command "
            "again.", file=sys.stderr,
        )
        sys.exit(INTERRUPTED)
    except UserError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        if error.errno not in DISK:
            raise
        _end_for_disk(error.errno, _file_of(error))
    except Exception as error:
        if type(error).__name__ not in MEMORY:
            raise
        said = str(error)
        # TensorFlow says the same of a disk that is full.
        file = re.search(r"(\S+); No space left on device", said)
        if file:
            _end_for_disk(errno.ENOSPC, file[1])
        sys.exit(
            "error: There is not enough memory for a batch "
            f"({said.splitlines()[0][:200] if said else 'none'}). "
            "Choose a smaller one, as --config.batch_size=32, and run again."
        )


def _end_for_disk(number, file):
    # Files that cannot be closed would say so once more each, at the end.
    atexit.register(_mute)
    sys.exit(
        f"error: {file} cannot be read or written: {os.strerror(number)}. "
        f"{DISK[number]} What is finished is kept; run the same command "
        "again, and it goes on."
    )


def _mute():
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def _file_of(error):
    """The file that an error is about; HDF5 names it in its text."""
    named = re.search(r"filename = '([^']*)'", str(error))
    return error.filename or (named and named[1]) or "A file"


def quiet(begin=None):
    """Loads TensorFlow without its start-up notes; call it first.

    They come from C++ before its log levels count, so the standard error is
    closed while it loads. Python's own errors still come through.

    Args:
        begin: Function to call before TensorFlow computes anything.

    Returns:
        What `begin` gives.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    with _without_standard_error():
        import tensorflow as tf

        given = begin() if begin else None
        tf.constant(0)
    tf.get_logger().setLevel("ERROR")
    logging.set_verbosity(logging.ERROR)
    warnings.filterwarnings("ignore", message="`shuffle=True` was passed")
    return given


@contextlib.contextmanager
def _without_standard_error():
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
