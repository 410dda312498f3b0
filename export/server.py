"""Writes the server as a SavedModel that takes the wire as it comes."""

from .parts import BYTES, PIXEL


def write(server, scale, zero_point, path):
    """Writes the server's SavedModel.

    Its only endpoint takes every input by its name, as bytes or float32 as
    the client sent it, in any batch; and returns a dict of float32 arrays,
    probabilities in the place of logits.

    Args:
        server: `export.parts.Server`.
        scale: Of features: feature = scale * (byte - zero_point).
        zero_point: Likewise.
        path: Folder to write.
    """
    import keras
    import tensorflow as tf

    scales = {
        name: (scale, zero_point) if kind == "features" else PIXEL
        for name, kind in server.inputs.items() if kind in BYTES
    }

    def answer(*inputs):
        values = []
        for name, value in zip(server.inputs, inputs):
            if name in scales:
                step, zero = scales[name]
                value = (tf.cast(value, "float32") - float(zero)) * step
                if server.inputs[name] == "key":
                    value = tf.cast(value > 0, "float32")
            values.append(value)
        given = values if len(values) > 1 else values[0]
        found = server.model(given, training=False)
        if not isinstance(found, dict):
            (name,) = server.outputs
            found = {name: found}
        return {
            name: tf.nn.softmax(found[name]) if kind == "probabilities"
            else tf.identity(found[name])
            for name, kind in server.outputs.items()
        }

    archive = keras.export.ExportArchive()
    specs = [
        tf.TensorSpec(
            (None, *tensor.shape[1:]),
            "uint8" if name in scales else "float32",
            name=name,
        )
        for name, tensor in zip(server.inputs, server.model.inputs)
    ]
    archive.add_endpoint(server.endpoint, answer, specs)
    archive.write_out(str(path), verbose=False)


def load(path, endpoint):
    """Loads a server.

    Args:
        path: Folder of the SavedModel. Loading one runs its graph: take it
            from whom you trust.
        endpoint: Its endpoint.

    Returns:
        A function from arrays, one an input, as they are sent, to a dict of
        arrays; its `specs` are a `tf.TensorSpec` an input.
    """
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))
    run = getattr(loaded, endpoint)

    def answer(*inputs):
        found = run(*(tf.constant(one) for one in inputs))
        return {name: one.numpy() for name, one in found.items()}

    # The SavedModel and with it the endpoint live as long as this does.
    answer.saved_model = loaded
    (concrete,) = run.concrete_functions
    (answer.specs, _) = concrete.structured_input_signature
    return answer
