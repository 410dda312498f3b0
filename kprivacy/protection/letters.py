"""Texts through a trained pair, by its folder and a key file."""

import numpy as np

from kprivacy.fakesafe.sides import Pads, Receiver, Sender
from kprivacy.protection import inputs, secret, sides
from kprivacy.text import TextReceiver, TextSender, load_codec


def text_sender(client, key_file=None, covers=None):
    """The sender of a pair that was trained for text.

    Args:
        client: Folder of the trained client, or its working directory.
        key_file: Path of the key; needed exactly if the pair takes one.
        covers: Pictures of the fake's domain that nobody else has, as
            `kprivacy.protect` takes them, where the client takes them. Each
            is used once: give no picture to two senders.

    Returns:
        A `kprivacy.text.TextSender`.

    Raises:
        UserError: A file is missing or damaged, or the pair is for no text.

    Example:

    >>> sender = text_sender("W/client", "KEY", "MY_PICTURES")
    >>> message = sender.encode("She likes limes.")
    >>> text_receiver("W/server", "KEY").decode(message)
    'she likes limes .'
    """
    side = sides.read(client, "client")
    stock = None
    if covers is not None:
        found = inputs.find(covers, side.target, flag="covers")
        stock = np.stack([found.read(i) for i in range(len(found.names))])
    sender = Sender(side.model, stock, _pads(side, key_file))
    codec = load_codec(sides.own_folder(client, "client"))
    return TextSender(sender, codec)


def text_receiver(server, key_file=None):
    """The receiver; see `text_sender`."""
    side = sides.read(server, "server")
    return TextReceiver(
        Receiver(side.model, _pads(side, key_file)),
        load_codec(sides.own_folder(server, "server")),
    )


def _pads(side, key_file):
    held = secret.read(key_file, side.key_bits)
    return Pads(side.key_bits, held.raw) if held else None
