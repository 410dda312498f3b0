"""Fields that every FakeSafe config has, and their defaults."""

import ml_collections
from kprivacy.configs import common

SMOKE_EXAMPLES = 64
VECTORS = ("words:", "vectors:")


def fakesafe(source, target, variant=None):
    """FakeSafe from the domain `source` to the domain `target`.

    Args:
        source: Name of the private domain, as for
            `kprivacy.fakesafe.domains.read`.
        target: Name of the fake's domain.
        variant: None for a keyed code of bits inside a cover, where the fake
            is an image; "convolutional" for fakes made of the code alone;
            "paper" for the paper's perceptrons, "smoke" for two steps of
            these on a few examples.
    """
    common.check_variant(variant, ("convolutional", "paper", "smoke"))
    config = ml_collections.ConfigDict()
    config.method = "fakesafe"  # folder of kprivacy that trains it
    config.seed = 0  # of weights, orders, keys and noise
    config.epochs = 10  # times `steps_per_epoch`
    config.steps_per_epoch = 500  # batches, each from both domains
    config.batch_size = 64  # examples of each domain a step
    config.steps_per_execution = 10  # batches a call of the train function
    config.jit_compile = "auto"  # XLA: on GPUs; or "on", "off"
    config.precision = "float32"  # or "mixed_bfloat16", "mixed_float16"
    config.export = common.export_section()
    config.learning_rate = 2e-4  # of F and R, the paper's
    config.adversary_learning_rate = 2e-4  # of D
    config.beta_1 = 0.9  # Adam's momentum
    config.cosine_decay = False  # whether both rates decay to 2 %
    config.pretraining_steps = 0  # of the code alone, before epoch 0
    config.average = 0.0  # momentum of averaged weights; 0: none
    config.content_epochs = 4  # of the classifier behind `content_weight`

    for role, name in (("source", source), ("target", target)):
        config[role] = domain = ml_collections.ConfigDict()
        domain.name = name  # a data set, or "vectors:FILE.npz"
        domain.data_dir = ml_collections.config_dict.placeholder(str)
        domain.download = False  # whether TFDS may download what is missing
        domain.image_size = ml_collections.config_dict.placeholder(tuple)
        domain.copies = 0  # moved copies of each private example
        domain.train_split = "defender[2%:]"  # what is trained on
        domain.validation_split = "defender[:2%]"  # what is watched
        domain.test_split = "test"  # what is reported

    config.client = _network()
    config.server = _network()
    config.adversary = adversary = ml_collections.ConfigDict()
    adversary.network = "mlp"  # or "convolutional"
    adversary.units = (1024, 512, 256)  # widths of the perceptron's layers
    adversary.filters = (32, 64)  # of the strided convolutions
    adversary.detail = 0  # filters of a convolution at full size
    adversary.dropout = 0.0  # share of the last layer's inputs

    config.model = model = ml_collections.ConfigDict()
    model.cycle_weight = 10.0  # of the cycle loss
    model.identity_weight = 0.0  # of the identity loss
    model.code_weight = 0.0  # of the code's error
    model.content_weight = 0.0  # of the classes' divergence
    model.content_reach = 0.0  # moves what was recovered, share of its size
    model.pool_size = 0  # earlier fakes for D
    model.quantize = ml_collections.config_dict.placeholder(bool)  # images
    model.channel_noise = ml_collections.config_dict.placeholder(float)
    if variant == "smoke":
        _shrink(config)
        return config
    if source.startswith(VECTORS):
        config.client.units = (64, 256, 512, 1024)  # the paper's, of text
        config.server.units = (128, 256, 512, 1024)
    if variant != "paper":
        _improve(config)
        if variant or target.startswith(VECTORS):
            _fit(config)
        else:
            _cover(config)
    else:
        model.quantize = False
        model.channel_noise = 0.0
        if source.startswith(VECTORS):
            config.server.dropout = 0.2  # the paper's, in place of batch norm
            config.server.normalise = False
    return config


def cycle_weight_sweep():
    """Weights of the cycle loss, as overrides of single fields."""
    weights = (1.0, 3.0, 10.0, 30.0)
    return [{"model.cycle_weight": weight} for weight in weights]


