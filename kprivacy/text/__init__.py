"""Text for FakeSafe: tokens, word vectors, sentence states, and the codec."""

from kprivacy.text.autoencoder import SentenceAutoencoder
from kprivacy.text.codec import (
    SentenceCodec,
    TextReceiver,
    TextSender,
    WordCodec,
    load_codec,
)
from kprivacy.text.corpus import complete, corpus_embeddings
from kprivacy.text.embeddings import Embeddings, binary_tokens, one_hot
from kprivacy.text.glove import read_glove
from kprivacy.text.greedy import GreedyDecoder
from kprivacy.text.sentences import read_sentences
from kprivacy.text.seq2seq import (
    build_sequence_decoder,
    build_sequence_encoder,
)
from kprivacy.text.tokens import Vocabulary, fitting, tokenize
from kprivacy.text.units import StandardUnits

__all__ = [
    "Embeddings",
    "GreedyDecoder",
    "SentenceAutoencoder",
    "SentenceCodec",
    "StandardUnits",
    "TextReceiver",
    "TextSender",
    "Vocabulary",
    "WordCodec",
    "binary_tokens",
    "build_sequence_decoder",
    "build_sequence_encoder",
    "complete",
    "corpus_embeddings",
    "fitting",
    "load_codec",
    "one_hot",
    "read_glove",
    "read_sentences",
    "tokenize",
]
