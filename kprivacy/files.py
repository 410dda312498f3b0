"""Files written beside and renamed, so that none is ever half there."""

import contextlib
import errno
import gc
import hashlib
import json
import os
import pathlib
import platform
import shutil
import sys
import traceback

import numpy as np

from kprivacy.errors import UserError


def write_bytes(path, content):
    """Writes `content` to `path` in one move; makes the folder."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def write_json(path, value):
    """Writes plain data as JSON with sorted, indented keys."""
    text = json.dumps(value, indent=2, default=_plain)
    write_bytes(path, (text + "\n").encode())


def read_json(path):
    """Reads JSON.

    Raises:
        FileNotFoundError: There is no such file.
        UserError: It is not JSON.
    """
    with open(path, encoding="utf-8") as file:
        try:
            return json.load(file)
        # Not UTF-8, not JSON, or brackets without end.
        except (ValueError, RecursionError) as error:
            raise UserError(
                f"{str(path)!r} is not valid JSON ({error}). Make it again "
                "with the command that wrote it."
            ) from error


@contextlib.contextmanager
def new_folder(path):
    """Yields a folder that takes the place of `path` once it is complete."""
    path = pathlib.Path(path).absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    before = path.with_name(f".{path.name}.{os.getpid()}.before")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    try:
        yield beside
        if path.exists():
            os.replace(path, before)
        os.replace(beside, path)
    except BaseException:
        if before.exists() and not path.exists():
            os.replace(before, path)
        raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        shutil.rmtree(before, ignore_errors=True)


def check_room(path, model):
    """Raises unless a disk has room for a model: HDF5 dies of a full one.

    Args:
        path: The file to be written, in a folder that exists.
        model: A Keras model, which is counted with all its optimizers.

    Raises:
        OSError: ENOSPC, with the path.
    """
    names = getattr(model, "OPTIMIZERS", ("optimizer",))
    holders = (model, *(getattr(model, name, None) for name in names))
    needed = sum(
        np.prod(one.shape, dtype=int) * 4
        for holder in holders
        for one in getattr(holder, "variables", ())
    )
    # HDF5 has a header for each, and blocks for itself.
    if shutil.disk_usage(pathlib.Path(path).parent).free < 1.5 * needed + 1e6:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


@contextlib.contextmanager
def one_complaint():
    """Lets an error of HDF5 through, and none of what it could not close.

    Each of its objects complains to the standard error when it is thrown
    away, past all handlers; so they are thrown away here, unheard.
    """
    sys.stderr.flush()
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    except Exception as error:
        held = error
        while held is not None:
            traceback.clear_frames(held.__traceback__)
            held = held.__context__
        gc.collect()
        raise
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


def check_folder(flag, path):
    """Raises where a folder cannot be made, as a file is in its place."""
    path = pathlib.Path(path).expanduser()
    for one in (path, *path.parents):
        if one.exists() and not one.is_dir():
            raise UserError(
                f"{flag} must be a folder, new or not. Received: "
                f"{str(path)!r}, but {str(one)!r} is a file. Choose another."
            )


@contextlib.contextmanager
def alone(directory):
    """Holds a folder against other processes, until it ends or is killed.

    Raises:
        UserError: Another process holds it.
    """
    directory = pathlib.Path(directory)
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, FileNotFoundError) as error:
        # A link to nothing, as of a disk that is gone; a part of /proc.
        raise UserError(
            f"The folder {str(directory)!r} cannot be made "
            f"({error.strerror}). Choose another, or mount what it links to."
        ) from error
    try:
        import fcntl
    except ImportError:  # Windows has no such locks
        yield
        return
    folder = os.open(directory, os.O_RDONLY)
    try:
        _hold(fcntl, folder, directory)
        yield
    finally:
        os.close(folder)


def _hold(fcntl, folder, directory):
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            return  # a file system without locks
        raise UserError(
            f"Another process works in {str(directory)!r}. Wait for it, or "
            "choose another folder."
        ) from error


def sha256(path):
    """The hash of a file, or of all files of a folder with their names."""
    path = pathlib.Path(path)
    digest = hashlib.sha256()
    if path.is_file():
        digest.update(path.read_bytes())
        return digest.hexdigest()
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        digest.update(file.relative_to(path).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def weights_digest(*models):
    """SHA-256 in hex of the weights of Keras models, in their order."""
    digest = hashlib.sha256()
    for model in models:
        for weight in model.get_weights():
            digest.update(f"{weight.dtype} {weight.shape}".encode())
            digest.update(np.ascontiguousarray(weight).tobytes())
    return digest.hexdigest()


def environment():
    """Versions and hardware that a result depends on."""
    from importlib import metadata

    from kprivacy.version import __version__

    names = ("tensorflow", "keras", "numpy", "ai-edge-litert")
    return {
        "kprivacy": __version__,
        **{name: metadata.version(name) for name in names},
        "python": platform.python_version(),
        "cpu": f"{_cpu()}, {os.cpu_count()} cores",
    }


def _cpu():
    with contextlib.suppress(OSError):
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _plain(value):
    """NumPy numbers and arrays as JSON's own."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no place in a result file.")
