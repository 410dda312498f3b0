"""The sentence autoencoder, greedy decoding, sentences through FakeSafe."""

import itertools

import keras
import numpy as np
import pytest

from kprivacy.errors import UserError
from kprivacy.text import (
    GreedyDecoder,
    SentenceAutoencoder,
    SentenceCodec,
    StandardUnits,
    TextReceiver,
    TextSender,
    Vocabulary,
    build_sequence_decoder,
    build_sequence_encoder,
    load_codec,
)

LENGTH = 5


def make(units=8, states=1, size=9, embedding_size=6, **options):
    """A small autoencoder, compiled."""
    keras.utils.set_random_seed(0)
    sizes = {
        "vocabulary_size": size, "length": LENGTH, "units": units,
        "embedding_size": embedding_size, "states": states,
    }
    model = SentenceAutoencoder(
        build_sequence_encoder(**sizes),
        build_sequence_decoder(**sizes),
        seed=0,
        **options,
    )
    model.compile(keras.optimizers.Adam(0.02))
    return model


@pytest.fixture
def tokens():
    generator = np.random.default_rng(0)
    found = generator.integers(4, 9, (40, LENGTH), np.int32)
    for row, end in zip(found, generator.integers(1, LENGTH, 40)):
        row[end:] = [2] + [0] * (LENGTH - 1 - end)
    return found


def test_shapes_and_bounds(tokens):
    model = make(units=8, states=4)
    states = model.encode(tokens)
    assert states.shape == (40, 4, 2)
    assert states.dtype == np.float32
    assert np.abs(states).max() < 1
    assert model(tokens).shape == (40, LENGTH, 9)
    with pytest.raises(UserError, match="states=3, units=8"):
        make(states=3)


def test_cut_states_are_the_state_cut(tokens):
    whole, cut = make(units=8), make(units=8, states=4)
    np.testing.assert_allclose(
        cut.encode(tokens).reshape(40, 8), whole.encode(tokens), atol=1e-6
    )


def test_roles_that_do_not_fit():
    encoder = build_sequence_encoder(9, LENGTH, 8)
    for decoder in (
        build_sequence_decoder(9, LENGTH, 4),
        build_sequence_decoder(9, LENGTH + 1, 8),
    ):
        with pytest.raises(UserError, match="one state shape and length"):
            SentenceAutoencoder(encoder, decoder)


def test_greedy_decoding_is_the_likeliest_next_token(tokens):
    model = make()
    model.fit(tokens, epochs=5, verbose=0)
    states = model.encode(tokens)
    expected = np.zeros((40, LENGTH + 1), np.int32)
    expected[:, 0] = 1
    for i in range(LENGTH):
        logits = model.decoder.predict([states, expected[:, :-1]], verbose=0)
        said = 2 + np.argmax(logits[:, i, 2:], axis=-1)
        ended = (expected[:, 1 : i + 1] == 2).any(axis=1)
        expected[:, i + 1] = np.where(ended, 0, said)
    np.testing.assert_array_equal(model.decode(states), expected[:, 1:])
    np.testing.assert_array_equal(
        model.decode(states, batch_size=7), expected[:, 1:]
    )
    assert len(np.unique(expected, axis=0)) > 5
    with pytest.raises(UserError, match=r"shape \(n, \*\(8,\)\)"):
        model.decode(states[:, :3])


def test_the_loss_is_the_cross_entropy_of_words_only(tokens):
    model = make()
    found = model.evaluate(tokens, verbose=0, return_dict=True)
    shifted = np.concatenate([np.ones((40, 1), int), tokens[:, :-1]], axis=1)
    logits = model.decoder.predict(
        [model.encode(tokens), shifted], verbose=0
    ).astype(np.float64)
    logs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    chosen = np.take_along_axis(logs, tokens[..., None], -1)[..., 0]
    words = tokens != 0
    assert found["loss"] == pytest.approx(-chosen[words].mean(), abs=1e-5)
    right = (logits.argmax(-1) == tokens)[words].mean()
    assert found["token_accuracy"] == pytest.approx(right, abs=1e-6)


