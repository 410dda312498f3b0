"""Fields that every RAN config has, and their defaults."""

import ml_collections

SMOKE_EXAMPLES = 64


def ran(name, variant=None):
    """RAN on the data set `name`, by default with the paper's settings.

    Args:
        name: As for `kprivacy.data.load`.
        variant: None, or "smoke" for two steps on a few examples.
    """
    config = ml_collections.ConfigDict()
    config.method = "ran"  # folder of kprivacy that trains it
    config.seed = 0  # of weights, order and noise
    config.epochs = 10  # passes over the defender's part
    config.batch_size = 128  # examples a step
    config.steps_per_execution = 1  # batches a call of the train function
    config.jit_compile = "auto"  # XLA: on GPUs; or "on", "off"
    config.precision = "float32"  # or "mixed_bfloat16", "mixed_float16"
    config.export = export_section()
    config.learning_rate = 1e-3  # of stage (4), the paper's l3
    config.adversary_learning_rate = 1e-3  # of stage (3), l2
    config.utility_learning_rate = 1e-3  # of stage (2), l1
    config.utility_weight_start = 0.0  # of a schedule to lambda; 0: none
    config.cosine_decay = True  # whether l1 and l3 decay to 2 %

    config.data = data = data_set(name)
    data.stream = False  # whether batches are read from disk as they come
    data.train_split = "defender[5%:]"  # defender and adversary learn from it
    data.validation_split = "defender[:5%]"  # what is watched in training
    data.attacker_split = "attacker"  # what fresh attackers learn from
    data.test_split = "test"  # what is reported

    config.client = client = ml_collections.ConfigDict()
    client.network = "lenet"  # backbone
    client.filters = (16, 32)  # of each convolution
    client.kernel_size = 5  # of the convolutions, pixels
    client.bottleneck = 0  # length of the features; 0: the pooled maps
    client.noise = 0.0  # amplitude of the noise input; 0: none

    config.server = server = ml_collections.ConfigDict()
    server.units = (128,)  # widths of the hidden layers
    server.dropout = 0.0  # share of the last layer's inputs

    config.adversary = adversary = ml_collections.ConfigDict()
    adversary.decoders = 1  # decoders in the loop
    adversary.widen = 1  # factor on their filters

    config.model = model = ml_collections.ConfigDict()
    model.utility_weight = 0.5  # lambda
    model.inner_steps = 3  # k
    model.bounded = True  # whether the reward ends at its ceiling
    model.per_example = "sum"  # squared error over an example's elements
    model.compactness_weight = 0.0  # of the scatter within a class

    config.attack = attack = ml_collections.ConfigDict()
    attack.attackers = ()  # names; none given: all
    attack.steps = 600  # gradient steps of a decoder
    if variant == "smoke":
        _shrink(config)
    return config


def export_section():
    """What `export.main` makes where its flags do not say otherwise."""
    export = ml_collections.ConfigDict()
    export.quantization = "int8"  # the client's arithmetic, or "auto"
    export.utility_loss = 0.003  # largest that "auto" accepts, absolute
    export.privacy_loss = 0.03  # likewise, the attack's gain as a share
    return export


def data_set(name):
    """Which data set, and how it is read."""
    data = ml_collections.ConfigDict()
    data.name = name  # as for `kprivacy.data.load`: TFDS name, "digits", ...
    data.data_dir = ml_collections.config_dict.placeholder(str)  # or TFDS's
    data.download = False  # whether TFDS may download what is missing
    data.image_size = ml_collections.config_dict.placeholder(tuple)  # resize
    data.label = "label"  # the feature that is the class
    data.group = "subject"  # the feature by which sets are divided
    data.standardise = False  # whether signals are, channel by channel
    return data


def improved(config):
    """What is added to the paper: a short code, and classes as points.

    The bottleneck is 16 numbers in [0, 1]; the scatter within a class is
    penalised; one inner step, since the optimizers run to the end of the
    decay. Lambda is near 1 because the reconstruction error is a sum over
    784 pixels, of the order of 50, and the cross entropy of the order of 0.1.
    """
    config.client.bottleneck = 16
    config.model.utility_weight = 0.98
    config.model.inner_steps = 1
    config.model.compactness_weight = 20.0


def ran_images(name, variant=None):
    """RAN on a set of small images: improved, or "paper", or "smoke"."""
    check_variant(variant, ("paper", "smoke"))
    config = ran(name, variant)
    if variant == "paper":
        config.epochs = 2  # each with k + 1 steps a batch
    if variant is None:
        config.epochs = 4
        improved(config)
    return config


def deep(config, network, filters):
    """Takes AlexNet or VGG-16, of given width, as the client's network."""
    del config.client.kernel_size
    config.client.network = network
    config.client.filters = filters


def utility_weight_sweep():
    """The lambdas of the paper's Figure 3."""
    weights = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.9)
    return [{"model.utility_weight": weight} for weight in weights]


def _shrink(config):
    """Two steps on a few examples, to see that everything runs."""
    config.epochs = 1
    config.batch_size = SMOKE_EXAMPLES // 2
    config.data.name = "digits"
    config.data.train_split = f"defender[:{SMOKE_EXAMPLES}]"
    held = f"{SMOKE_EXAMPLES}:{2 * SMOKE_EXAMPLES}"
    config.data.validation_split = f"defender[{held}]"
    config.data.attacker_split = f"attacker[:{SMOKE_EXAMPLES}]"
    config.data.test_split = f"test[:{SMOKE_EXAMPLES}]"
    config.attack.attackers = ("ridge", "mirror")
    config.attack.steps = 12


def check_variant(variant, choices):
    """Raises unless `variant` is None or one of `choices`."""
    if variant is not None and variant not in choices:
        raise ValueError(
            f"The variant after the colon must be one of {choices}. "
            f"Received: {variant!r}."
        )
