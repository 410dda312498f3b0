"""Log-mel spectrograms of .wav files."""

import numpy as np
import pytest
from scipy import signal
from scipy.io import wavfile

from kprivacy import data
from kprivacy.data.builders import sound


def test_log_mel_of_a_tone():
    """Amplitude 1 at 1 kHz: bin 64 of the spectrum holds (1024 / 4)^2.

    Hann's neighbours hold a quarter of that each. Bin 64 is 1,000 Hz, the
    band there reaches over more than three bins with heights in (0, 1].
    """
    time = np.arange(5 * 16_000) / 16_000
    found = sound.log_mel(np.sin(2 * np.pi * 1000 * time), 16_000)
    assert found.shape == (64, 157) and found.dtype == np.float32
    ceiling = 10 * np.log10(1.5 * 256**2)
    band = found[:, 78].argmax()
    assert ceiling - 3 < found[band, 78] < ceiling
    edges = 2595 * np.log10(1 + np.array([1000, 8000]) / 700)
    assert abs(band + 1 - 65 * edges[0] / edges[1]) < 1


def test_silence_is_the_floor():
    found = sound.log_mel(np.zeros(1000), 44_100)
    np.testing.assert_array_equal(found, np.full((64, 157), -100.0))


def test_rates_and_depths_agree(tmp_path):
    wave = signal.get_window("hann", 44_100) * np.sin(
        2 * np.pi * 440 * np.arange(44_100) / 44_100
    )
    wavfile.write(tmp_path / "a.wav", 44_100, wave.astype(np.float32))
    stereo = np.stack([wave, wave], axis=1) * 32767
    wavfile.write(tmp_path / "b.wav", 44_100, stereo.astype(np.int16))
    pair = [sound.read_log_mel(tmp_path / f"{n}.wav") for n in "ab"]
    loud = pair[0] > 0
    assert loud.sum() > 50
    np.testing.assert_allclose(pair[0][loud], pair[1][loud], atol=0.05)


def test_what_is_no_sound_is_named(tmp_path):
    path = tmp_path / "x.wav"
    path.write_bytes(b"RIFF....WAVE")
    with pytest.raises(data.DataError, match="x.wav.*not a readable .wav"):
        sound.read_log_mel(path)
