"""Files as LiteRT's interpreter opens them: operations and memory."""

import math

import numpy as np


def arena_bytes(interpreter):
    """The most bytes of tensors, weights apart, that are needed at once.

    Args:
        interpreter: LiteRT's, without delegates, which hide operations.
    """
    operations = interpreter._get_ops_details()
    sizes = {
        one["index"]: math.prod(map(int, one["shape"]))
        * np.dtype(one["dtype"]).itemsize
        for one in interpreter.get_tensor_details()
    }
    born = {one["index"]: -1 for one in interpreter.get_input_details()}
    dies = dict(born)
    for i, operation in enumerate(operations):
        for index in operation["outputs"]:
            born[index] = dies[index] = i
        for index in operation["inputs"]:
            if index in born:
                dies[index] = i
    for one in interpreter.get_output_details():
        dies[one["index"]] = len(operations)
    return max(
        sum(sizes[index] for index in born if born[index] <= i <= dies[index])
        for i in range(len(operations))
    )


def without_delegates(content):
    """LiteRT's interpreter of a file, all of whose operations show."""
    from ai_edge_litert import interpreter

    kinds = interpreter.OpResolverType
    return interpreter.Interpreter(
        model_content=content,
        experimental_op_resolver_type=kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
