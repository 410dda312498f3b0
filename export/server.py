"""Writes the server as a SavedModel that takes the wire as it comes."""

ENDPOINT = "classify"


def write(server, scale, zero_point, path):
    """Writes the server's SavedModel.

    Its endpoint "classify" takes `features`, uint8 in any batch as the client
    sent them, and returns `probabilities`, float32 (batch, classes).

    Args:
        server: Functional `keras.Model` from features to logits.
        scale: Of the wire: feature = scale * (byte - zero_point).
        zero_point: Of the wire.
        path: Folder to write.
    """
    import keras
    import tensorflow as tf

    def classify(features):
        values = tf.cast(features, "float32") - float(zero_point)
        logits = server(values * scale, training=False)
        return {"probabilities": tf.nn.softmax(logits)}

    archive = keras.export.ExportArchive()
    archive.track(server)
    shape = (None, *server.inputs[0].shape[1:])
    spec = tf.TensorSpec(shape, tf.uint8, name="features")
    archive.add_endpoint(ENDPOINT, classify, [spec])
    archive.write_out(str(path), verbose=False)


def load(path):
    """Loads a server; returns a function from the wire to probabilities."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))
    endpoint = getattr(loaded, ENDPOINT)

    def classify(features):
        # The SavedModel and with it the endpoint live as long as this does.
        return endpoint(tf.constant(features))["probabilities"].numpy()

    classify.saved_model = loaded
    return classify
