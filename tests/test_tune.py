"""Choosing lambda: by bisection, by a schedule, on validation data alone."""

import json

import pytest

from configs import ran_digits
from kprivacy import data, files, tune_lib
from kprivacy.callbacks import UtilityWeight
from kprivacy.errors import UserError
from kprivacy.ran import RAN, build_adversary, build_client, build_server


def trial(weight, accuracy, error):
    return {
        "utility_weight": weight,
        "validation_accuracy": accuracy,
        "validation_error": error,
    }


TRIALS = [trial(0.1, 0.8, 0.9), trial(0.5, 0.95, 0.7), trial(0.9, 0.97, 0.6)]


@pytest.mark.parametrize(
    "accuracy, weight", [(0.9, 0.5), (0.96, 0.9), (0.5, 0.1), (0.99, 0.9)]
)
def test_the_hardest_to_attack_among_the_accurate_is_chosen(accuracy, weight):
    assert tune_lib.choose(TRIALS, accuracy)["utility_weight"] == weight


@pytest.mark.parametrize(
    "bound, expected",
    # The log-odds between .05 and .999 are -2.94 and 6.91; their middle is
    # 1.98, lambda .879. Lambdas from .7 on are accurate enough, or none is.
    [(0.7, [0.879, 0.382, 0.679, 0.797]), (1.1, [0.879, 0.988, 0.9965])],
)
def test_bisection_goes_where_the_bound_is(
    tmp_path, monkeypatch, bound, expected
):
    def fake(config, directory, weight, held):
        return trial(weight, 0.9 if weight >= bound else 0.5, 1 - weight)

    monkeypatch.setattr(tune_lib, "_trial", fake)
    config = ran_digits.get_config("smoke")
    found = tune_lib.tune(config, tmp_path, 0.8, trials=len(expected))
    weights = [one["utility_weight"] for one in found["trials"]]
    assert weights == pytest.approx(expected, abs=2e-3)
    assert found["reached"] == (bound < 1)
    assert files.read_json(tmp_path / "tune.json") == json.loads(
        json.dumps(found)
    )
    text = tune_lib.summary(found)
    assert ("NOT REACHED" in text) == (bound > 1) and "<- chosen" in text


@pytest.mark.filterwarnings("ignore:The best attacker's error")
def test_tuning_trains_and_goes_on(tmp_path):
    config = ran_digits.get_config("smoke")
    config.data.attacker_split = "attacker"
    first = tune_lib.tune(config, tmp_path, trials=1)
    (one,) = first["trials"]
    before = files.read_json(tmp_path / "lambda_0.879" / "trial.json")
    assert one == before
    changed = {**before, "validation_error": 0.5}
    files.write_json(tmp_path / "lambda_0.879" / "trial.json", changed)
    again = tune_lib.tune(config, tmp_path, trials=1)
    assert again["chosen"]["validation_error"] == 0.5


@pytest.mark.parametrize(
    "options", [{"trials": 0}, {"accuracy": 99.0}, {"trials": "3"}]
)
def test_bad_bounds_are_refused(tmp_path, options):
    with pytest.raises(UserError, match="must be"):
        tune_lib.tune(ran_digits.get_config("smoke"), tmp_path, **options)
    assert not list(tmp_path.iterdir())


def small_model():
    client = build_client((28, 28, 1), filters=(2, 2))
    model = RAN(
        client, build_server(client, 10), build_adversary(client),
        utility_weight=0.9, inner_steps=1,
    )
    model.compile("sgd", "sgd")
    return model


def test_the_schedule_is_exponential(monkeypatch):
    """From .1 to .9 in three epochs: the middle is the geometric mean."""
    seen = []
    model = small_model()
    plain = model.set_utility_weight

    def watched(value):
        seen.append(value)
        plain(value)

    monkeypatch.setattr(model, "set_utility_weight", watched)
    model.fit(
        data.load("digits", "defender[:64]", batch_size=32), epochs=4,
        callbacks=[UtilityWeight(0.1, 0.9, 3)], verbose=0,
    )
    assert seen == pytest.approx([0.1, 0.3, 0.9, 0.9])


def test_the_weight_set_is_the_one_in_the_loss():
    model = small_model()
    images = data.arrays("digits", "test[:16]")
    losses = {}
    for weight in (0.0, 0.5, 1.0):
        model.set_utility_weight(weight)
        losses[weight] = model.evaluate(
            images.data, images.labels, verbose=0, return_dict=True
        )
    utility = losses[1.0]["utility_loss"]
    assert losses[1.0]["loss"] == pytest.approx(utility, rel=1e-5)
    middle = (losses[0.0]["loss"] + losses[1.0]["loss"]) / 2
    assert losses[0.5]["loss"] == pytest.approx(middle, rel=1e-5)


def test_a_schedule_needs_weights_above_zero():
    with pytest.raises(UserError, match="`start` must be in"):
        UtilityWeight(0.0, 0.9, 3)
