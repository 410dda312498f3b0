"""A functional Keras model as a plain PyTorch module, with its weights.

So that both sides of a comparison have one network: the tests compare what
they give. Maps are (batch, channels, height, width) inside.
"""

import keras
import torch
from torch import nn
from torch.nn import functional

from kprivacy.confounder_gan.client import Bounded
from kprivacy.layers import RoundToBytes


def translated(model):
    """The `torch.nn.Module` of a functional `keras.Model`.

    Takes and gives what the model does, channels last, as torch tensors.

    Raises:
        TypeError: It has a layer that is not known here.
    """
    return Translated(model)


class Translated(nn.Module):
    """See `translated`."""

    def __init__(self, model):
        super().__init__()
        self._inputs = [_key(one) for one in model.inputs]
        (self._output,) = [_key(one) for one in model.outputs]
        self._steps, modules = [], {}
        for operation in model.operations:
            if isinstance(operation, keras.layers.InputLayer):
                continue
            (node,) = operation._inbound_nodes[:1]
            name = f"m{len(modules)}"
            modules[name] = module_of(operation)
            self._steps.append((
                name, [_key(one) for one in node.input_tensors],
                [_key(one) for one in node.output_tensors],
            ))
        self.parts = nn.ModuleDict(modules)

    def forward(self, *inputs):
        held = {
            key: _inside(one) for key, one in zip(self._inputs, inputs)
        }
        for name, given, made in self._steps:
            held[made[0]] = self.parts[name](*(held[key] for key in given))
        return _outside(held[self._output])


def module_of(layer):
    """The module of one Keras layer."""
    if isinstance(layer, keras.Model):
        return _Nested(layer)
    activation = getattr(layer, "activation", None)
    known = (keras.layers.Dense, keras.layers.Activation)
    if activation not in (None, keras.activations.linear) and not isinstance(
        layer, known
    ):
        raise TypeError(f"{layer.name} has an activation of its own.")
    if getattr(layer, "interpolation", "nearest") != "nearest":
        raise TypeError(f"{layer.name} interpolates.")
    for kind, make in MAKERS:
        if type(layer) is kind:
            return make(layer)
    raise TypeError(f"no translation of {type(layer).__name__} {layer.name!r}")


