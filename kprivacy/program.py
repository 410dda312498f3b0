"""What all binaries share: errors as sentences, quiet libraries."""

import contextlib
import os
import sys
import warnings

from absl import logging

from kprivacy.errors import UserError


@contextlib.contextmanager
def sentences():
    """Ends the program with an error's sentence where the user can act."""
    try:
        yield
    except UserError as error:
        sys.exit(f"error: {error}")


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
