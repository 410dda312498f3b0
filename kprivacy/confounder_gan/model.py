"""ConfounderGAN: noise that makes published pictures unlearnable."""

import keras
import numpy as np
from keras import ops

from kprivacy import errors
from kprivacy.adversarial import AdversarialModel
from kprivacy.confounder_gan import checks, compression, moves
from kprivacy.data import Arrays, pictures

ADVERSARIAL = ("equation_5", "algorithm_1", "non_saturating")


@keras.saving.register_keras_serializable("kprivacy")
class ConfounderGAN(AdversarialModel):
    """Trains a generator of noise that stands for the label of a picture.

    The client is the paper's generator, from a picture x to the protected
    picture x + G(x); its layer "noise" is G(x). The adversary is D, which
    tells both apart; there is no server. A fixed classifier f, trained on
    pictures as they are, looks at the noise alone. Each `train_step` takes
    a batch of pictures with their labels t, and

        maximises  E log D(x) + E log(1 - D(x + G(x)))          over D
        minimises  E log(1 - D(x + G(x))) + E l(f(G(x)), t)
                   + alpha E max(0, ||G(x)||_2 - c)              over G

    with the cross entropy l: Equations 2 to 5. Whoever trains on the protected
    pictures then finds the label in the noise, and does not look for
    it in the picture. Labels are needed for training alone.

    Algorithm 1 of the paper leaves the first term out of G's step, against
    its Equation 5; `adversarial="algorithm_1"` does as well, and
    "non_saturating" minimises -E log D(x + G(x)) in its place. The L2 hinge
    does not bound single pixels: the client's own bound does.

    Args:
        client: G, see `kprivacy.confounder_gan.build_client`.
        adversary: D, see `build_adversary`.
        classifiers: f, one functional `keras.Model` from pictures to logits,
            or several, whose losses are averaged. They stand still.
        hinge_weight: alpha.
        hinge_bound: c, in units of pictures in [0, 1]: the norm is over all
            pixels and channels.
        adversarial: "equation_5", "algorithm_1" or "non_saturating".
        adversarial_weight: Of D's term in G's step; the paper's is 1.
        confounder_weight: Of f's term, likewise.
        contrast: f sees 1/2 + contrast * G(x), as a picture about grey. 0:
            G(x) itself, the paper's, a nearly black one, of which f may see
            nothing at all, as its seed will have it.
        shift: Largest shift of the noise before f sees it in training, in
            its size; then it is also mirrored at random. 0: as it is.
        hidden: Share of the pictures' noise in which a square of half a
            side is zero before f sees it in training.
        grey: Share of the pictures' noise that is made grey before f sees it
            in training.
        blurred: Share of it that is averaged over 3 x 3 pixels, likewise.
        jpeg: Share of the protected pictures that are compressed before
            their noise is seen in training: of G(x) what f sees is the
            difference of the files of x + G(x) and of x. Pictures of 1 or 3
            channels; the gradient passes by the files' rounding.
        jpeg_quality: (lowest, highest) quality of these files, 1 to 100; each
            picture's is drawn.
        joint: Whether D sees pictures as they are and protected ones in one
            batch, so that its batch norm is the same for both, and for G's
            step. Otherwise two batches, as what learnt before this was
            there.
        seed: Seeds these moves.
        **kwargs: Passed to `keras.Model`.

    Raises:
        UserError: Models do not fit each other, or a number is outside its
            range.

    Example:

    >>> client = kprivacy.confounder_gan.build_client((32, 32, 3))
    >>> model = kprivacy.ConfounderGAN(
    ...     client, kprivacy.confounder_gan.build_adversary(client), resnet)
    >>> model.compile("adam", "adam")
    >>> model.fit(pictures, labels, epochs=30)
    >>> protected = client.predict(pictures)

    Reference: Tian et al., ConfounderGAN: protecting image data privacy with
    causal confounder, 2022.
    """

    LOSSES = ("loss", "confounder_loss", "hinge_loss", "adversarial_loss",
              "adversary_loss")
    ROLES = ("client", "adversary")
    OPTIONAL_ROLES = ("server",)
    # Whether there is another reader, so that f may be left out.
    CLASSIFIERS_OPTIONAL = False

    def __init__(
        self,
        client,
        adversary,
        classifiers,
        hinge_weight=1.0,
        hinge_bound=1.0,
        adversarial="equation_5",
        adversarial_weight=1.0,
        confounder_weight=1.0,
        contrast=0.0,
        shift=0.0,
        hidden=0.0,
        grey=0.0,
        blurred=0.0,
        jpeg=0.0,
        jpeg_quality=(30, 95),
        joint=True,
        seed=None,
        **kwargs,
    ):
        errors.check_choice("adversarial", adversarial, ADVERSARIAL)
        several = isinstance(classifiers, (list, tuple))
        given = list(classifiers) if several else [classifiers]
        checks.check_client(client)
        checks.check_readers(given, client.input_shape[1:])
        if not given and (confounder_weight or not self.CLASSIFIERS_OPTIONAL):
            raise errors.UserError(
                "`classifiers` must have one at least, for f. Received: none. "
                "Give one, such as `kprivacy.networks.classifier(...)` that "
                "is trained, or use `SurrogateConfounderGAN` with "
                "`confounder_weight=0`."
            )
        checks.check_each(
            errors.check_fraction, shift=shift, hidden=hidden, grey=grey,
            blurred=blurred,
        )
        checks.check_each(
            errors.check_weight, hinge_weight=hinge_weight,
            hinge_bound=hinge_bound, adversarial_weight=adversarial_weight,
            confounder_weight=confounder_weight, contrast=contrast,
        )
        compression.check(jpeg, tuple(jpeg_quality), client.input_shape[-1])
        self._given = lambda: given
        super().__init__(client, None, adversary, seed=seed, **kwargs)
        self.hinge_weight = hinge_weight
        self.hinge_bound = hinge_bound
        self.adversarial = adversarial
        self.adversarial_weight = adversarial_weight
        self.confounder_weight = confounder_weight
        self.contrast = contrast
        self.shift = shift
        self.hidden = hidden
        self.grey = grey
        self.blurred = blurred
        self.jpeg = jpeg
        self.jpeg_quality = tuple(jpeg_quality)
        self.joint = joint
        self.class_loss = keras.losses.SparseCategoricalCrossentropy(
            from_logits=True
        )
        self.real_loss = keras.losses.BinaryCrossentropy(from_logits=True)
        self.mean_loss = keras.losses.MeanAbsoluteError()
        # A function, so that Keras does not save its layers a second time.
        self._both = keras.Model(
            client.inputs[0],
            [client.outputs[0], client.get_layer("noise").output],
        ).__call__

    def build(self, input_shape):
        super().build(input_shape)
        # Saved with the model: a loaded one trains on.
        self.classifiers = self._given()

    def compile(self, optimizer, adversary_optimizer, metrics=None, **kwargs):
        """Configures training.

        Args:
            optimizer: Of G.
            adversary_optimizer: Of D.
            metrics: Of the first classifier's scores of the noise, against
                the labels.
            **kwargs: Arguments of `keras.Model.compile`.
        """
        super().compile(optimizer, adversary_optimizer, metrics, **kwargs)

    def metric_arguments(self):
        scores = ops.zeros((1, self.reader.output_shape[-1]))
        return ops.zeros((1,), "int32"), scores

    @property
    def reader(self):
        """The classifier whose scores `metrics` are of."""
        return self.classifiers[0]

    @property
    def readers(self):
        """All classifiers that look at noise or at pictures."""
        return list(self.classifiers)

    def fit(self, x=None, y=None, *args, **kwargs):
        """As of Keras.

        Args:
            x: Pictures, float (examples, height, width, channels) in [0, 1];
                or a `tf.data.Dataset` of batches of them with their labels.
            y: Labels, integers (examples,), with arrays.
            *args, **kwargs: Of `keras.Model.fit`.

        Raises:
            UserError: Arrays are no such pictures and labels. Of batches the
                types and shapes are looked at, the numbers are not.
        """
        arrays = isinstance(x, np.ndarray) and isinstance(y, np.ndarray)
        if self.compiled and arrays:
            pictures.check(x=Arrays(x, y, self.reader.output_shape[-1]))
        return super().fit(x, y, *args, **kwargs)

    def train_step(self, data):
        images, labels = self._unpack(data)
        protected = self.client(images, training=True)
        judged = {
            side: self.minimize(objective, f"{side}_optimizer")["loss"]
            for side, objective in self.judges(images, protected, labels, True)
        }
        losses = self.minimize(
            lambda: self.defender_objective(images, labels, True),
            "optimizer",
        )
        return self._reported(losses, judged, labels)

    def test_step(self, data):
        images, labels = self._unpack(data)
        losses = self.defender_objective(images, labels, False)
        judged = {
            side: objective()["loss"] for side, objective in
            self.judges(images, losses["protected"], labels, False)
        }
        return self._reported(losses, judged, labels)

    def _unpack(self, data):
        errors.check_pair(
            data,
            "ConfounderGAN trains on pairs (pictures, labels).",
            "Pass `x` and `y` to `fit`, without sample weights.",
        )
        checks.check_batch(*data)
        checks.check_readers(self.readers, data[0].shape[1:])
        return data

    def judges(self, images, protected, labels, training):
        """Who learns from what was protected: pairs (side, objective)."""
        return [("adversary", lambda: self.adversary_objective(
            images, protected, training
        ))]

    def _reported(self, losses, judged, labels):
        named = {f"{side}_loss": loss for side, loss in judged.items()}
        return self.report({**losses, **named}, labels, losses["scores"])

    def call(self, inputs, training=False):
        """The protected pictures."""
        return self.client(inputs, training=training)

    def adversary_objective(self, images, protected, training):
        """D's loss, minus Equation 2."""
        if self.joint:
            scores = self.adversary(
                ops.concatenate([images, protected]), training=training
            )
            real, fake = ops.split(scores, 2)
        else:
            real = self.adversary(images, training=training)
            fake = self.adversary(protected, training=training)
        return {
            "loss": self.real_loss(ops.ones_like(real), real)
            + self.real_loss(ops.zeros_like(fake), fake)
        }

    def defender_objective(self, images, labels, training):
        """G's loss, Equation 5, the discriminator standing still."""
        protected, noise = self._both(images, training=training)
        seen = noise, protected
        if training and self.jpeg:
            seen = compression.left(
                images, protected, noise, self.qualities(protected)
            )
        confounder, scores = self.confounder(*seen, labels, training)
        norms = ops.sqrt(ops.sum(ops.square(noise), axis=(1, 2, 3)) + 1e-12)
        excess = ops.relu(norms - self.hinge_bound)[:, None]
        hinge = self.mean_loss(ops.zeros_like(excess), excess)
        adversarial = self._adversarial(protected)
        return {
            "loss": self.adversarial_weight * adversarial
            + confounder + self.hinge_weight * hinge,
            "confounder_loss": confounder,
            "hinge_loss": hinge,
            "adversarial_loss": adversarial,
            "scores": scores,
            "protected": protected,
        }

    def confounder(self, noise, protected, labels, training):
        """f's loss on the noise alone, Equation 3, and the first f's scores."""
        seen = self.augmented(noise) if training else noise
        if self.contrast:
            seen = 0.5 + self.contrast * seen
        scores = [one(seen, training=False) for one in self.classifiers]
        losses = [self.class_loss(labels, one) for one in scores]
        return self.confounder_weight * sum(losses) / len(losses), scores[0]

    def qualities(self, images):
        """JPEG's quality for each picture, 0 for those that stay."""
        return compression.drawn(
            ops.shape(images)[0], self.jpeg, self.jpeg_quality,
            self.noise_generator,
        )

    def augmented(self, seen):
        """Noise, or pictures, as whoever trains on them may change them."""
        return moves.augmented(
            seen, self.grey, self.blurred, self.shift, self.hidden,
            self.noise_generator,
        )

    def _adversarial(self, protected):
        """D's term in G's step."""
        if self.adversarial == "algorithm_1":
            return ops.zeros(())
        scores = self.adversary(protected, training=False)
        if self.adversarial == "non_saturating":
            return self.real_loss(ops.ones_like(scores), scores)
        return -self.real_loss(ops.zeros_like(scores), scores)

    def get_config(self):
        names = ("hinge_weight", "hinge_bound", "adversarial",
                 "adversarial_weight", "confounder_weight", "contrast", "shift",
                 "hidden", "grey", "blurred", "jpeg", "jpeg_quality", "joint")
        save = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "classifiers": [save(one) for one in self.classifiers],
            **{name: getattr(self, name) for name in names},
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        config["classifiers"] = [
            keras.saving.deserialize_keras_object(
                one, custom_objects=custom_objects
            )
            for one in config["classifiers"]
        ]
        return super().from_config(config, custom_objects)
