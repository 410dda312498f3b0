"""Log-mel spectrograms of sound files, as both sets of sounds hold them."""

import math
import warnings

import numpy as np

from kprivacy.data.errors import DataError

RATE = 16_000
SECONDS = 5
FFT = 1024
HOP = 512
BANDS = 64
LEAST_POWER = 1e-10
FRAMES = 1 + RATE * SECONDS // HOP
MOST_SECONDS = 600


def read_log_mel(path):
    """The log-mel spectrogram of a .wav file, see `log_mel`.

    Raises:
        DataError: The file is not sound, is empty or is very long.
    """
    from scipy.io import wavfile

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)
            rate, wave = wavfile.read(path)
    except Exception as error:
        raise DataError(
            f"{str(path)!r} is not a readable .wav file "
            f"({type(error).__name__}: {error}). Replace it or move it out of "
            "the folder."
        ) from error
    if not 1000 <= rate <= 400_000 or not 0 < len(wave) / rate < MOST_SECONDS:
        raise DataError(
            f"{str(path)!r} must be sound of at most {MOST_SECONDS} seconds. "
            f"Received: {len(wave)} samples at {rate} Hz."
        )
    return log_mel(_unit(wave), rate)


def log_mel(wave, rate):
    """Log-mel spectrogram in dB, float32 of shape (64 bands, 157 frames).

    The sound is resampled to 16 kHz and cut, or continued by silence, to
    five seconds. Frames of 1,024 samples under a Hann window every 512, the
    first centred on the first sample; power of the spectrum, summed by 64
    triangles of height 1 up to 8 kHz on the mel scale; 10 log10 of no less
    than 1e-10, so that silence is -100 dB and full scale about 50.

    Args:
        wave: Samples in [-1, 1], shape (samples,).
        rate: Samples a second.
    """
    from scipy import signal

    divisor = math.gcd(RATE, rate)
    wave = signal.resample_poly(wave, RATE // divisor, rate // divisor)
    wave = wave[: RATE * SECONDS]
    wave = np.pad(wave, (0, RATE * SECONDS - len(wave)))
    wave = np.pad(wave, FFT // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(wave, FFT)[::HOP]
    spectrum = np.fft.rfft(frames * signal.get_window("hann", FFT))
    power = np.abs(spectrum) ** 2 @ _triangles()
    return (10 * np.log10(np.maximum(power, LEAST_POWER))).T.astype(np.float32)


def _triangles():
    import tensorflow as tf

    return tf.signal.linear_to_mel_weight_matrix(
        BANDS, FFT // 2 + 1, RATE, 0.0, RATE / 2
    ).numpy()


def _unit(wave):
    """Samples in [-1, 1], one channel."""
    if wave.dtype == np.uint8:
        wave = (wave.astype(np.float64) - 128) / 128
    elif np.issubdtype(wave.dtype, np.integer):
        wave = wave / -float(np.iinfo(wave.dtype).min)
    wave = np.nan_to_num(wave.astype(np.float64))
    return wave if wave.ndim == 1 else wave.mean(axis=1)
