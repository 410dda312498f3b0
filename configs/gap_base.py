"""Fields that every GAP config has, and their defaults."""

import ml_collections
from kprivacy.configs import common

SMOKE_EXAMPLES = 64
# Of digits: whether it is odd, and which pair it is of.
PARITY = (0, 1) * 5
PAIRS = (0, 0, 1, 1, 2, 2, 3, 3, 4, 4)


def gap(name, private, variant=None):
    """GAP on the data set `name`, with the report's settings by default.

    Args:
        name: As for `kprivacy.data.load`.
        private: Name of the private attribute, "label" for the labels.
        variant: None, or "smoke" for two steps on a few examples.
    """
    config = ml_collections.ConfigDict()
    config.method = "gap"  # folder of kprivacy that trains it
    config.seed = 0  # of weights, orders and noise
    config.epochs = 50  # epochs_train of the report
    config.rounds_per_epoch = 0  # train steps; 0: a pass over the examples
    config.batch_size = 128  # examples a step
    config.steps_per_execution = 1  # rounds a call of the train function
    config.jit_compile = "auto"  # XLA: on GPUs; or "on", "off"
    config.precision = "float32"  # or "mixed_bfloat16", "mixed_float16"
    config.export = common.export_section()
    config.learning_rate = 1e-3  # of channel and server
    config.adversary_learning_rate = 1e-3  # of the discriminator
    config.beta_1 = 0.9  # Adam's momentum
    config.cosine_decay = True  # whether both rates decay to 2 %
    config.epochs_pre_g = 10  # passes of the channel before the game
    config.epochs_pre_d = 10  # of the discriminator, after those
    config.pretraining_learning_rate = 1e-3  # of both
    config.average = 0.0  # momentum of averaged channel weights; 0: none
    config.temperature_end = 0.0  # of a schedule over 70 % of them; 0: none
    config.mirrored = False  # whether images are learnt from mirrored as well
    config.sees_private = False  # whether the channel sees the attribute

    config.private = attribute(private)
    config.public = ml_collections.ConfigDict()  # name to `attribute`

    config.data = data = common.data_set(name)
    data.train_split = "defender[4%:52%]"  # what the channel learns from
    data.adversary_split = "defender[52%:]"  # what its adversary does
    data.validation_split = "defender[:4%]"  # what is watched in training
    data.attacker_split = "attacker"  # what fresh attackers learn from
    data.test_split = "test"  # what is reported

    config.client = client = ml_collections.ConfigDict()
    client.network = "autoencoder"  # or "unet", "dense", "affine", "flips"
    client.filters = (16, 32, 64)  # of the strided convolutions
    client.units = (128, 64)  # widths of the perceptron's layers
    client.code = 128  # length of the encoding
    client.noise = 0  # length of the noise that perturbs it
    client.residual = False  # whether it learns what is added to the data
    client.amplitude = 0.0  # of noise on a bounded code; 0: noise beside it
    client.blend = False  # whether a mask leaves some of the data as they are

    config.server = server = ml_collections.ConfigDict()
    server.units = (128,)  # widths of the dense layers
    server.filters = (32, 64, 64)  # of the strided convolutions

    config.adversary = adversary = ml_collections.ConfigDict()
    adversary.network = "default"  # "convolutional", "vgg" or "mlp"
    adversary.units = (128,)  # widths of the dense layers
    adversary.filters = (32, 64, 64)  # of the convolutions
    adversary.dropout = 0.0  # share of the last layer's inputs
    adversary.augmented = False  # whether it sees moved images in training
    adversary.linear = False  # whether a linear function joins its scores

    config.model = model = ml_collections.ConfigDict()
    model.privacy_weight = 0.1  # lambda
    model.objective = "cross_entropy"  # or "total_variation", ...
    model.distortion = "mse"  # a mean over elements
    model.constraint = "weight"  # or "penalty", "augmented_lagrangian"
    model.budget = ml_collections.config_dict.placeholder(float)  # of these
    model.stiffness = 10.0  # of these
    model.utility_weight = 1.0  # of the public attributes' losses
    model.itr_d = 1  # discriminator steps a round
    model.itr_g = 1  # channel steps a round
    model.bounded = False  # whether the reward ends at its ceiling
    model.temperature = 1.0  # of the objective "accuracy", at the start

    config.attack = attack = ml_collections.ConfigDict()
    attack.attackers = ()  # names; none given: all
    attack.steps = 600  # gradient steps of the convolutional attacker
    if variant == "smoke":
        shrink(config)
    return config


