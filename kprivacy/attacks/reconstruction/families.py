"""The families of reconstruction attackers by name."""

from kprivacy.attacks.reconstruction import attackers

# Those of a network are trained with as many steps as are asked for; a step
# of the perceptron costs a fraction of a convolutional one.
MLP_STEPS = 4
NAMES = (
    "ridge",
    "kernel_ridge",
    "nearest_neighbours",
    "class_posterior",
    "mlp",
    "mirror",
    "residual",
    "adversarial",
    "white_box",
)
# These look into the client.
WITH_ENCODER = ("mirror", "white_box")


def build(name, encoder, activation, steps, seed, labels):
    """An attacker, not yet fitted.

    Args:
        name: Out of `NAMES`, or "averaging", a perceptron that is given
            averaged features.
        encoder: The client, for those `WITH_ENCODER`.
        activation: Of the last layer: "sigmoid" for data in [0, 1], or None.
        steps: Gradient steps of a convolutional decoder.
        seed: Seeds it.
        labels: Classes of the examples that it will be fitted on.
    """
    if name == "ridge":
        return attackers.Ridge()
    if name == "nearest_neighbours":
        return attackers.NearestNeighbours()
    if name == "kernel_ridge":
        from kprivacy.attacks.reconstruction.kernel_ridge import KernelRidge

        return KernelRidge(seed)
    if name == "class_posterior":
        from kprivacy.attacks.reconstruction.class_posterior import (
            ClassPosterior,
        )

        return ClassPosterior(labels)
    if name == "white_box":
        from kprivacy.attacks.reconstruction.white_box import WhiteBox

        return WhiteBox(encoder, min(steps, 200), activation == "sigmoid")
    return _decoder(name, encoder, activation, steps, seed)


def _decoder(name, encoder, activation, steps, seed):
    from kprivacy import networks

    def mlp(features, target):
        return networks.mlp_decoder(
            features, target, output_activation=activation
        )

    def residual(features, target):
        return networks.residual_decoder(
            features, target, output_activation=activation
        )

    def mirror(features, target):
        return networks.mirror(encoder, activation)

    networks_of = {
        "mlp": mlp,
        "averaging": mlp,
        "mirror": mirror,
        "residual": residual,
        "adversarial": residual,
    }
    kind = attackers.Decoder
    if name == "adversarial":
        from kprivacy.attacks.reconstruction.adversarial_decoder import (
            AdversarialDecoder,
        )

        kind = AdversarialDecoder
    return kind(
        name,
        networks_of[name],
        steps=steps * (MLP_STEPS if networks_of[name] is mlp else 1),
        seed=seed,
        standardise=activation is None,
    )