def _network():
    network = ml_collections.ConfigDict()
    network.network = "mlp"  # or "convolutional"
    network.units = (256, 512, 1024)  # widths of the perceptron's layers
    network.filters = (64, 32)  # of the convolutions, from code to image
    network.detail = 0  # filters of convolutions at full size
    network.dropout = 0.0  # share of each dense layer's outputs
    network.normalise = True  # whether dense layers have batch norm
    network.code = 0  # length of the code in the middle; 0: none
    network.key = False  # whether the code is turned by a secret key
    network.cover = 0  # bits a direction of a cover image; 0: no cover
    network.spacing = 0.09  # of a cover's lattice: strength against trace
    network.smooth = 0.5  # of its directions, pixels
    return network


def _improve(config):
    """Convolutions around a binary code that a key turns.

    Fakes are then made of uniform bits whatever the message, and a code of
    128 is what an image of 28 x 28 holds beside looking like one. F and R
    learn faster than D: they have the message to learn as well.
    """
    config.epochs = 13
    config.learning_rate = 1e-3
    config.adversary_learning_rate = 3e-4
    config.beta_1 = 0.5
    config.cosine_decay = True
    for part in (config.client, config.server, config.adversary):
        part.network = "convolutional"
    for part in (config.client, config.server):
        part.code = 128
        part.key = True
    config.model.code_weight = 0.5


def _cover(config):
    """The code goes into a real example of the fake's domain.

    Message and code are learnt first, by classes as well as by pixels; what
    is left is where a cover can change unseen, and to read it under noise.
    """
    config.epochs = 2
    config.pretraining_steps = 6000
    config.model.code_weight = 0.0
    config.model.channel_noise = 0.01
    config.model.content_weight = 1.0
    if config.target.name != "olivetti_faces":
        # The rest stays new, for covers.
        config.target.train_split = "defender[2%:60%]"
    both = config.client, config.server
    for part in both:
        part.cover, part.code = 1, 96
    if config.target.name == "mnist":
        # Few pixels of a digit are grey: two bits in each direction.
        for part in both:
            part.cover, part.code = 2, 64
    if config.source.name == "fashion_mnist":
        # Clothes are told apart less easily than digits.
        config.content_epochs = 8
        config.pretraining_steps = 8000
        if config.target.name == "mnist":
            config.pretraining_steps = 12_000
            config.model.content_weight = 1.5
    if config.source.name == "olivetti_faces":
        # A few hundred pictures of 64 x 64.
        config.source.copies = 20
        config.content_epochs = 8
        config.model.content_reach = 0.05
        config.batch_size = 32
        for part in both:
            part.filters = (64, 48, 32)
            if config.target.name != "mnist":
                part.code = 256
        if config.target.name == "mnist":
            config.pretraining_steps = 12_000
    if config.source.name.startswith(VECTORS):
        config.model.content_weight = 0.0
        config.pretraining_steps = 3000
        for part in both:
            part.code = 64
        if config.source.name.startswith("vectors:"):
            # States of sentences fill their 32 numbers, words do not.
            config.pretraining_steps = 6000
            for part in both:
                part.code = 96


def _fit(config):
    """What the domains ask for, beyond `_improve`, without covers."""
    both = config.client, config.server
    if config.source.name.startswith("words:"):
        # A few hundred words need few bits, and no dropout in between; left
        # to be learnt beside the fakes, the code stays worse than its
        # length allows.
        config.epochs = 8
        config.pretraining_steps = 3000
        for part in both:
            part.code = 64
    if config.target.name == "mnist":
        # Most of a digit is black: fewer bits, of more weight.
        config.pretraining_steps = 4000
        for part in (*both, config.adversary):
            part.detail = 16
        for part in both:
            part.code = 96
        config.model.cycle_weight = 30.0
        config.model.code_weight = 3.0
        config.model.channel_noise = 0.01


def _shrink(config):
    """Two steps on a few examples, to see that everything runs."""
    config.epochs = 2
    config.steps_per_epoch = 2
    config.steps_per_execution = 1
    config.batch_size = 16
    for part in (config.client, config.server, config.adversary):
        part.units = (16, 16)
    for role in (config.source, config.target):
        role.name = "digits"
        role.train_split = f"defender[:{SMOKE_EXAMPLES}]"
        role.validation_split = f"test[:{SMOKE_EXAMPLES}]"
        role.test_split = f"test[:{SMOKE_EXAMPLES}]"
