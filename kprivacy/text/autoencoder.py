"""A GRU autoencoder of sentences: tokens to a state, a state to tokens."""

import keras
import tensorflow as tf
from keras import ops

from kprivacy import errors
from kprivacy.text.greedy import GreedyDecoder
from kprivacy.text.tokens import PAD, START, UNKNOWN


@keras.saving.register_keras_serializable("kprivacy")
class SentenceAutoencoder(keras.Model):
    """Puts a sentence into one state, from which it is read back.

    An encoder GRU reads the sentence from its end and leaves its state; a
    decoder GRU starts from that state and says the sentence word by word.
    Trained with teacher forcing, as in Sutskever, Vinyals and Le, Sequence to
    sequence learning with neural networks, 2014, whose reversed input it
    keeps. The loss is the cross entropy in nats a token, padding left out.

    Args:
        encoder: See `build_sequence_encoder`.
        decoder: See `build_sequence_decoder`; its weights are the receiver's.
        state_noise: Standard deviation of Gaussian noise on the state in
            training (states are in (-1, 1)), so that decoding stands the
            small errors of a channel.
        word_dropout: Share of the decoder's input words hidden in training,
            so that it looks at the state (Bowman et al., Generating sentences
            from a continuous space, 2016).
        negatives: How many tokens stand for the whole vocabulary in the
            training loss (sampled softmax, Jean et al., 2015; tokens have to
            be ordered by frequency); 0 for all of them.
        seed: Seeds noise and word dropout.
        **kwargs: Passed to `keras.Model`.

    Example:

    >>> vocabulary = Vocabulary.from_sentences(sentences)
    >>> tokens = vocabulary.encode(sentences, length=18)
    >>> sizes = len(vocabulary), 18, 128
    >>> model = SentenceAutoencoder(
    ...     build_sequence_encoder(*sizes), build_sequence_decoder(*sizes))
    >>> model.compile("adam")
    >>> model.fit(tokens, epochs=10, batch_size=128)
    >>> vocabulary.decode(model.decode(model.encode(tokens[:1])))
    ['you like grapes .']
    """

    def __init__(
        self,
        encoder,
        decoder,
        state_noise=0.0,
        word_dropout=0.0,
        negatives=0,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        errors.check_fraction("word_dropout", word_dropout)
        errors.check_count("negatives", negatives, minimum=0)
        self.encoder, self.decoder = encoder, decoder
        self.state_noise = state_noise
        self.word_dropout = word_dropout
        self.negatives, self.seed = negatives, seed
        self.length = encoder.input_shape[1]
        self.state_shape = tuple(encoder.output_shape[1:])
        self._check_fit()
        self._generator = keras.random.SeedGenerator(seed)
        # Up to the logits: what sampled softmax needs of the decoder.
        self._hidden = keras.Model(
            decoder.inputs, decoder.get_layer("hidden").output
        )
        self._greedy = GreedyDecoder(decoder)
        self._loss = keras.metrics.Mean(name="loss")
        self._accuracy = keras.metrics.Mean(name="token_accuracy")
        self.build((None, self.length))

    def _check_fit(self):
        state, shifted = (tuple(x.shape[1:]) for x in self.decoder.inputs)
        if (state, shifted) != (self.state_shape, (self.length,)):
            raise errors.UserError(
                "`encoder` and `decoder` must have one state shape and length."
                f" Received: {self.state_shape}, {self.length} and {state}, "
                f"{shifted[0]}. Build both with the same sizes."
            )

    @property
    def metrics(self):
        return [self._loss, self._accuracy]

    def call(self, tokens, training=False):
        """Logits (batch, length, vocabulary) under teacher forcing."""
        return self.decoder(self._teach(tokens, training), training=training)

    def _teach(self, tokens, training):
        """The decoder's inputs, with noise and hidden words in training."""
        state = self.encoder(tokens, training=training)
        start = ops.full_like(tokens[:, :1], START)
        shifted = ops.concatenate([start, tokens[:, :-1]], axis=1)
        if training and self.state_noise:
            state = state + self.state_noise * keras.random.normal(
                ops.shape(state), seed=self._generator
            )
        if training and self.word_dropout:
            chance = keras.random.uniform(
                ops.shape(shifted), seed=self._generator
            )
            shifted = ops.where(
                (chance < self.word_dropout) & (shifted > UNKNOWN),
                UNKNOWN,
                shifted,
            )
        return [state, shifted]

    def train_step(self, tokens):
        with tf.GradientTape() as tape:
            loss = self._sampled_loss(tokens) if self.negatives else (
                self._full_loss(tokens, training=True)
            )
            scaled = self.optimizer.scale_loss(loss)
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(scaled, variables), variables)
        logs = {"loss": self._loss} if self.negatives else {
            metric.name: metric for metric in self.metrics
        }
        return {name: metric.result() for name, metric in logs.items()}

    def test_step(self, tokens):
        self._full_loss(tokens, training=False)
        return {metric.name: metric.result() for metric in self.metrics}

    def _full_loss(self, tokens, training):
        logits = self(tokens, training=training)
        losses = keras.losses.sparse_categorical_crossentropy(
            tokens, logits, from_logits=True
        )
        found = ops.cast(ops.argmax(logits, -1), "int32") == tokens
        said = ops.cast(tokens != PAD, losses.dtype)
        self._accuracy.update_state(found, sample_weight=said)
        self._loss.update_state(losses, sample_weight=said)
        return ops.sum(losses * said) / ops.sum(said)

    def _sampled_loss(self, tokens):
        hidden = self._hidden(self._teach(tokens, True), training=True)
        said = tf.where(tokens != PAD)
        embedding = self.decoder.get_layer("embedding")
        size = embedding.input_dim
        losses = tf.nn.sampled_softmax_loss(
            weights=tf.convert_to_tensor(embedding.embeddings),
            biases=tf.zeros(size),
            labels=tf.gather_nd(tokens, said)[:, None],
            inputs=tf.gather_nd(hidden, said),
            num_sampled=self.negatives,
            num_classes=size,
            seed=self.seed,
        )
        self._loss.update_state(losses)
        return ops.mean(losses)

    def encode(self, tokens, batch_size=512):
        """The states of int tokens (n, length), float32 in (-1, 1)."""
        return self.encoder.predict(tokens, batch_size=batch_size, verbose=0)

    def decode(self, states, batch_size=512):
        """The likeliest token after token, int32 (n, length), padded.

        Args:
            states: float32 (n, units) or (n, states, units / states).
            batch_size: Sentences a step.
        """
        return self._greedy(states, batch_size)

    def get_config(self):
        models = {"encoder": self.encoder, "decoder": self.decoder}
        return {
            **super().get_config(),
            **{
                name: keras.saving.serialize_keras_object(model)
                for name, model in models.items()
            },
            "state_noise": self.state_noise,
            "word_dropout": self.word_dropout,
            "negatives": self.negatives,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        models = {
            name: keras.saving.deserialize_keras_object(
                config[name], custom_objects=custom_objects
            )
            for name in ("encoder", "decoder")
        }
        return cls(**{**config, **models})
