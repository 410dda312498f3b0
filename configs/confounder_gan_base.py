"""Fields that every ConfounderGAN config has, and their defaults."""

import ml_collections
from kprivacy.configs import common

SMOKE_EXAMPLES = 64
VARIANTS = ("guided", "joint", "ensemble", "contrast", "jpeg",
            "paper", "smoke")


def confounder_gan(name, variant=None):
    """ConfounderGAN on the data set `name`, by default with Equation 5.

    The paper's appendix with networks, optimizer, alpha and c is not
    available: they are chosen here.

    Args:
        name: As for `kprivacy.data.load`.
        variant: None for what is added to the paper; "guided" for that
            without the classes' squares, "joint" for that with D's batches
            of both kinds, "ensemble" for that with a ResNet-50 beside the
            ResNet-18 that looks at the noise, "contrast" for noise that
            they see about grey; "jpeg" for that, most of it as it is left
            by JPEG files of quality 10 to 75; "paper" for its losses alone;
            "smoke" for two steps on a few examples.
    """
    common.check_variant(variant, VARIANTS)
    config = ml_collections.ConfigDict()
    config.method = "confounder_gan"  # folder of kprivacy that trains it
    config.seed = 0  # of weights, orders and moves
    config.epochs = 40  # passes over the pictures
    config.batch_size = 128  # pictures a step
    config.steps_per_execution = 10  # batches a call of the train function
    config.jit_compile = "auto"  # XLA: on GPUs; or "on", "off"
    config.precision = "float32"  # or "mixed_bfloat16", "mixed_float16"
    config.export = common.export_section()
    config.learning_rate = 1e-3  # of the generator
    config.adversary_learning_rate = 1e-4  # of the discriminator
    config.beta_1 = 0.5  # Adam's momentum
    config.cosine_decay = True  # whether both rates decay to 2 %
    config.pretraining_epochs = 0  # of the generator's way down, on labels

    config.data = data = common.data_set(name)
    data.stream = False  # whether batches are read from disk as they come
    data.train_split = "defender+attacker"  # what is to be published
    data.validation_split = "defender[:5%]"  # what is watched in training
    data.test_split = "test"  # clean pictures that trainers are tested on

    config.classifier = classifier = ml_collections.ConfigDict()
    classifier.networks = ("resnet18",)  # that look at the noise
    classifier.width = 16  # filters of the first layers; 64 is the original
    classifier.stem = "cifar"  # or "imagenet", for pictures of 224 x 224
    classifier.epochs = 15  # of their training, on pictures as they are
    classifier.batch_size = 128  # examples a step
    classifier.learning_rate = 0.1  # of SGD at the start
    classifier.augmentation = "flip+crop"  # in their training
    classifier.train_split = ml_collections.config_dict.placeholder(str)  # or
    # the pictures that are to be published

    config.guide = guide = ml_collections.ConfigDict()
    guide.network = "resnet18"  # inside the generator
    guide.width = 16
    guide.stem = "cifar"
    guide.epochs = 0  # of its training; 0 for no guide
    guide.batch_size = 64
    guide.learning_rate = 0.05
    guide.augmentation = "flip"
    guide.train_split = ml_collections.config_dict.placeholder(str)

    config.surrogate = surrogate = ml_collections.ConfigDict()
    surrogate.weight = 0.0  # of a classifier that learns meanwhile; 0: none
    surrogate.network = "resnet18"  # as `classifier`, of its width and stem
    surrogate.learning_rate = 1e-3  # of Adam
    surrogate.every = 0  # epochs after which it begins anew; 0: never

    config.client = client = ml_collections.ConfigDict()
    client.network = "unet"  # or "residual"
    client.filters = (32, 64, 128, 128)  # of each convolution
    client.blocks = 4  # of "residual"
    client.bound = 8 / 255  # largest change of a pixel
    client.pattern = 0  # cells a side of the classes' squares; 0: none
    client.cell = 8  # pixels a side of such a cell

    config.adversary = adversary = ml_collections.ConfigDict()
    adversary.filters = (32, 64, 128)  # of each convolution

    config.model = model = ml_collections.ConfigDict()
    model.hinge_weight = 1.0  # alpha
    model.hinge_bound = 1.2  # c: 8/255 everywhere would be 1.74 in CIFAR-10
    model.adversarial = "equation_5"  # or "algorithm_1", "non_saturating"
    model.adversarial_weight = 1.0  # of that term
    model.confounder_weight = 1.0  # of the fixed classifiers' loss
    model.contrast = 0.0  # of the noise that f sees, about grey; 0: as it is
    model.shift = 0.0  # largest shift of noise before it is classified
    model.hidden = 0.0  # share of noise of which a square is hidden
    model.grey = 0.0  # share of noise that is made grey
    model.blurred = 0.0  # share of noise that is averaged over 3 x 3
    model.jpeg = 0.0  # share of pictures that go through JPEG
    model.jpeg_quality = (30, 95)  # of these files, lowest and highest
    model.joint = True  # whether D sees both kinds of pictures in one batch

    if variant == "smoke":
        shrink(config)
        config.pretraining_epochs = config.guide.epochs = 1
    elif variant != "paper":
        config.guide.epochs = 25
        config.epochs = 8
        client.pattern = 0 if variant == "guided" else 4
        # With True D works, and costs some of the protection.
        model.joint = variant == "joint"
        model.shift = 0.125
        model.hidden = 0.3
    if variant in ("contrast", "jpeg"):
        model.contrast = 0.5
    if variant == "jpeg":
        model.jpeg = 0.75
        model.jpeg_quality = (10, 75)
    if variant == "ensemble":
        classifier.networks = ("resnet18", "resnet50")
    return config


