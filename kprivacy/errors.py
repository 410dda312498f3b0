"""Checks that end in a sentence: what was expected, what came, what to do."""


class UserError(ValueError):
    """Something was given that cannot be used; says what to do instead."""


def check_roles(client, **others):
    """Raises unless every role is a built model on the client's output."""
    import keras

    for name, model in {"client": client, **others}.items():
        if not isinstance(model, keras.Model):
            raise TypeError(
                f"`{name}` must be a built functional `keras.Model`. "
                f"Received: {model!r} (of type {type(model).__name__}). "
                "Build one with kprivacy's builders or with `keras.Model("
                "inputs, outputs)`."
            )
        if not getattr(model, "inputs", None):
            raise UserError(
                f"`{name}` must be built, with known input and output shapes. "
                f"Received: {model.name!r}, which has none yet. Begin a "
                "`keras.Sequential` with `keras.Input(shape)`."
            )
    further = ("cover", "private")
    if len([one for one in client.inputs if one.name not in further]) > 2:
        raise UserError(
            "`client` must take the data and at most one noise input or key, "
            "beside a cover or the private attribute. "
            f"Received: {len(client.inputs)} inputs."
        )
    codes = tuple(client.outputs[0].shape[1:])
    for name, model in others.items():
        expected = tuple(model.inputs[0].shape[1:])
        if expected != codes:
            raise UserError(
                f"`{name}` must take what the client sends, shape {codes} "
                f"without the batch. Received: {name} with input shape "
                f"{expected}. Build it from `client.output_shape[1:]`."
            )


def check_decoder(client, adversary):
    """Raises unless every output of the adversary is shaped as the data."""
    data = tuple(client.inputs[0].shape[1:])
    for output in adversary.outputs:
        if tuple(output.shape[1:]) != data:
            raise UserError(
                f"`adversary` must reconstruct the data, shape {data} without"
                f" the batch. Received: an output of {tuple(output.shape[1:])}"
                ". Build it with `kprivacy.ran.build_adversary(client)`."
            )


def check_fraction(name, value):
    """Raises unless `value` is a number in [0, 1]."""
    if not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise UserError(
            f"`{name}` must be a number in [0, 1]. Received: {name}={value!r}."
        )


def check_positive(name, value):
    """Raises unless `value` is a number above 0."""
    if not isinstance(value, (int, float)) or not value > 0:
        raise UserError(
            f"`{name}` must be a number above 0. Received: {name}={value!r}."
        )


def check_weight(name, value):
    """Raises unless `value` is a number of at least 0, not infinite."""
    if not isinstance(value, (int, float)) or not 0 <= value < float("inf"):
        raise UserError(
            f"`{name}` must be a number of at least 0. Received: "
            f"{name}={value!r}."
        )


def check_count(name, value, minimum=1):
    """Raises unless `value` is an integer of at least `minimum`."""
    if isinstance(value, bool) or not isinstance(value, int) or (
        value < minimum
    ):
        raise UserError(
            f"`{name}` must be an integer of at least {minimum}. "
            f"Received: {name}={value!r}."
        )


def check_names(name, values, choices):
    """Raises unless all of `values`, which may be None, are in `choices`."""
    unknown = set(values or ()) - set(choices)
    if unknown:
        raise UserError(
            f"`{name}` must be out of {choices}. Received: {sorted(unknown)}."
        )


def check_choice(name, value, choices):
    """Raises unless `value` is one of `choices`."""
    if value not in choices:
        raise UserError(
            f"`{name}` must be one of {', '.join(map(repr, choices))}. "
            f"Received: {name}={value!r}."
        )


def check_no_float16(what):
    """Raises under a policy in which gradients of pictures become 0.

    Args:
        what: Whose gradients, the begin of the sentence.
    """
    import keras

    policy = keras.config.dtype_policy()
    if policy.compute_dtype == "float16":
        raise UserError(
            f"{what} follows gradients in pictures, which are too small for "
            f"float16. Received: the policy {policy.name!r}. Call "
            "keras.config.set_dtype_policy with 'float32' or 'mixed_bfloat16'."
        )


def check_pair(data, wanted, advice):
    """Raises unless what a model trains on is a pair.

    Args:
        data: What `train_step` got.
        wanted: A sentence of what is expected.
        advice: Another of what to do.
    """
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        raise UserError(
            f"{wanted} Received: {type(data).__name__}. {advice}"
        )
