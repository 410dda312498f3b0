"""What the benchmarks compare is the same on both sides."""

import numpy as np
import pytest
import tensorflow as tf

from benchmarks import games, report, run

GAMES = games.names()


def test_a_bare_step_is_the_step():
    """The loss of the second step depends on all of the first."""
    for name in GAMES:
        game, losses = games.build(name), {}
        step, variables, optimizers = game.bare(tf)
        for optimizer, held in zip(optimizers, variables):
            optimizer.build(held)
        losses["bare"] = [float(step(*game.examples)) for _ in range(2)]
        model = games.build(name).ours()
        losses["ours"] = [_step(model, game.examples) for _ in range(2)]
        # FakeSafe draws noise.
        near = 1e-2 if name == "fakesafe" else 1e-4
        np.testing.assert_allclose(
            losses["bare"], losses["ours"], near, err_msg=name
        )


def _step(model, examples):
    model.reset_metrics()
    found = model.train_step(tuple(map(tf.constant, examples)))
    return float(np.ravel(found["loss"])[0])


@pytest.mark.parametrize("name", GAMES)
def test_translated_networks_give_the_same(name):
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    from benchmarks.translated import translated

    generator = np.random.default_rng(0)
    for role, model in games.build(name).models.items():
        shape = (3, *model.input_shape[1:])
        given = generator.random(shape, np.float32)
        expected = np.asarray(model(given, training=False))
        with torch.inference_mode():
            found = translated(model).eval()(torch.from_numpy(given)).numpy()
        np.testing.assert_allclose(found, expected, 1e-3, 1e-5, err_msg=role)


@pytest.mark.filterwarnings("ignore:CUDA initialization")
@pytest.mark.parametrize("name", GAMES)
def test_a_plain_step_is_the_step(name):
    pytest.importorskip("torch", reason="needs PyTorch")
    from benchmarks import training

    game = games.build(name)
    train, batch = training.plain(game)
    plain = [float(train(*batch).detach()) for _ in range(2)]
    model = games.build(name).ours()
    ours = [_step(model, game.examples) for _ in range(2)]
    # Adam's first step is the gradient's sign, which rounding turns over where
    # it is nearly 0; FakeSafe draws noise.
    np.testing.assert_allclose(
        plain[0], ours[0], 1e-2 if name == "fakesafe" else 1e-3
    )
    np.testing.assert_allclose(plain[1], ours[1], 1e-2)


def test_rows_and_their_page():
    names = list(run.rows())
    assert {one.split(":")[0] for one in names} == {
        "train", "options", "latency", "protect", "pipeline", "memory",
        "startup",
    }
    page = report.markdown({
        "command": "x", "rows": [
            {"name": "train:a", "measured": {"over_pytorch": 1.25}},
            {"name": "train:b", "measured": {"over_pytorch": 12345.0}},
            {"name": "startup:a", "measured": {"seconds": 0.5}},
        ],
        "environment": {"seconds": 60, "cpu": "c", "tensorflow": "t",
                        "keras": "k", "torch": "p"},
    }, "what it says")
    assert "| `train:a` | 1.25 |" in page and "| `train:b` | 12,345 |" in page
    assert "| row | seconds |" in page


def test_a_part_runs_in_a_process_of_its_own():
    assert 0 < run._part("startup.measure", ["import", 1]) < 30
