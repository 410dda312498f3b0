"""A surrogate that begins anew: new weights, a new optimizer, nothing else."""

import importlib

import harness
import numpy as np
import pytest
from test_confounder_options import surrogate_model

from kprivacy import train_lib
from kprivacy.confounder_gan import training
from kprivacy.confounder_gan.surrogate import Renewal
from kprivacy.errors import UserError


def values(variables):
    return [one.numpy() for one in variables]


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other))


def test_it_begins_anew_every_few_epochs(pictures):
    model = surrogate_model()
    first = values(model.surrogate.weights)
    harness.fit(model, pictures, 1)
    callback = Renewal(2, seed=5)
    callback.set_model(model)
    learnt = values(model.surrogate.weights)
    for epoch in (0, 1, 3):
        callback.on_epoch_begin(epoch)
        assert same(values(model.surrogate.weights), learnt)
    client = values(model.client.weights)
    assert int(model.surrogate_optimizer.iterations) == 2
    callback.on_epoch_begin(2)
    second = values(model.surrogate.weights)
    assert not same(second, learnt) and not same(second, first)
    assert same(values(model.client.weights), client)
    assert not any(
        one.numpy().any() for one in model.surrogate_optimizer.variables
        if "learning_rate" not in one.path
    )
    assert float(model.surrogate_optimizer.learning_rate) == pytest.approx(3e-3)
    callback.on_epoch_begin(4)
    assert not same(values(model.surrogate.weights), second)
    # By seed and epoch alone: a run that resumes has the same one.
    other = surrogate_model(seed=3)
    other.renew(5 + 2)
    assert same(values(other.surrogate.weights), second)
    harness.fit(model, pictures, 1)
    with pytest.raises(UserError, match="`every`"):
        Renewal(0)


def test_a_run_with_new_surrogates_goes_on(pictures):
    straight = surrogate_model()
    harness.fit(straight, pictures, 4, callbacks=[Renewal(2)])
    resumed = surrogate_model()
    harness.fit(resumed, pictures, 3, callbacks=[Renewal(2)])
    harness.fit(
        resumed, pictures, 4, initial_epoch=3, callbacks=[Renewal(2)]
    )
    np.testing.assert_array_equal(
        harness.weights(resumed), harness.weights(straight)
    )


def test_a_config_asks_for_it(tmp_path):
    config = importlib.import_module(
        "configs.confounder_gan_digits"
    ).get_config("smoke")
    config.surrogate.every = 1
    config.pretraining_epochs = 0
    assert training.schedules(config) == []
    config.surrogate.weight = 1.0
    config.surrogate.network = "mlp"
    (callback,) = training.schedules(config)
    assert isinstance(callback, Renewal)
    dataset, _ = training.datasets(config)
    model = training.build(config, dataset)
    # Two steps an epoch: the rate has decayed after the first.
    rate = model.surrogate_optimizer._learning_rate
    assert rate.decay_steps == 2
    train_lib.train(config, tmp_path)
    del config.surrogate.every
    assert training.schedules(config) == []
