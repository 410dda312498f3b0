"""GAP's client: the channel that runs on the phone."""

import math

import keras
from keras import layers

from kprivacy import errors
from kprivacy.gap.layers import Affine, Blend, Flips, Normal
from kprivacy.layers import AddUniformNoise
from kprivacy.networks import strided
from kprivacy.networks.unet import unet

NETWORKS = ("autoencoder", "unet", "dense", "affine", "flips")


def build_client(
    input_shape,
    network="autoencoder",
    filters=(16, 32, 64),
    units=(128, 64),
    code=64,
    noise=0,
    private=0,
    residual=False,
    amplitude=0.0,
    blend=False,
):
    """Builds the privatisation channel W, from data to data of the same kind.

    Args:
        input_shape: Without the batch: (height, width, channels) of images in
            [0, 1]; (steps, channels) of signals or (d,) of vectors.
        network: "autoencoder": strided convolutions into a code, and back;
            the report's. "unet": the same with connections at each size, so
            that what is not touched stays sharp. "dense": a perceptron into a
            code and back, of anything. "affine": a shift and Gaussian noise
            of vectors; "flips": the probabilities that bits are turned over.
        filters: Of each convolution.
        units: Widths of the perceptron's layers.
        code: Length of the encoding ("unet": channels of its maps).
        noise: Length of the noise that perturbs the encoding ("unet":
            channels); 0 for a deterministic channel, as the report's is.
            "affine" takes twice the vector's length, "flips" its length,
            whatever the number.
        private: Length of the input "private", where the channel sees the
            attribute as well: the number of classes (one-hot), 1 of a real
            value; 0 if it does not.
        residual: Whether "unet" and "dense" learn what is added to the data.
        amplitude: Above 0 each number of the code of "autoencoder" and
            "dense" is kept in [-1, 1] and has noise added to it, uniform on
            [-amplitude, amplitude], which no training can undo: the noise is
            then as long as the code, whatever `noise` says.
        blend: Whether images are blended into what "autoencoder" gives, by a
            mask that is learnt, see `kprivacy.gap.layers.Blend`.

    Returns:
        A functional `keras.Model` named "client", from `data`, and `private`
        and `noise` where it has them, to `released`.

    Raises:
        UserError: The network is unknown or does not fit the shape.
    """
    errors.check_choice("network", network, NETWORKS)
    shape = tuple(input_shape)
    _check_shape(network, shape)
    inputs = [keras.Input(shape, name="data")]
    if private:
        errors.check_count("private", private)
        inputs.append(keras.Input((private,), name="private"))
    if amplitude:
        errors.check_positive("amplitude", amplitude)
        errors.check_choice("network", network, ("autoencoder", "dense"))
        noise = code
    if noise or network == "flips":
        wide = _noise_shape(network, shape, noise, len(filters))
        inputs.append(keras.Input(wide, name="noise"))
    given = {one.name: one for one in inputs}
    if network == "flips":
        x = Flips(private, name="released")(inputs)
    elif network == "affine":
        if noise:
            inputs = [*inputs[:-1], Normal(name="normal")(inputs[-1])]
        x = Affine(private, bool(noise), name="released")(inputs)
    else:
        sizes = units if network == "dense" else filters
        x = _BODIES[network](given, sizes, (code, amplitude))
        x = _released(x, given["data"], residual)
        if blend:
            x = Blend(dtype="float32", name="blended")([given["data"], x])
    inputs = list(given.values())
    return keras.Model(inputs if inputs[1:] else inputs[0], x, name="client")


def _autoencoder(given, filters, code):
    data = strided.as_maps(given["data"])
    x = strided.down(data, filters)
    x = _encoding(_joined(x, given.get("private")), given, code)
    return strided.up(x, data.shape[1:], tuple(reversed(filters)))


def _dense(given, units, code):
    x = given["data"]
    x = layers.Flatten(name="flatten")(x) if len(x.shape) > 2 else x
    x = _joined(x, given.get("private"))
    for i, count in enumerate(units, start=1):
        x = layers.Dense(count, activation="relu", name=f"down_dense{i}")(x)
    x = _encoding(x, given, code)
    for i, count in enumerate(reversed(units), start=1):
        x = layers.Dense(count, activation="relu", name=f"up_dense{i}")(x)
    return layers.Dense(math.prod(given["data"].shape[1:]), name="up_dense")(x)


def _encoding(x, given, code):
    """The encoding, perturbed: what the channel is about."""
    length, amplitude = code
    x = layers.Dense(length, name="code")(x)
    if amplitude:
        x = layers.Activation("tanh", name="bounded")(x)
        return AddUniformNoise(amplitude, name="perturbed")(
            [x, given["noise"]]
        )
    return _joined(x, _centred(given.get("noise")))


def _unet(given, filters, code):
    def encoding(x):
        if "private" in given:
            x = _joined(x, _spread(given["private"], x.shape[1:3]))
        x = layers.Conv2D(code[0], 3, padding="same", name="code")(x)
        return _joined(x, _centred(given.get("noise")))

    data = strided.as_maps(given["data"])
    return unet(data, filters, encoding, given["data"].shape[-1])


_BODIES = {"autoencoder": _autoencoder, "unet": _unet, "dense": _dense}


def _released(x, data, residual):
    """Shaped as the data; images stay in [0, 1]."""
    shape, image = data.shape[1:], len(data.shape) == 4
    if tuple(x.shape[1:]) != tuple(shape):
        x = layers.Reshape(shape, name="reshape")(x)
    if not residual:
        return layers.Activation(
            "sigmoid" if image else "linear", dtype="float32", name="released"
        )(x)
    if image:
        x = layers.Activation("tanh", name="change")(x)
    x = layers.Add(dtype="float32", name="sum")([data, x])
    if image:
        x = layers.ReLU(max_value=1.0, dtype="float32", name="released")(x)
    return x


def _centred(noise):
    """Uniform noise on [0, 1] to [-1, 1]."""
    if noise is None:
        return None
    return layers.Rescaling(2.0, -1.0, name="centred")(noise)


def _joined(x, other):
    return x if other is None else layers.Concatenate()([x, other])


def _spread(vector, size):
    """A vector at every place of maps."""
    x = layers.Reshape((1, 1, vector.shape[-1]), name="private_maps")(vector)
    return layers.UpSampling2D(size, name="private_everywhere")(x)


def _noise_shape(network, shape, noise, halvings):
    if network == "affine":
        return (2 * shape[0],)
    if network == "flips":
        return shape
    if network != "unet":
        return (noise,)
    height, width = shape[0], shape[1] if len(shape) == 3 else 1
    for _ in range(halvings):
        height, width = -(-height // 2), -(-width // 2)
    return height, width, noise


def _check_shape(network, shape):
    wanted = {"affine": (1,), "flips": (1,), "dense": (1, 2, 3)}
    allowed = wanted.get(network, (2, 3))
    if len(shape) not in allowed or any(not n or n < 1 for n in shape):
        raise errors.UserError(
            f"The network {network!r} takes data of {_listed(allowed)} "
            f"dimensions, without the batch. Received: shape {shape}. "
            "Vectors go to 'dense', 'affine' or 'flips', images and signals "
            "to 'autoencoder', 'unet' or 'dense'."
        )


def _listed(numbers):
    return " or ".join(map(str, numbers))
