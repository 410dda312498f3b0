"""Gives an int8 file the outside that every other file has.

The converter gives all inputs and outputs one type and scales of its own. Both
stand in the file beside conversions to the inside, which take other ones as
well: a picture leaves with a scale of exactly 1/255, what is float32 stays so.
"""

import re

import numpy as np

from . import compact
from .parts import BYTES, PIXEL


def fitted(content, client, bounds, clipped=False):
    """The file with inputs and outputs of the client's kinds.

    Args:
        content: Bytes of a .tflite whose inputs and outputs are uint8.
        client: The `Client`.
        bounds: Name of a layer that ends in a product to the bound of what it
            gives, of noise.
        clipped: Whether the file has to clip its output to [0, 1]: what is
            computed last then takes the output's steps, which end there.

    Raises:
        ValueError: Such a layer has not just one product.
    """
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    (signature,) = model.signatureDefs
    graph = model.subgraphs[signature.subgraphIndex]
    for named in signature.inputs:
        kind = client.inputs[named.name.decode()]
        tensor = graph.tensors[named.tensorIndex]
        if kind in BYTES:
            _rescale(tensor)
        else:
            _make_float(tensor, schema)
    (named,) = signature.outputs
    tensor = graph.tensors[named.tensorIndex]
    (last,) = [one for one in graph.operators
               if named.tensorIndex in one.outputs]
    if client.output[1] not in BYTES:
        _make_float(tensor, schema)
        last.opcodeIndex = compact.dequantize(model, schema)
        last.builtinOptions, last.builtinOptionsType = None, 0
    elif client.output[1] != "features":
        _rescale(tensor)
    if clipped:
        scale, zero_point = PIXEL
        _rescale(graph.tensors[last.inputs[0]], scale, zero_point - 128)
    _give_steps(graph, model, schema, bounds)
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def _give_steps(graph, model, schema, bounds):
    """Gives noise its own steps.

    The converter takes the range of noise from the sum that is written over
    it, so that its steps are those of pictures, and its bound is none of
    them.
    """
    codes = [one.builtinCode for one in model.operatorCodes]
    for name, bound in bounds.items():
        pattern = re.compile(rf"(^|/){re.escape(name)}(_\d+)?/")
        (tensor,) = [
            graph.tensors[one.outputs[0]] for one in graph.operators
            if codes[one.opcodeIndex] == schema.BuiltinOperator.MUL
            and pattern.search(graph.tensors[one.outputs[0]].name.decode())
        ]
        _rescale(tensor, bound / 127, 0)


def _rescale(tensor, scale=PIXEL[0], zero_point=PIXEL[1]):
    tensor.quantization.scale = np.array([scale], np.float32)
    tensor.quantization.zeroPoint = np.array([zero_point], np.int64)


def _make_float(tensor, schema):
    tensor.type = schema.TensorType.FLOAT32
    tensor.quantization = None