def attribute(name, bins=0, groups=(), real=False):
    """How an attribute is read, see `kprivacy.gap.attributes`."""
    section = ml_collections.ConfigDict()
    section.name = name  # "label", or an attribute of the set
    section.bins = bins  # equally frequent classes of a value; 0: as it is
    section.groups = tuple(groups)  # class of each of the sorted values
    section.real = real  # whether it is inferred as a number
    return section


def low_privacy(config):
    """The report's low-privacy regime."""
    config.epochs_pre_d = config.epochs_pre_g = 25
    config.epochs = 300
    # 15 and 20 steps of an epoch, in five rounds.
    config.model.itr_d, config.model.itr_g = 3, 4
    config.rounds_per_epoch = 5


def high_privacy(config):
    """The report's high-privacy regime."""
    config.epochs_pre_d = config.epochs_pre_g = 10
    config.epochs = 50
    # 800 and 500 steps of an epoch, in a hundred rounds.
    config.model.itr_d, config.model.itr_g = 8, 5
    config.rounds_per_epoch = 100


def improved(config):
    """What is added to the report, for images and signals."""
    config.epochs = 40
    config.beta_1 = 0.5
    config.average = 0.99
    config.epochs_pre_g = 0
    config.epochs_pre_d = 5
    config.client.network = "unet"
    config.client.filters = (32, 48, 64)
    config.client.code = 64
    config.client.residual = True
    config.model.objective = "maximum_entropy"
    config.model.itr_d = 2


def improved_images(config):
    """What is added to the report, for images.

    A channel that adds to the picture what it learns, with connections at
    each size and noise; its adversary's answer is drawn to the prior, under a
    budget of distortion.
    """
    improved(config)
    config.client.noise = 8
    config.adversary.dropout = 0.3
    config.model.constraint = "penalty"
    config.model.stiffness = 1e5
    config.model.privacy_weight = 1.0


def coded_images(config):
    """As `improved_images`, through a code of 32 numbers.

    A code leaves an adversary less to read than a picture with all its edges
    does.
    """
    improved_images(config)
    config.client.network = "autoencoder"
    config.client.residual = False
    config.client.code = 32
    config.epochs_pre_g = 20


def privacy_weight_sweep():
    """Weights of privacy, as overrides of single fields."""
    weights = (0.01, 0.03, 0.1, 0.3, 1.0)
    return [{"model.privacy_weight": weight} for weight in weights]


def shrink(config):
    """Two steps on a few examples, to see that everything runs."""
    config.epochs = 2
    config.rounds_per_epoch = 2
    config.batch_size = 16
    config.epochs_pre_d = config.epochs_pre_g = 1
    config.model.itr_d = config.model.itr_g = 1
    for part in (config.client, config.server, config.adversary):
        part.units = (16,)
        part.filters = (4, 8)
    config.data.name = "digits"
    config.data.label = "label"
    config.data.image_size = None
    config.data.group = "subject"
    config.data.standardise = False
    config.private = attribute("label")
    config.public = ml_collections.ConfigDict()
    config.model.objective = "cross_entropy"
    if config.client.network in ("affine", "flips"):
        config.client.network = "dense"
    count = SMOKE_EXAMPLES
    config.data.train_split = f"defender[:{count}]"
    config.data.adversary_split = f"defender[{count}:{2 * count}]"
    config.data.validation_split = f"defender[{2 * count}:{3 * count}]"
    config.data.attacker_split = f"attacker[:{count}]"
    config.data.test_split = f"test[:{count}]"
    config.attack.attackers = ("logistic_regression",)
    config.attack.steps = 12
