"""Protected photographs are verified, and both programs say what they did."""

import json
import subprocess
import sys

import numpy as np
from PIL import Image
from test_photos import BOUND, album, loud, pixels

from kprivacy.confounder_gan.training import write_client
from kprivacy.photos import verify


def test_verifying_finds_what_is_wrong(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    image = pixels(8, 8, 3, most=100)
    for name in ("gone", "same", "over", "small", "fine"):
        Image.fromarray(image).save(tmp_path / "a" / f"{name}.png")
    for name, change in (("same", 0), ("over", 9), ("fine", 3)):
        Image.fromarray(image + np.uint8(change)).save(
            tmp_path / "b" / f"{name}.png"
        )
    Image.fromarray(image[:4]).save(tmp_path / "b" / "small.png")
    found = verify.verify(tmp_path / "a", tmp_path / "b", BOUND)
    assert not found.passed and len(found.rows) == 3
    assert (found.missing, found.over, found.same) == (
        ["gone.png"], ["over.png"], ["same.png"]
    )
    assert "another size" in found.bad[0]
    assert "over the bound: 1, such as over.png" in found.summary()


def test_the_binaries(tmp_path):
    client = loud()
    client.save(tmp_path / "client.keras")
    write_client(client, BOUND, tmp_path / "w" / "client")
    album(tmp_path / "in")

    def call(module, *flags):
        return subprocess.run(
            [sys.executable, "-m", f"kprivacy.{module}", *flags],
            capture_output=True, text=True, check=False,
        )

    found = call(
        "protect", f"--client={tmp_path / 'w'}", f"--input={tmp_path / 'in'}",
        f"--output={tmp_path / 'o'}", "--format=png",
    )
    assert found.returncode == 0, found.stderr[-2000:]
    assert found.stdout.startswith("protected: 11 in")
    assert "warning" not in found.stderr
    found = call(
        "verify", f"--originals={tmp_path / 'in'}",
        f"--protected={tmp_path / 'o'}", f"--bound={BOUND}",
        f"--report={tmp_path / 'r.json'}",
    )
    assert found.returncode == 0, found.stdout + found.stderr[-2000:]
    assert "largest change: 8 levels" in found.stdout
    assert len(json.loads((tmp_path / "r.json").read_text())["rows"]) == 11
    found = call(
        "protect", f"--client={tmp_path / 'w'}", f"--input={tmp_path / 'in'}",
        f"--output={tmp_path / 'p'}", f"--key_file={tmp_path / 'k'}",
    )
    assert found.returncode == 1 and "no use for --key_file" in found.stderr
    found = call(
        "protect", f"--client={tmp_path / 'w'}", f"--input={tmp_path / 'in'}",
        f"--output={tmp_path / 'p'}", "--noresize",
    )
    assert found.returncode == 1 and "no use for --resize" in found.stderr
