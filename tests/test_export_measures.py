"""What was measured before an export, and when it is measured again."""

import types

import keras
import numpy as np
from ml_collections import ConfigDict

from export import report
from export.methods import method, ran
from kprivacy import files


def test_what_was_measured_before_is_of_this_model(tmp_path):
    """Another model in the same folder is measured anew."""
    class Counted(method.Method):
        count = 0

        def measure_keras(self):
            Counted.count += 1
            return {"utility": {"value": np.float32(Counted.count)}}

    model = types.SimpleNamespace(client=keras.Sequential([
        keras.Input((3,)), keras.layers.Dense(2)
    ]), server=None)
    config = ConfigDict({"seed": 0})
    for _ in range(2):
        found = Counted(tmp_path, config, model).before()
        assert found == {"utility": {"value": 1.0}}
    layer = model.client.layers[-1]
    layer.set_weights([one + 1 for one in layer.get_weights()])
    again = Counted(tmp_path, config, model)
    assert again.before()["utility"]["value"] == 2
    config.seed = 1
    assert again.before()["utility"]["value"] == 3 == Counted.count


def test_an_audit_of_some_attackers_is_not_taken(tmp_path):
    """Of another client neither."""
    config = types.SimpleNamespace(
        attack=types.SimpleNamespace(attackers=())
    )
    (tmp_path / "model.keras").write_bytes(b"model")
    model = files.sha256(tmp_path / "model.keras")
    one = ran.Method(tmp_path, config, None)

    def audited(attackers, sha256=model):
        files.write_json(tmp_path / "audit.json", {
            "released": {"sha256": sha256}, "reconstruction": {
                "results": [{"attacker": name} for name in attackers]
            },
        })
        return one._audited(tmp_path / "audit.json") is not None

    every = sorted(ran.EVERYWHERE)
    assert "kernel_ridge" in every and "white_box" not in every
    assert one._audited(tmp_path / "none.json") is None
    assert audited(every) and not audited(["ridge"])
    assert not audited(every, "0" * 64)
    config.attack.attackers = ("ridge",)
    assert audited(["ridge", "mlp"]) and not audited(["mlp"])


def test_a_card_says_who_attacked_and_how_far_chance_reaches():
    """Of trainers of one kind it does not speak of the best of several."""
    attack = {"name": "accuracy of a trainer", "attacker": "mean of 3",
              "protects": "low", "blind": 0.1, "trainers": 3}
    found = {
        "data": "some_set", "method": "confounder_gan",
        "lost": {"privacy": 0.126, "privacy_error": 0.0126},
        "after": {"utility": {"name": "SSIM"}, "attack": attack},
    }
    said = "\n".join(report._remarks(found))
    for part in ("test part of some_set", "fresh ones of one kind",
                 "better by +12.6%, standard error 1.3%",
                 "countermeasures.md"):
        assert part in said
    assert "best of" not in said
    del attack["trainers"]
    found |= {"method": "ran", "lost": {"privacy": 0, "privacy_error": None}}
    said = "\n".join(report._remarks(found))
    assert "of the best of fresh attackers" in said
    assert "its chance was not measured" in said
    assert "countermeasures" not in said
