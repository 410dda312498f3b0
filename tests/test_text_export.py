"""What a phone needs to make a client's data of texts."""

import json
import os

import keras
import numpy as np
import pytest

from configs import fakesafe_base
from export import client as client_lib
from export import contract, methods, texts, variants
from export.methods import fakesafe
from kprivacy import text, train_lib
from kprivacy.data import Arrays
from kprivacy.fakesafe import words
from kprivacy.releases import TFLiteModel

SENTENCES = ["she likes limes .", "you like red pears .", "limes are red ."]
LENGTH = 7


def sentence_codec():
    keras.utils.set_random_seed(0)
    vocabulary = text.Vocabulary.from_sentences(SENTENCES)
    sizes = len(vocabulary), LENGTH, 12
    encoder = text.build_sequence_encoder(*sizes, states=3)
    decoder = text.build_sequence_decoder(*sizes, states=3)
    states = encoder.predict(vocabulary.encode(SENTENCES, LENGTH), verbose=0)
    return text.SentenceCodec(
        encoder, decoder, vocabulary, text.StandardUnits.of(states)
    )


def test_the_encoder_gives_what_the_codec_gives():
    codec = sentence_codec()
    client = texts.encoder(codec)
    content = client_lib.convert(client, client.arithmetic)
    file = TFLiteModel(content, "encode")
    (detail,) = file.inputs.values()
    assert detail["dtype"] == np.int32
    tokens = text.Vocabulary(codec.tokens[4:]).encode(SENTENCES, LENGTH)
    found = file({"tokens": tokens}).reshape(-1, 4)
    expected = codec.vectors(SENTENCES)
    # Weights of 8 bits; states in standard units are about 1.
    np.testing.assert_allclose(found, expected, atol=0.1)
    assert np.abs(found - np.roll(expected, 3, axis=0)).max() > 0.5


def test_the_encoders_file_is_measured_as_the_clients_is():
    client = texts.encoder(sentence_codec())
    content = client_lib.convert(client, client.arithmetic)
    found = variants.measured(client, content, client.examples)
    assert found["parity"]["mean_quanta"] < 3
    assert found["bytes"] == len(content)


def test_words_have_a_table(tmp_path):
    codec = text.WordCodec(text.binary_tokens(["limes", "pears", "red"]))
    assert texts.encoder(codec) is None
    described = texts.write(codec, tmp_path)
    words = json.loads((tmp_path / described["tokens"]).read_text())
    table = np.frombuffer(
        (tmp_path / described["vectors"]).read_bytes(), "<f4"
    ).reshape(described["shape"])
    np.testing.assert_array_equal(
        table[[words.index("red"), words.index("limes")]],
        codec.vectors("red limes"),
    )


def test_the_contract_names_and_hashes_them(tmp_path):
    described = texts.write(sentence_codec(), tmp_path)
    assert described["of"] == "sentences" and "vectors" not in described
    golden = {"input": "i", "output": "o", "tolerance_quanta": 2}
    held = contract.whole(
        "fakesafe", [{"file": "client.tflite", "golden": golden}], None,
        described,
    )
    assert "tokens.json" in list(contract.names_of(held))
    assert "text" not in contract.whole("fakesafe", [], None)


def test_messages_that_are_few_are_sent_several_times():
    arrays = Arrays(np.arange(3.0)[:, None], np.arange(3), 3)
    found = fakesafe.often(arrays, 10)
    assert np.bincount(found.labels).tolist() == [3] * 3
    np.testing.assert_array_equal(found.data[:, 0], found.labels)
    assert len(fakesafe.often(arrays, 2)) == 3


def test_a_training_on_words_is_attacked(tfds_dir, tmp_path, monkeypatch):
    if not os.path.isdir(os.path.join(tfds_dir, words.CORPUS)):
        pytest.skip(f"needs {words.CORPUS} in TFDS_DATA_DIR")
    config = fakesafe_base.fakesafe("words:tokens:top100", "digits", "smoke")
    config.source.data_dir = tfds_dir
    train_lib.train(config, tmp_path)
    monkeypatch.setattr(fakesafe, "PROBES", ("mlp",))  # the fast one
    found = methods.of(tmp_path).measure_keras()["attack"]
    # Without a key a word's fake is always the same.
    assert found["value"] > 0.5 and found["tested"] == 64
