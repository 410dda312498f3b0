"""FakeSafe's server: R, which turns the fake back."""

from kprivacy.fakesafe.networks import transform


def build_server(client, **options):
    """Builds the network that recovers the message.

    Args:
        client: Of `build_client`, or any functional model of that form.
        **options: As for `build_client`; `code`, `key`,
            `cover`, `spacing` and `smooth` are the client's.

    Returns:
        A functional `keras.Model` named "server" from `fake`, and `key` if
        the client has one, to the source's shape.
    """
    return transform(
        client.output_shape[1:],
        tuple(client.inputs[0].shape[1:]),
        "fake",
        "server",
        binary=False,
        **options,
    )