class _Nested(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = Translated(model)

    def forward(self, x):
        return _inside(self.model(_outside(x)))


class Apply(nn.Module):
    """A function without weights."""

    def __init__(self, function):
        super().__init__()
        self._function = function

    def forward(self, *inputs):
        return self._function(*inputs)


class _Convolution(nn.Module):
    """With Keras' "same" padding, which may differ on both sides."""

    def __init__(self, layer):
        super().__init__()
        kernel, bias = _weights(layer)
        count, channels = kernel.shape[3], kernel.shape[2]
        self._size, self._stride = kernel.shape[:2], layer.strides
        self._same = layer.padding == "same"
        self.conv = nn.Conv2d(
            channels, count, self._size, self._stride, bias=bias is not None
        )
        _set(self.conv.weight, kernel.transpose(3, 2, 0, 1))
        if bias is not None:
            _set(self.conv.bias, bias)

    def forward(self, x):
        if self._same:
            padding = []
            for axis in (1, 0):
                size, stride = x.shape[2 + axis], self._stride[axis]
                whole = max(
                    (-(-size // stride) - 1) * stride + self._size[axis]
                    - size, 0,
                )
                padding += [whole // 2, whole - whole // 2]
            if any(padding):
                x = functional.pad(x, padding)
        return self.conv(x)


class _Transposed(nn.Module):
    """Of stride 2: 4 x 4 "same", or "valid" of stride 1."""

    def __init__(self, layer):
        super().__init__()
        kernel, bias = _weights(layer)
        self._crop = 0
        same = layer.padding == "same"
        if same and (kernel.shape[0] - layer.strides[0]) % 2:
            raise TypeError("an uneven padding of a transposed convolution")
        self.conv = nn.ConvTranspose2d(
            kernel.shape[3], kernel.shape[2], kernel.shape[:2], layer.strides,
            padding=(kernel.shape[0] - layer.strides[0]) // 2 if same else 0,
            bias=bias is not None,
        )
        _set(self.conv.weight, kernel.transpose(3, 2, 0, 1))
        if bias is not None:
            _set(self.conv.bias, bias)

    def forward(self, x):
        return self.conv(x)


def _dense(layer):
    kernel, bias = _weights(layer)
    linear = nn.Linear(*kernel.shape, bias=bias is not None)
    _set(linear.weight, kernel.T)
    if bias is not None:
        _set(linear.bias, bias)
    return nn.Sequential(linear, _activation(layer))


def _norm(layer):
    size = layer.moving_mean.shape[0]
    # Keras' momentum is of the old value.
    one = _AnyNorm(size, layer.epsilon, 1 - layer.momentum)
    _set(one.weight, layer.gamma)
    _set(one.bias, layer.beta)
    _set(one.running_mean, layer.moving_mean)
    _set(one.running_var, layer.moving_variance)
    return one


class _AnyNorm(nn.modules.batchnorm._BatchNorm):
    def _check_input_dim(self, x):
        pass


def _activation(layer):
    name = getattr(layer.activation, "__name__", "linear")
    return {
        "linear": nn.Identity, "relu": nn.ReLU, "sigmoid": nn.Sigmoid,
        "tanh": nn.Tanh, "leaky_relu": lambda: nn.LeakyReLU(0.2),
    }[name]()


def _flatten(x):
    if x.ndim == 4:
        x = x.permute(0, 2, 3, 1)
    return x.reshape(x.shape[0], -1)


def _reshape(layer):
    shape = layer.target_shape

    def reshaped(x):
        if x.ndim == 4:
            x = x.permute(0, 2, 3, 1)
        return _inside(x.reshape(x.shape[0], *shape))

    return Apply(reshaped)


def _cropped(layer):
    (top, bottom), (left, right) = layer.cropping

    def cropped(x):
        height, width = x.shape[2:]
        return x[:, :, top : height - bottom, left : width - right]

    return Apply(cropped)


def _relu(layer):
    most = layer.max_value
    if most is None:
        return nn.ReLU()
    return Apply(lambda x: torch.clamp(x, 0, most))


class _Round(torch.autograd.Function):
    """Rounds to bytes; the gradient goes straight through."""

    @staticmethod
    def forward(context, x):
        return torch.round(x * 255) / 255

    @staticmethod
    def backward(context, gradient):
        return gradient


L = keras.layers
MAKERS = (
    (L.Conv2D, _Convolution),
    (L.Conv2DTranspose, _Transposed),
    (L.Dense, _dense),
    (L.BatchNormalization, _norm),
    (L.ReLU, _relu),
    (L.LeakyReLU, lambda layer: nn.LeakyReLU(layer.negative_slope)),
    (L.Activation, _activation),
    (L.Flatten, lambda layer: Apply(_flatten)),
    (L.Reshape, _reshape),
    (L.Dropout, lambda layer: nn.Dropout(layer.rate)),
    (L.MaxPooling2D, lambda layer: nn.MaxPool2d(
        layer.pool_size, layer.strides)),
    (L.UpSampling2D, lambda layer: nn.Upsample(scale_factor=layer.size)),
    (L.GlobalAveragePooling2D, lambda layer: Apply(
        lambda x: x.mean(dim=(2, 3)))),
    (L.Concatenate, lambda layer: Apply(lambda *x: torch.cat(x, dim=1))),
    (L.Add, lambda layer: Apply(lambda *x: sum(x[1:], x[0]))),
    (L.Cropping2D, _cropped),
    (L.ZeroPadding2D, lambda layer: Apply(lambda x: functional.pad(
        x, [*layer.padding[1], *layer.padding[0]]))),
    (Bounded, lambda layer: Apply(
        lambda x: layer.bound * torch.tanh(x))),
    (RoundToBytes, lambda layer: Apply(_Round.apply)),
)


def rounded(x):
    """To bytes, the gradient straight through."""
    return _Round.apply(x)


def _key(tensor):
    history = tensor._keras_history
    return id(history.operation), history.node_index, history.tensor_index


def _inside(x):
    return x.permute(0, 3, 1, 2) if x.ndim == 4 else x


def _outside(x):
    return x.permute(0, 2, 3, 1) if x.ndim == 4 else x


def _weights(layer):
    kernel = keras.ops.convert_to_numpy(layer.kernel)
    bias = keras.ops.convert_to_numpy(layer.bias) if layer.use_bias else None
    return kernel, bias


def _set(parameter, values):
    values = torch.from_numpy(keras.ops.convert_to_numpy(values).copy())
    with torch.no_grad():
        parameter.copy_(values)
