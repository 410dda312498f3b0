"""The one error of this package."""

from kprivacy.errors import UserError


class DataError(UserError):
    """Data are unknown, missing, empty or damaged; says what to do."""
