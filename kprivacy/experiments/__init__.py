"""One module a table or figure; each has `cells`, `rows` and `pictures`."""

NAMES = ("ran_first",)
