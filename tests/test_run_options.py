"""How steps are run: fields of every config."""

import importlib

import keras
import numpy as np
import pytest

from configs import confounder_gan_digits, gap_diabetes
from kprivacy import files, train_lib, workdir
from kprivacy.errors import UserError

CONFIGS = ("ran_digits", "gap_digits", "fakesafe_digits",
           "confounder_gan_digits")


def smoke(name, **fields):
    config = importlib.import_module(f"configs.{name}").get_config("smoke")
    config.epochs = 1
    config.update(fields)
    return config


@pytest.mark.parametrize("name", CONFIGS)
def test_what_was_trained_in_half_precision_is_of_float32(name, tmp_path):
    half = smoke(name, precision="mixed_bfloat16")
    model = train_lib.train(half, tmp_path / "half")
    assert keras.config.dtype_policy().name == "float32"
    loaded = workdir.read_model(tmp_path / "half")
    for one in (model, loaded):
        # Models inside as well: a guide is one.
        assert {
            layer.dtype_policy.name
            for layer in one._flatten_layers(include_self=False)
        } <= {"float32", "uint8"}
    before = train_lib.train(smoke(name), tmp_path / "whole")
    weights = [one.client.get_weights() for one in (model, before, loaded)]
    moved = False
    for mine, other, again in zip(*weights):
        assert np.isfinite(mine).all()
        np.testing.assert_array_equal(mine, again)
        moved = moved or not np.array_equal(mine, other)
    # It was half precision that trained.
    assert moved


def test_xla_is_a_choice(tmp_path):
    for choice, expected in (("on", True), ("off", False)):
        config = gap_diabetes.get_config("smoke")
        config.jit_compile = choice
        model = train_lib.train(config, tmp_path / choice)
        assert model.jit_compile is expected
        for weights in model.get_weights():
            assert np.isfinite(weights).all()


@pytest.mark.parametrize("field, value", [
    ("precision", "float8"), ("jit_compile", "sometimes"),
])
def test_unknown_ones_are_refused(field, value, tmp_path):
    config = gap_diabetes.get_config("smoke")
    config[field] = value
    with pytest.raises(UserError, match=f"{field}.*{value}"):
        train_lib.train(config, tmp_path)


def test_a_directory_of_before_goes_on(tmp_path):
    config = gap_diabetes.get_config("smoke")
    workdir.write_config(tmp_path, config)
    held = files.read_json(tmp_path / "config.json")
    for name in workdir.LATER:
        held.pop(name, None)
    files.write_json(tmp_path / "config.json", held)
    workdir.write_config(tmp_path, config)
    config.precision = "mixed_bfloat16"
    with pytest.raises(workdir.WorkdirError, match="differs in precision"):
        workdir.write_config(tmp_path, config)


def test_a_directory_of_before_lacks_fields_of_sections(tmp_path):
    config = confounder_gan_digits.get_config("smoke")
    config.model.joint = workdir.LATER["model.joint"]
    workdir.write_config(tmp_path, config)
    held = files.read_json(tmp_path / "config.json")
    inner = [name.split(".") for name in workdir.LATER if "." in name]
    for section, name in inner:
        del held[section][name]
    files.write_json(tmp_path / "config.json", held)
    workdir.write_config(tmp_path, config)
    assert files.read_json(tmp_path / "config.json")["model"]["jpeg"] == 0
    config.model.jpeg = 0.5
    with pytest.raises(workdir.WorkdirError, match="differs in model"):
        workdir.write_config(tmp_path, config)
