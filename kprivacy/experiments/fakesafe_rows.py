"""The rows of FakeSafe's tables, and the config of each."""

import dataclasses

from kprivacy.configs import fakesafe_base

SETTINGS = ("paper_setting", "ours")
# The variant of the config that each setting is; "convolutional" is that of
# the steps of cascades.
VARIANTS = {"paper_setting": "paper", "convolutional": "convolutional",
            "ours": None}
SEEDS = (0, 1, 2)
# The paper's setting is what ours is held against: one seed.
SEEDS_OF = {"paper_setting": SEEDS[:1], "ours": SEEDS}
# The sets that stand for the names of the tables.
DOMAINS = {
    "mnist": "mnist",
    "fashion_mnist": "fashion_mnist",
    "face": "olivetti_faces",
}


@dataclasses.dataclass(frozen=True)
class Row:
    """One step of FakeSafe.

    Attributes:
        name: Of the row, without the setting.
        source: Name of the private domain, see `fakesafe.domains`.
        target: Of the fake's domain.
        paper: What the paper reports.
        goal: The F1 that is aimed at.
    """

    name: str
    source: str
    target: str
    paper: dict
    goal: float


def _row(name, goal, precision, recall, f1, source=None, target=None):
    ends = name.split("->")
    return Row(
        name,
        source or DOMAINS[ends[0]],
        target or DOMAINS[ends[1]],
        {"precision": precision, "recall": recall, "f1": f1},
        goal,
    )


CLOTHES = "fashion_mnist"
ONE_STEP = (
    _row("mnist->mnist", 0.97, 0.90, 0.80, 0.81),
    _row("fashion_mnist->fashion_mnist", 0.88, 0.71, 0.72, 0.70),
    _row("face->face", 0.95, 0.95, 0.92, 0.92),
    _row("face->mnist", 0.98, 1.0, 1.0, 1.0),
    _row("fashion_mnist->mnist", 0.88, 0.85, 0.76, 0.79),
    _row("mnist->fashion_mnist", 0.97, 0.91, 0.88, 0.88),
    _row("words:tokens:top100", 0.97, 0.80, 0.84, 0.81,
         "words:tokens:top100", CLOTHES),
    _row("words:glove50:top100", 0.99, 0.96, 0.96, 0.96,
         "words:glove:top100", CLOTHES),
    _row("words:glove50:all", 0.97, 0.65, 0.68, 0.66,
         "words:glove:all", CLOTHES),
    _row("words:glove50->corpus300:all", 0.97, 0.65, 0.68, 0.66,
         "words:glove:all", "words:corpus:all"),
)
WORDS_OF_SENTENCES = "words:glove50:all"
# Steps that only cascades take, with a code that a digit can hold as well.
INNER = (_row("face->fashion_mnist", 0.0, None, None, None),)
INNER_CODE = 64


# Two steps of everything, on the embedded digits.
SMOKE = Row("digits->digits", "digits", "digits",
            {"precision": None, "recall": None, "f1": None}, 0.0)


def one_step(profile):
    """The rows of one step: all, or the one for smoke."""
    return (SMOKE,) if profile == "smoke" else ONE_STEP


def config(row, setting, seed=0, profile="cpu"):
    """The config that trains a row.

    Args:
        row: A `Row`.
        setting: Of `VARIANTS`.
        seed: Of the training.
        profile: "cpu", or "smoke" for two steps on the digits.
    """
    variant = "smoke" if profile == "smoke" else VARIANTS[setting]
    made = fakesafe_base.fakesafe(row.source, row.target, variant)
    made.seed = seed
    if row in INNER and setting == "ours":
        made.client.code = made.server.code = INNER_CODE
    if profile == "smoke" and setting != "paper_setting":
        for part in (made.client, made.server):
            part.code, part.key = 8, True
            part.cover = int(setting == "ours")
        made.pretraining_steps = 2
    return made