def test_sampled_softmax_moves_towards_the_same_loss(tokens):
    model = make(negatives=4)
    before = model.evaluate(tokens, verbose=0, return_dict=True)["loss"]
    history = model.fit(tokens, epochs=20, verbose=0).history
    assert set(history) == {"loss"}
    after = model.evaluate(tokens, verbose=0, return_dict=True)["loss"]
    assert after < 0.75 * before


def test_noise_and_hidden_words_are_of_training_only(tokens):
    plain = make()
    expected = plain(tokens)
    for options in ({"state_noise": 0.5}, {"word_dropout": 1.0}):
        model = make(**options)
        model.set_weights(plain.get_weights())
        np.testing.assert_allclose(model(tokens), expected, atol=1e-6)
        assert np.abs(model(tokens, training=True) - expected).max() > 1e-3


def test_saved_and_loaded(tokens, tmp_path):
    options = {"state_noise": 0.1, "word_dropout": 0.2, "negatives": 3}
    model = make(states=2, **options)
    model.fit(tokens, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert {key: loaded.get_config()[key] for key in options} == options
    states = model.encode(tokens)
    np.testing.assert_array_equal(loaded.encode(tokens), states)
    np.testing.assert_array_equal(
        loaded.decode(states), model.decode(states)
    )
    loaded.fit(tokens, verbose=0)
    model.decoder.save(tmp_path / "decoder.keras")
    decoder = keras.saving.load_model(tmp_path / "decoder.keras")
    np.testing.assert_array_equal(
        GreedyDecoder(decoder)(states), model.decode(states)
    )


@pytest.fixture(scope="module")
def trained():
    """An autoencoder of 128 sentences, tested on 16 that it never saw."""
    parts = (
        ["he", "she"], ["likes", "sees", "eats", "buys"],
        ["old", "new", "red"], ["limes", "pears", "figs", "nuts", "plums",
                                "dates"],
    )
    sentences = [" ".join(words) for words in itertools.product(*parts)]
    sentences = np.random.default_rng(0).permutation(sentences).tolist()
    vocabulary = Vocabulary.from_sentences(sentences)
    tokens = vocabulary.encode(sentences, LENGTH)
    model = make(32, 2, len(vocabulary), 16, state_noise=0.1)
    model.fit(tokens[16:], epochs=80, batch_size=32, verbose=0)
    return model, vocabulary, sentences


def test_unseen_sentences_come_back(trained):
    model, vocabulary, sentences = trained
    states = model.encode(vocabulary.encode(sentences[:16], LENGTH))
    assert vocabulary.decode(model.decode(states)) == sentences[:16]
    noise = np.random.default_rng(0).normal(size=states.shape)
    found = vocabulary.decode(model.decode(states + 0.05 * noise))
    assert found == sentences[:16]


class Ends:
    """Both ends of a channel that keeps what was sent through it."""

    def send(self, vectors):
        self.sent = vectors
        return vectors[:, ::-1]

    def receive(self, message):
        return message[:, ::-1]


def test_sentences_through_a_channel(trained, tmp_path):
    model, vocabulary, sentences = trained
    states = model.encode(vocabulary.encode(sentences, LENGTH))
    units, ends = StandardUnits.of(states), Ends()
    codec = SentenceCodec(model.encoder, model.decoder, vocabulary, units)
    codec.save(tmp_path)
    sender = TextSender(ends, codec)
    receiver = TextReceiver(ends, load_codec(tmp_path))
    fakes = sender.encode(sentences)
    assert fakes.shape == (2 * len(sentences), 16)
    np.testing.assert_allclose(ends.sent.std(axis=0), 1, atol=0.1)
    assert receiver.decode(fakes) == vocabulary.decode(model.decode(states))
    assert receiver.decode(fakes[2:4]) == receiver.decode(fakes)[1:2]
    with pytest.raises(UserError, match="2 fakes. Received: 3 fakes"):
        receiver.decode(fakes[:3])
    with pytest.raises(UserError, match="at most 4 tokens"):
        sender.encode(["he likes old limes very much"])
