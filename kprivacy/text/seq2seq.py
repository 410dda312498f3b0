"""GRUs from a sentence to its state and from a state to the sentence."""

import keras
from keras import layers

from kprivacy import errors


def build_sequence_encoder(
    vocabulary_size,
    length,
    units,
    embedding_size=64,
    states=1,
    dropout=0.0,
    name="sequence_encoder",
):
    """Builds the encoder: the sentence, last word first, through a GRU.

    Args:
        vocabulary_size: Number of tokens, the special ones included.
        length: Tokens of a sentence, <end> and padding included.
        units: Width of the GRU and of the state.
        embedding_size: Width of a token's vector.
        states: Into how many vectors the state is cut; divides `units`.
        dropout: Share of a token's vector dropped in training.

    Returns:
        A functional `keras.Model` from int tokens (length,) to the state in
        (-1, 1), shape (units,), or (states, units / states) where it is cut.

    Raises:
        UserError: `states` does not divide `units`.
    """
    errors.check_count("states", states)
    if units % states:
        raise errors.UserError(
            "`states` must divide `units`, so that all vectors have one size."
            f" Received: states={states}, units={units}."
        )
    tokens = keras.Input((length,), dtype="int32", name="tokens")
    x = layers.Embedding(
        vocabulary_size, embedding_size, _unit_length(embedding_size)
    )(tokens)
    x = layers.Dropout(dropout)(x) if dropout else x
    # Padding comes first then, and the sentence's beginning last.
    x = layers.GRU(units, go_backwards=True, unroll=True, name="gru")(x)
    shape = (units,) if states == 1 else (states, units // states)
    x = layers.Reshape(shape, dtype="float32", name="state")(x)
    return keras.Model(tokens, x, name=name)


def build_sequence_decoder(
    vocabulary_size,
    length,
    units,
    embedding_size=64,
    states=1,
    dropout=0.0,
    name="sequence_decoder",
):
    """Builds the decoder: the next token, given a state and those before.

    The vectors of the tokens are also the weights of the logits (Press and
    Wolf, Using the output embedding to improve language models, 2017).

    Args: As for `build_sequence_encoder`.

    Returns:
        A functional `keras.Model` from [state, int tokens (length,) shifted
        right by <start>] to logits (length, vocabulary_size).
    """
    shape = (units,) if states == 1 else (states, units // states)
    state = keras.Input(shape, name="state")
    shifted = keras.Input((length,), dtype="int32", name="shifted")
    embedding = layers.ReversibleEmbedding(
        vocabulary_size,
        embedding_size,
        embeddings_initializer=_unit_length(embedding_size),
        name="embedding",
    )
    flat = layers.Reshape((units,), name="flat")(state)
    first = layers.Dense(units, activation="tanh", name="first")(flat)
    x = layers.Dropout(dropout)(embedding(shifted)) if dropout else (
        embedding(shifted)
    )
    x = layers.GRU(units, return_sequences=True, unroll=True, name="gru")(
        x, initial_state=first
    )
    x = layers.Dense(embedding_size, name="hidden")(x)
    logits = embedding(x, reverse=True)
    return keras.Model([state, shifted], logits, name=name)


def _unit_length(size):
    """Vectors of about length 1; Keras' default starts the logits near 0."""
    return keras.initializers.RandomNormal(stddev=size**-0.5)