def full_size(name, variant, bound=8 / 255):
    """The paper's own set, every ResNet-18 in it of the original width.

    Not run here: it is for accelerators.

    Args:
        name: Of the data set.
        variant: As for `confounder_gan`.
        bound: Largest change of a pixel.
    """
    config = confounder_gan(name, variant)
    if variant == "smoke":
        return config
    config.classifier.width = config.guide.width = 64
    config.classifier.epochs = 60
    config.client.bound = bound
    # 69 % of the largest norm of 32 x 32 pixels, as with 8/255 on CIFAR-10;
    # on BloodMNIST's 28 x 28, where the same c stands, it is 79 %.
    config.model.hinge_bound = 0.69 * bound * (3 * 32 * 32) ** 0.5
    return config


def photographs(name, variant):
    """A set of photographs of 224 x 224, at 16/255."""
    config = full_size(name, variant, 16 / 255)
    if variant == "smoke":
        return config
    config.batch_size = 32
    config.classifier.stem = config.guide.stem = "imagenet"
    config.classifier.batch_size = config.guide.batch_size = 64
    config.model.hinge_bound *= 7  # seven times 32 pixels a side
    return config


def hinge_weight_sweep():
    """Weights of the hinge, as overrides of single fields."""
    return [{"model.hinge_weight": one} for one in (0.3, 1.0, 3.0)]


def shrink(config):
    """Two steps on a few examples, to see that everything runs."""
    config.epochs = 2
    config.batch_size = SMOKE_EXAMPLES // 2
    config.steps_per_execution = 1
    config.data.name = "digits"
    config.data.train_split = f"defender[:{SMOKE_EXAMPLES}]"
    config.data.validation_split = f"defender[:{SMOKE_EXAMPLES}]"
    config.data.test_split = f"test[:{SMOKE_EXAMPLES}]"
    config.classifier.networks = ("lenet",)
    config.guide.network = "lenet"
    config.classifier.width = config.guide.width = 8
    config.classifier.epochs = 1
    config.client.filters = (4, 8)
    config.adversary.filters = (4, 8)
