"""ConfounderGAN beside a classifier that learns from what it protects."""

import keras

from kprivacy import errors
from kprivacy.confounder_gan import checks, compression
from kprivacy.confounder_gan.model import ConfounderGAN
from kprivacy.seeding import seeded


@keras.saving.register_keras_serializable("kprivacy")
class SurrogateConfounderGAN(ConfounderGAN):
    """ConfounderGAN whose noise a training classifier finds, too.

    The paper's f has never seen noise and never learns to: the generator has
    to find what it takes for a class. Here a surrogate s, a stand-in for
    whoever trains without leave, learns from protected pictures, augmented
    as the options say, and the generator's loss has

        surrogate_weight * E l(s(x + G(x)), t)

    as well: error-minimising noise, made by a generator in one pass. What is
    found first by s is found first by others. With `confounder_weight=0` the
    paper's f is left out, and s alone is asked: `classifiers` may be empty.
    A trainer without leave begins with new weights; the callback `Renewal`
    has s do so every few epochs; its batch norm then has to learn its moving
    statistics anew, which the generator reads meanwhile. What is reported as
    `confounder_loss` has both terms, and `metrics` are of the scores of s.

    Args:
        client: As for `ConfounderGAN`, as are all others.
        adversary: Likewise.
        classifiers: Likewise.
        surrogate: s, a functional `keras.Model` from pictures to logits.
        surrogate_weight: Of its loss in the generator's.
        **kwargs: Of `ConfounderGAN`.

    Raises:
        UserError: As `ConfounderGAN`; or the surrogate takes other pictures,
            or its weight is below 0.

    Reference: Huang et al., Unlearnable examples: making personal data
    unexploitable, 2021, for the objective; Liu et al., Game-theoretic
    unlearnable example generator, 2024, for a generator trained by it.
    """

    CLASSIFIERS_OPTIONAL = True
    LOSSES = (*ConfounderGAN.LOSSES, "surrogate_loss")
    ROLES = (*ConfounderGAN.ROLES, "surrogate")
    OPTIMIZERS = {
        **ConfounderGAN.OPTIMIZERS, "surrogate_optimizer": "surrogate",
    }

    def __init__(
        self,
        client,
        adversary,
        classifiers,
        surrogate,
        surrogate_weight=1.0,
        **kwargs,
    ):
        checks.check_readers([surrogate], client.input_shape[1:])
        errors.check_weight("surrogate_weight", surrogate_weight)
        self._surrogate_given = lambda: surrogate
        super().__init__(client, adversary, classifiers, **kwargs)
        self.surrogate_weight = surrogate_weight

    def build(self, input_shape):
        super().build(input_shape)
        self.surrogate = self._surrogate_given()

    @property
    def reader(self):
        return self.surrogate

    @property
    def readers(self):
        return [*super().readers, self.surrogate]

    def side_variables(self, side):
        if side == "surrogate":
            return self.surrogate.trainable_variables
        return super().side_variables(side)

    def judges(self, images, protected, labels, training):
        return [
            *super().judges(images, protected, labels, training),
            ("surrogate", lambda: self.surrogate_objective(
                protected, labels, training
            )),
        ]

    def surrogate_objective(self, protected, labels, training):
        """What the surrogate loses on protected pictures."""
        seen = protected
        if training:
            if self.jpeg:
                seen = compression.compressed(seen, self.qualities(seen))
            seen = self.augmented(seen)
        scores = self.surrogate(seen, training=training)
        return {"loss": self.class_loss(labels, scores)}

    def renew(self, seed):
        """Gives the surrogate new weights, and its optimizer nothing to know.

        Args:
            seed: Of the weights, an int.
        """
        with seeded(seed):
            other = keras.models.clone_model(self.surrogate)
        self.surrogate.set_weights(other.get_weights())
        optimizer = self.surrogate_optimizer
        fresh = type(optimizer).from_config(optimizer.get_config())
        fresh.build(self.side_variables("surrogate"))
        for now, first in zip(optimizer.variables, fresh.variables):
            now.assign(first)

    def confounder(self, noise, protected, labels, training):
        """f's loss on the noise and s's on the picture, weighed; s's scores."""
        seen = self.augmented(protected) if training else protected
        scores = self.surrogate(seen, training=False)
        loss = self.surrogate_weight * self.class_loss(labels, scores)
        if not self.confounder_weight:
            return loss, scores
        fixed, _ = super().confounder(noise, protected, labels, training)
        return fixed + loss, scores

    def get_config(self):
        return {
            **super().get_config(), "surrogate_weight": self.surrogate_weight
        }


class Renewal(keras.callbacks.Callback):
    """Begins the surrogate anew every few epochs.

    Its weights depend on the seed and the epoch alone, so that a training
    that resumes is the straight one.

    Args:
        every: Epochs of a surrogate, at least 1.
        seed: An int.

    Reference: Zhang et al., Segue: side-information guided generative
    unlearnable examples, 2023, which does it every five epochs.
    """

    def __init__(self, every, seed=0):
        super().__init__()
        errors.check_count("every", every)
        self._every, self._seed = every, seed

    def on_epoch_begin(self, epoch, logs=None):
        if epoch and epoch % self._every == 0:
            self.model.renew(self._seed + epoch)
