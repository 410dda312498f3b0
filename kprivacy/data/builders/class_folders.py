"""Files that are brought by hand, one folder a class."""

from kprivacy.data.errors import DataError

# Of the files of a class, by name: the last of so many is a test example.
TEST_EVERY = 5


def find(folder, suffixes):
    """The classes under a folder, each with files for both splits.

    Args:
        folder: `pathlib.Path` of the folders, one a class.
        suffixes: Of the files that count, in small letters, as ".wav".

    Returns:
        Name of a class to its files, in alphabetical order. Folders whose
        names begin with a dot or two underscores are no class.

    Raises:
        DataError: There are fewer than two classes, or five files of one.
    """
    classes = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        hidden = path.name.startswith((".", "__"))
        if path.is_dir() and not hidden:
            classes[path.name] = [
                file for file in sorted(path.iterdir())
                if file.suffix.lower() in suffixes and file.is_file()
            ]
    least = min(map(len, classes.values()), default=0)
    if len(classes) < 2 or least < TEST_EVERY:
        raise DataError(
            f"{str(folder)!r} must hold at least two folders, one a class, of "
            f"at least {TEST_EVERY} {' or '.join(suffixes)} files each. "
            "Received: "
            f"{ {name: len(files) for name, files in classes.items()} }."
        )
    return classes


def examples(classes, is_test):
    """Yields (label, file) of one of the two splits."""
    for label, files in classes.items():
        for i, file in enumerate(files):
            if (i % TEST_EVERY == TEST_EVERY - 1) == is_test:
                yield label, file
