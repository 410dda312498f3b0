"""Keeps what a file has in float32 as bytes where that changes no number.

Constants that the converter has multiplied by a number are multiples of a step
but for the rounding of float32, by which they may change. In memory all are
float32 again.
"""

import numpy as np

# Constants of fewer numbers are left as they are.
LEAST = 1024
LEVELS = 127
# Largest change of what is multiplied, a share of each number: of two units
# in the last place.
ROUNDING = 2.0**-22


def step_of(values):
    """The step between levels of one sign, so short that products are exact.

    Args:
        values: float32 array.
    """
    return np.float32(np.float16(np.abs(values).max() / LEVELS))


def on_levels(values):
    """An array's nearest multiples, from -127 to 127 times, of a step."""
    step = step_of(values)
    if not step:  # too small for one
        return values
    return np.clip(np.rint(values / step), -LEVELS, LEVELS) * step


def compacted(content):
    """A file that begins by turning bytes into its large float constants.

    Args:
        content: Bytes of a .tflite. Constants that are not multiples of a
            step are left as they are; those of the same levels share them.
    """
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    buffers = {}
    for graph in model.subgraphs:
        made = {one for op in graph.operators for one in op.outputs}
        begin = []
        for index, tensor in enumerate(list(graph.tensors)):
            if index in made or tensor.type != schema.TensorType.FLOAT32:
                continue
            held = _levels_of(model.buffers[tensor.buffer].data)
            if held is None:
                continue
            levels, step = held
            graph.tensors.append(
                _constant(model, schema, tensor, levels, step, buffers)
            )
            operator = schema.OperatorT()
            operator.opcodeIndex = dequantize(model, schema)
            operator.inputs = np.array([len(graph.tensors) - 1], np.int32)
            operator.outputs = np.array([index], np.int32)
            begin.append(operator)
            tensor.buffer = 0  # none: it is computed
        graph.operators[:0] = begin
    _forget_unused(model)
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def _levels_of(data):
    """(int8 levels, their step) of a buffer of float32, or None."""
    if data is None or len(data) < 4 * LEAST:
        return None
    values = np.frombuffer(bytes(data), np.float32)
    exact, near = step_of(values), np.abs(values).max() / np.float32(LEVELS)
    for step, most in ((exact, 0.0), (near, ROUNDING)):
        if not 0 < step < np.inf:  # nor if there is a NaN
            continue
        levels = np.rint(values / step)
        apart = np.abs(levels * step - values)
        if np.abs(levels).max() <= LEVELS and (
            apart <= most * np.abs(values)
        ).all():
            return levels.astype(np.int8), step
    return None


def _constant(model, schema, tensor, levels, step, buffers):
    """A tensor of the levels; `buffers` has those that are there already."""
    held = levels.tobytes()
    if held not in buffers:
        buffer = schema.BufferT()
        buffer.data = levels.view(np.uint8)
        model.buffers.append(buffer)
        buffers[held] = len(model.buffers) - 1
    made = schema.TensorT()
    made.name = tensor.name + b"_levels"
    made.shape, made.type = tensor.shape, schema.TensorType.INT8
    made.hasRank = tensor.hasRank
    made.buffer = buffers[held]
    made.quantization = schema.QuantizationParametersT()
    made.quantization.scale = np.array([step], np.float32)
    made.quantization.zeroPoint = np.array([0], np.int64)
    return made


def _forget_unused(model):
    used = {tensor.buffer for graph in model.subgraphs
            for tensor in graph.tensors}
    used |= {one.buffer for one in model.metadata or ()}
    for index, buffer in enumerate(model.buffers):
        if index not in used:
            buffer.data = None


def dequantize(model, schema):
    """Index of the operation from int8 to float32, added if it is missing."""
    wanted = schema.BuiltinOperator.DEQUANTIZE
    for i, code in enumerate(model.operatorCodes):
        if code.builtinCode == wanted:
            return i
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = wanted
    code.version = 2
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1
