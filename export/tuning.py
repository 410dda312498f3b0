"""Clients whose weights are fitted to what quantisation does to them.

Quantisation-aware fine-tuning, pruning and clustering, with TensorFlow Model
Optimization on the client's twin in tf_keras, towards what the client gives:
that needs neither labels nor the adversary. The weights go back to a Keras
client without batch normalisation, which then converts as any other.

This is the only module that imports TFMOT, whose import turns `tf.keras` of
the whole process into tf_keras where nothing has used it before.
"""

import os

import numpy as np

from kprivacy.errors import UserError

from . import graph, mixed, rebuild, twin

KINDS = ("tuned", "pruned", "clustered")
STEPS = 600
LEARNING_RATE = 2e-4
SPARSITY = 0.6
CLUSTERS = 16
BATCH = 32
# Layers that only move numbers, which need no range of their own.
MOVERS = ("Cropping2D", "CropLike", "Dropout", "Flatten", "InputLayer",
          "MaxPooling2D", "Reshape", "UpSampling2D", "ZeroPadding2D")
WEIGHTED = ("Conv2D", "Conv2DTranspose", "Dense")


def fitted(
    client, kind, steps=STEPS, learning_rate=LEARNING_RATE, seed=0
):
    """A client's model with weights that stand what happens to them.

    Args:
        client: `export.parts.Client`; its examples are learnt from.
        kind: "tuned": activations and weights are rounded to 8 bits in
            training. "pruned": the smallest 60 % of each kernel are zero.
            "clustered": each kernel has 16 different numbers. The last two
            make a file that compresses well, and no smaller file.
        steps: Gradient steps of 32 examples.
        learning_rate: Adam's; it decays along a cosine.
        seed: Of the order.

    Returns:
        A functional `keras.Model` without batch normalisation.

    Raises:
        UserError: A layer has no counterpart, or none with these weights.
    """
    import tf_keras

    if mixed.exact_layers(client.model):
        raise UserError(
            "A client that hides a code in a cover has layers that are not "
            "of integers and cannot be fine-tuned. Use int8 or dynamic."
        )
    tf_keras.utils.set_random_seed(seed)
    prepared = graph.prepared(client.model, integer=True)
    model = rebuild.folded(rebuild.flattened(prepared))
    copy = twin.twin(model)
    examples = [np.asarray(one, np.float32) for one in client.examples]
    twin.check_equal(model, copy, [one[:8] for one in examples])
    given = client.given(examples)
    targets = model.predict(given, batch_size=256, verbose=0)
    steps = max(steps, 1)
    schedule = tf_keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    wrapped, callbacks, result = _FITTERS[kind](copy, examples, steps)
    wrapped.compile(tf_keras.optimizers.Adam(schedule), "mse")
    wrapped.fit(
        given, targets, batch_size=BATCH, verbose=0, callbacks=callbacks,
        epochs=-(-steps // -(-len(targets) // BATCH)),
    )
    for name, weights in result().items():
        model.get_layer(name).set_weights(weights)
    return model


def _tfmot():
    """TFMOT, without what its import does to everything else."""
    import tensorflow as tf

    tf.keras.__version__  # noqa: B018  it is Keras 3 from here on
    import tensorflow_model_optimization as tfmot

    os.environ.pop("TF_USE_LEGACY_KERAS", None)  # children inherit it
    return tfmot


def _tuned(model, examples, steps):
    import tf_keras

    del steps
    tfmot = _tfmot()
    quantization = tfmot.quantization.keras
    quantizers = quantization.quantizers

    def moving():
        return quantizers.MovingAverageQuantizer(
            num_bits=8, per_axis=False, symmetric=False, narrow_range=False
        )

    class Nothing(quantization.QuantizeConfig):
        """A layer that is left as it is."""

        def get_weights_and_quantizers(self, layer):
            return []

        def get_activations_and_quantizers(self, layer):
            return []

        def set_quantize_weights(self, layer, quantize_weights):
            pass

        def set_quantize_activations(self, layer, quantize_activations):
            pass

        def get_output_quantizers(self, layer):
            return []

        def get_config(self):
            return {}

    class Output(Nothing):
        """A layer whose output is rounded."""

        def get_output_quantizers(self, layer):
            return [moving()]

    class Kernel(Output):
        """The output too, and the kernel by output channel.

        TFMOT's own has one scale for a dense kernel, and its files do not
        convert with more; here the converter rounds anew.
        """

        def get_weights_and_quantizers(self, layer):
            return [(layer.kernel, _by_channel(quantizers, layer))]

        def set_quantize_weights(self, layer, quantize_weights):
            (layer.kernel,) = quantize_weights

    def annotated(layer):
        name = type(layer).__name__
        if name == "InputLayer":
            return layer
        kind = Nothing if name in MOVERS else Output
        kind = Kernel if name in WEIGHTED else kind
        return quantization.quantize_annotate_layer(layer, kind())

    own = {one.__name__: one for one in (Nothing, Output, Kernel)}
    with quantization.quantize_scope({**own, **twin.own_layers()}):
        marked = tf_keras.models.clone_model(model, clone_function=annotated)
        marked.set_weights(model.get_weights())
        rounded = quantization.quantize_apply(marked)
    _calibrate(rounded, examples)

    def result():
        found = {}
        for layer in rounded.layers:
            held = {
                one.name.split(":")[0].split("/")[-1]: one.numpy()
                for one in layer.weights
            }
            if "kernel" in held:
                found[layer.layer.name] = [
                    held[one] for one in ("kernel", "bias") if one in held
                ]
        return found

    return rounded, [], result


def _by_channel(quantizers, layer):
    """A symmetric quantiser of 8 bits with a scale an output channel."""
    import tensorflow as tf

    axis = 2 if type(layer).__name__ == "Conv2DTranspose" else -1

    class ByChannel(quantizers.LastValueQuantizer):
        """Turned, for TFMOT knows scales of the last axis alone."""

        def build(self, tensor_shape, name, layer):
            shape = list(tensor_shape)
            shape.append(shape.pop(axis))
            return super().build(tf.TensorShape(shape), name, layer)

        def __call__(self, inputs, training, weights, **kwargs):
            if axis == -1:
                return super().__call__(inputs, training, weights, **kwargs)
            turned = tf.transpose(inputs, (0, 1, 3, 2))
            rounded = super().__call__(turned, training, weights, **kwargs)
            return tf.transpose(rounded, (0, 1, 3, 2))

    return ByChannel(
        num_bits=8, per_axis=True, symmetric=True, narrow_range=True
    )


def _calibrate(model, examples, passes=8, batches=4, decay=0.999):
    """Sets the ranges of activations to what the examples have.

    They start at 6 and move by a thousandth a step, which a short training
    would not make up for. Each moving average is solved for its batch.
    """
    ranges = [
        one for one in model.variables
        if one.name.split(":")[0].endswith(("_min", "_max"))
        and "kernel" not in one.name
    ]
    size = 2 * BATCH
    for _ in range(passes):
        seen = [[] for _ in ranges]
        for start in range(0, min(len(examples[0]), batches * size), size):
            held = [one.numpy() for one in ranges]
            batch = [one[start : start + size] for one in examples]
            model(batch if len(batch) > 1 else batch[0], training=True)
            for values, one, old in zip(seen, ranges, held):
                new = one.numpy()
                if not one.name.startswith("quantize_layer"):
                    new = (new - decay * old) / (1 - decay)
                values.append(new)
                one.assign(old)
        for one, values in zip(ranges, seen):
            if one.name.split(":")[0].endswith("_min"):
                one.assign(min(0.0, np.min(values)))
            else:
                one.assign(max(1e-6, np.max(values)))


def _pruned(model, examples, steps):
    del examples
    sparsity = _tfmot().sparsity.keras
    schedule = sparsity.PolynomialDecay(
        0.0, SPARSITY, 0, max(1, steps // 2), frequency=max(1, steps // 20)
    )
    wrapped = _wrapped(model, lambda layer: sparsity.prune_low_magnitude(
        layer, pruning_schedule=schedule
    ))
    return wrapped, [sparsity.UpdatePruningStep()], lambda: _kernels(
        sparsity.strip_pruning(wrapped)
    )


def _clustered(model, examples, steps):
    del examples, steps
    clustering = _tfmot().clustering.keras
    start = clustering.CentroidInitialization.KMEANS_PLUS_PLUS
    wrapped = _wrapped(model, lambda layer: clustering.cluster_weights(
        layer, number_of_clusters=CLUSTERS, cluster_centroids_init=start
    ))
    return wrapped, [], lambda: _kernels(
        clustering.strip_clustering(wrapped)
    )


_FITTERS = {"tuned": _tuned, "pruned": _pruned, "clustered": _clustered}


def _wrapped(model, wrapper):
    """A copy of a model with wrappers around the layers with kernels."""
    import tf_keras

    def one(layer):
        copy = type(layer).from_config(layer.get_config())
        if type(layer).__name__ not in WEIGHTED:
            return copy
        copy.build(layer.input_shape)
        copy.set_weights(layer.get_weights())
        return wrapper(copy)

    return tf_keras.models.clone_model(model, clone_function=one)


def _kernels(model):
    """Layer to kernel, and bias where it has one."""
    return {
        layer.name: layer.get_weights() for layer in model.layers
        if type(layer).__name__ in WEIGHTED
    }
