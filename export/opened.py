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


def multiply_adds(interpreter):
    """Products that a call sums, of convolutions and of matrices.

    Without those inside loops.

    Args:
        interpreter: LiteRT's, without delegates, which hide operations.
    """
    shapes = {one["index"]: [int(side) for side in one["shape"]]
              for one in interpreter.get_tensor_details()}
    count = 0
    for operation in interpreter._get_ops_details():
        given = [shapes.get(index) for index in operation["inputs"]]
        sent = math.prod(shapes[operation["outputs"][0]])
        match operation["op_name"]:
            case "CONV_2D":
                count += sent * math.prod(given[1][1:])
            case "DEPTHWISE_CONV_2D":
                count += sent * math.prod(given[1][1:3])
            case "TRANSPOSE_CONV":
                count += math.prod(given[2]) * math.prod(given[1][:3])
            case "FULLY_CONNECTED":
                count += sent * given[1][-1]
            case "BATCH_MATMUL":
                count += sent * given[0][-1]
    return count


def without_delegates(content):
    """LiteRT's interpreter of a file, all of whose operations show."""
    from ai_edge_litert import interpreter

    kinds = interpreter.OpResolverType
    return interpreter.Interpreter(
        model_content=content,
        experimental_op_resolver_type=kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
