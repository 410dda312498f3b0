"""The one error of this package."""


class DataError(ValueError):
    """Data are unknown, missing, empty or damaged; says what to do."""
