"""The unauthorised trainer over several seeds."""

from kprivacy import errors
from kprivacy.attacks.retraining.attack import Retraining
from kprivacy.attacks.retraining.results import RetrainingResults


def repeated_retraining(
    published, test, clean=None, seeds=(0, 1, 2), **options
):
    """Runs `Retraining` once for each of several seeds.

    They differ in weights, orders and augmentations; what was published is
    the same.

    Args:
        published: `kprivacy.data.Arrays` of images with their labels.
        test: `Arrays` of clean images.
        clean: A few clean `Arrays` that tell the trainer when to stop, or
            None.
        seeds: Integers of at least 0, each once; 3 to 5 of them are usual.
        **options: Of `Retraining`, without `seed`.

    Returns:
        `RetrainingResults`.

    Raises:
        UserError: Seeds are no such integers, `seed` is among the options,
            or `Retraining` refuses what it is given.

    Example:

    >>> found = kprivacy.attacks.repeated_retraining(
    ...     protected, test, seeds=(0, 1, 2), width=16, epochs=30)
    >>> found.mean["accuracy"], found.std["accuracy"]
    """
    seeds = _checked(seeds, options)
    return RetrainingResults(seeds, tuple(
        Retraining(**options, seed=seed).run(published, test, clean)
        for seed in seeds
    ))


def _checked(seeds, options):
    if "seed" in options:
        raise errors.UserError(
            "`seed` must be left out where there are `seeds`. Received: "
            f"seed={options['seed']!r}. Pass seeds=({options['seed']!r},)."
        )
    seeds = tuple(seeds) if isinstance(seeds, (list, tuple, range)) else seeds
    if not isinstance(seeds, tuple) or not seeds or (
        len(set(seeds)) < len(seeds)
    ):
        raise errors.UserError(
            "`seeds` must be integers, each once, at least one. Received: "
            f"seeds={seeds!r}."
        )
    for seed in seeds:
        errors.check_count("seeds", seed, 0)
    return seeds
