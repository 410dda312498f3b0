"""Metrics of reconstructions and sentences in float64."""

import numpy as np


def mean_squared_error(originals, reconstructions):
    """The mean over all elements of all examples, in squared data units."""
    return float(np.mean(squared_errors(originals, reconstructions)))


def squared_errors(originals, reconstructions):
    """The mean squared error of each example, shape (examples,).

    Raises:
        ValueError: The shapes differ, or a value is not finite.
    """
    a = np.asarray(originals, dtype=np.float64)
    b = np.asarray(reconstructions, dtype=np.float64)
    if a.shape != b.shape:
        raise ValueError(
            "Originals and reconstructions must have one shape. Received: "
            f"{a.shape} and {b.shape}."
        )
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError(
            "Originals and reconstructions must be finite. Received NaN or "
            "infinite values: look at the attacker's losses."
        )
    return np.mean((a - b).reshape(len(a), -1) ** 2, axis=1)


def psnr(originals, reconstructions, data_range=1.0):
    """Peak signal-to-noise ratio in dB of the mean squared error of the set.

    Args:
        data_range: Largest minus smallest possible value; 1 for images in
            [0, 1].
    """
    error = mean_squared_error(originals, reconstructions)
    return float("inf") if error == 0 else float(
        10 * np.log10(data_range**2 / error)
    )


def ssim(originals, reconstructions, data_range=1.0):
    """Mean structural similarity of images (height, width, channels).

    Args:
        data_range: Largest minus smallest possible value; 1 for images in
            [0, 1].

    Returns:
        A float in [-1, 1], or None for data that are not images of at least
        7 pixels a side (the window of scikit-image, which computes it).
    """
    from skimage.metrics import structural_similarity

    a = np.asarray(originals, dtype=np.float64)
    b = np.asarray(reconstructions, dtype=np.float64)
    if a.ndim != 4 or min(a.shape[1:3]) < 7:
        return None
    values = [
        structural_similarity(x, y, data_range=data_range, channel_axis=-1)
        for x, y in zip(a, b)
    ]
    return float(np.mean(values))


def bleu(references, hypotheses):
    """Corpus BLEU of up to four words in a row, in [0, 1].

    Args:
        references: One sentence for each hypothesis.
        hypotheses: What is judged, sentences in the same order.

    Raises:
        ValueError: The numbers of sentences differ, or there are none.

    Reference: Papineni et al., BLEU, 2002; sacrebleu's `corpus_bleu` with
    its own tokens ("13a") and smoothing, divided by 100.
    """
    import sacrebleu

    references, hypotheses = list(references), list(hypotheses)
    if len(references) != len(hypotheses) or not references:
        raise ValueError(
            "BLEU needs one reference for each hypothesis, and at least one. "
            f"Received: {len(references)} and {len(hypotheses)}."
        )
    return sacrebleu.corpus_bleu(
        hypotheses, [references], force=True
    ).score / 100
