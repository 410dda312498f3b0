"""What every method's model must keep; each function is one promise."""

import keras
import numpy as np
import tensorflow as tf

from kprivacy.callbacks import Checkpoint


def weights(model):
    """All weights of a model in one vector."""
    return np.concatenate([v.numpy().ravel() for v in model.weights])


def dataset(data, batch_size=16):
    return tf.data.Dataset.from_tensor_slices(data).batch(batch_size)


def fit(model, data, epochs=3, **options):
    return model.fit(
        dataset(data), epochs=epochs, verbose=0, shuffle=False, **options
    )


def check_execution_modes(make, data):
    """Graph, eager, XLA and several steps a call give the same weights."""
    expected = make()
    fit(expected, data)
    for options in (
        {"run_eagerly": True},
        {"jit_compile": True},
        {"steps_per_execution": 2},
    ):
        model = make(**options)
        fit(model, data)
        np.testing.assert_allclose(
            weights(model),
            weights(expected),
            atol=1e-5,
            err_msg=f"weights differ under {options}",
        )


def check_log_keys(make, data, metric_names):
    """The log keys are the trackers' and the metrics' names, no others."""
    model = make()
    history = fit(model, data, 1, validation_data=dataset(data)).history
    names = {*model.LOSSES, *metric_names}
    assert set(history) == names | {f"val_{name}" for name in names}
    assert {m.name for m in model.metrics} >= set(model.LOSSES)
    model.compile(**_compile_arguments(model))
    again = fit(model, data, 1).history
    assert set(again) == names, "a second compile changes the log keys"


def check_role_isolation(make, data):
    """A side whose optimizers stand still does not move; the other does."""
    for side, other in (
        ("adversary", "defender"),
        ("defender", "adversary"),
    ):
        model = make()
        for name, moved in model.OPTIMIZERS.items():
            if moved == side:
                getattr(model, name).learning_rate = 0.0
        before = _side(model, side), _side(model, other)
        fit(model, data, 1)
        np.testing.assert_array_equal(_side(model, side), before[0])
        assert (_side(model, other) != before[1]).any(), other


def straight(make, data):
    """The weights after 4 undisturbed epochs."""
    model = make()
    fit(model, data, 4)
    return weights(model)


def check_save_load_continue(make, data, path, expected=None):
    """Saved, loaded and trained on equals trained straight, exactly.

    `expected` is what `straight` gives, where it is there already.
    """
    half = make()
    fit(half, data, 2)
    half.save(path)
    loaded = keras.saving.load_model(path)
    assert type(loaded) is type(half)
    assert loaded.get_config().keys() == half.get_config().keys()
    fit(loaded, data, 2)
    if expected is None:
        expected = straight(make, data)
    np.testing.assert_array_equal(weights(loaded), expected)


class Killed(Exception):
    """Stands for a kill."""


class KillAt(keras.callbacks.Callback):
    """Raises in the middle of an epoch."""

    def __init__(self, epoch, batch=1):
        super().__init__()
        self._at = (epoch, batch)

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self._epoch, batch) == self._at:
            raise Killed


def check_interrupt_resume(make, data, folder, expected=None):
    """Killed in mid-epoch and resumed equals trained straight, exactly."""
    try:
        fit(make(), data, 4, callbacks=[Checkpoint(folder), KillAt(2)])
    except Killed:
        pass
    resumed = make(seed=99)
    epoch = Checkpoint(folder).restore(resumed)
    assert epoch == 2
    fit(resumed, data, 4, initial_epoch=epoch)
    if expected is None:
        expected = straight(make, data)
    np.testing.assert_array_equal(weights(resumed), expected)


def two_replicas():
    """A strategy of two CPUs, apart from others of the same process."""
    strategy = tf.distribute.MirroredStrategy
    # TensorFlow numbers what replicas exchange from here, and compares the
    # shapes with those of other strategies of the process.
    strategy._collective_key_base += 10_000
    return strategy(["CPU:0", "CPU:1"])


def check_two_replicas(make, data):
    """Two replicas on half the batch each step as one does on the whole."""
    one = make()
    one_history = fit(one, data, 2).history
    with two_replicas().scope():
        two = make()
    two_history = fit(two, data, 2).history
    np.testing.assert_allclose(weights(two), weights(one), atol=1e-4)
    for name, values in one_history.items():
        np.testing.assert_allclose(
            two_history[name], values, rtol=1e-3, err_msg=name
        )


def check_mixed_precision(make, data, policy="mixed_float16"):
    """Both sides' losses are scaled, and training stays finite."""
    keras.mixed_precision.set_global_policy(policy)
    model = make()
    scaled = keras.optimizers.LossScaleOptimizer
    for name in model.OPTIMIZERS:
        assert isinstance(getattr(model, name), scaled), name
    before = weights(model)
    fit(model, data, 1)
    assert np.isfinite(weights(model)).all()
    assert (weights(model) != before).any()


def _side(model, side):
    return np.concatenate(
        [v.numpy().ravel() for v in model.side_variables(side)]
    )


def _compile_arguments(model):
    arguments = {name: getattr(model, name) for name in model.OPTIMIZERS}
    fresh = {
        name: type(value).from_config(value.get_config())
        for name, value in arguments.items()
    }
    return {**fresh, "metrics": ["accuracy"]}
