"""Tasks of RAN's paper, each with the config that trains it here."""

import dataclasses
import importlib


@dataclasses.dataclass(frozen=True)
class Task:
    """One task of the evaluation of RAN.

    Attributes:
        name: In rows and folders.
        config: Module of `kprivacy.configs`.
        weights: The lambdas of the sweep.
        paper_weights: The lambdas of the paper's own network and objective.
        factors: Of the noise, for both noisy baselines.
        seeds: Of the chosen lambda and of the undefended networks; the
            sweeps have the first one only.
        steps: Gradient steps of an attacker's decoder.
        attackers: Families of attackers, where not all are fielded: large
            data with few attackers' examples leave nothing to decoders.
    """

    name: str
    config: str
    weights: tuple
    paper_weights: tuple
    factors: tuple
    seeds: tuple
    steps: int
    attackers: tuple = ()

    def get_config(self, variant=None, seed=0):
        """The config of a variant and seed."""
        module = importlib.import_module(f"kprivacy.configs.{self.config}")
        config = module.get_config(variant)
        config.seed = seed
        return config


# Two steps of everything, on the embedded digits.
SMOKE = Task(
    "digits", "ran_digits", (0.5, 0.9), (0.9,), (0.3,), (0,), 12
)
TASKS = tuple(
    Task(*fields)
    for fields in (
        ("uci_har", "ran_uci_har", (0.1, 0.5, 0.9, 0.98, 0.998),
         (0.1, 0.9), (0.1, 0.3, 0.9), (0, 1, 2), 200),
        ("mnist", "ran_mnist", (0.5, 0.9, 0.98, 0.998),
         (0.5,), (0.1, 0.3, 0.9), (0, 1, 2), 200),
        ("cifar10_subset", "ran_cifar10_subset", (0.9, 0.98, 0.998),
         (0.9,), (0.1, 0.3, 0.9), (0,), 200),
        ("esc10", "ran_esc10", (0.998,),
         (), (0.3,), (0,), 200,
         ("ridge", "kernel_ridge", "nearest_neighbours", "class_posterior",
          "mlp")),
        ("bloodmnist_subset", "ran_bloodmnist_subset", (0.998,),
         (), (0.3,), (0,), 200),
    )
)


def tasks(profile, names=None):
    """The tasks of a profile: all or those named, or the one for smoke."""
    if profile == "smoke":
        return (SMOKE,)
    return tuple(one for one in TASKS if names is None or one.name in names)


def config(task, profile, variant=None, seed=0):
    """A task's config for a profile."""
    return task.get_config("smoke" if profile == "smoke" else variant, seed)
