"""Protecting and recovering, interrupted: nothing is made twice."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from protection import GREY, assert_same, names, pair, photos, read_all

from kprivacy import files, protect_lib, recover_lib
from kprivacy.errors import UserError
from kprivacy.protection import manifest, progress, secret


def test_one_run_at_a_time_writes_an_output(tmp_path):
    """Two would make two fakes of one example."""
    side = pair(tmp_path / "w", GREY)
    photos(tmp_path / "in", 2, (4, 6, 1))
    given = side, tmp_path / "in", tmp_path / "o", None, 2
    with files.alone(tmp_path / "o"):
        with pytest.raises(UserError, match="Another process works in"):
            protect_lib.protect(*given)
    assert protect_lib.protect(*given).count == 2
    back = side, tmp_path / "o", tmp_path / "back", None, 2
    with files.alone(tmp_path / "back"):
        with pytest.raises(UserError, match="Another process works in"):
            recover_lib.recover(*back)
    assert recover_lib.recover(*back).count == 2


class Killed(Exception):
    """Stands for a kill."""


@pytest.mark.parametrize("target", [None, {"kind": "vector", "shape": [24]}])
@pytest.mark.parametrize("kill_at", [0, 1, 3])
def test_an_interrupted_run_goes_on(tmp_path, monkeypatch, target, kill_at):
    """What was written stays as it is; nothing is made twice."""
    side = pair(tmp_path / "w", GREY, target=target)
    images = photos(tmp_path / "in", 9, (4, 6, 1))
    batches = []
    line = progress.Line.add

    def add(self, count):
        batches.append(count)
        if len(batches) == kill_at:
            raise Killed
        line(self, count)

    def stop(*_):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(progress.Line, "add", add)
        # After the last fake, before the run is complete.
        patched.setattr(manifest, "write", stop)
        with pytest.raises(Killed):
            protect_lib.protect(side, tmp_path / "in", tmp_path / "o", None, 2)
    before = {
        path.name: path.read_bytes()
        for path in (tmp_path / "o").iterdir() if path.name[:2] != ".p"
    }
    assert before
    (tmp_path / "o" / ".manifest.json.123").write_text("half")
    written = []
    monkeypatch.setattr(
        progress.Line, "add", lambda self, count: written.append(count)
    )
    result = protect_lib.protect(
        side, tmp_path / "in", tmp_path / "o", None, 2
    )
    assert result.count == 9
    assert sum(written) == (9 - 2 * kill_at if kill_at else 0)
    if not target:
        for name, content in before.items():
            assert (tmp_path / "o" / name).read_bytes() == content
    assert not list((tmp_path / "o").glob(".*"))
    recover_lib.recover(side, tmp_path / "o", tmp_path / "b")
    assert sorted(p.tobytes() for p in read_all(tmp_path / "b").values()) == (
        sorted(p.tobytes() for p in images.values())
    )


def test_another_input_is_another_run(tmp_path, monkeypatch):
    """Files of the same names would be taken for those that are done."""
    side = pair(tmp_path / "w", GREY)
    for name in ("a", "b"):
        photos(tmp_path / name, 4, (4, 6, 1))

    def stop(*_):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(manifest, "write", stop)
        with pytest.raises(Killed):
            protect_lib.protect(side, tmp_path / "a", tmp_path / "o")
    with pytest.raises(UserError, match="unfinished run with another input"):
        protect_lib.protect(side, tmp_path / "b", tmp_path / "o")
    again = protect_lib.protect(side, tmp_path / "a", tmp_path / "o")
    assert again.count == 4


def test_the_state_of_a_run_tells_no_names(
    tmp_path, keyed, key, monkeypatch
):
    def stop(*_):
        raise Killed

    photos(tmp_path / "in", 1)
    monkeypatch.setattr(manifest, "write", stop)
    with pytest.raises(Killed):
        protect_lib.protect(keyed, tmp_path / "in", tmp_path / "o", key)
    text = (tmp_path / "o" / progress.STATE).read_text()
    held = json.loads(text)
    assert "secret" not in text
    name = json.dumps({"file": "secret 0.png"})
    for guess in (name, f"{held['salt']} {name}", "secret 0.png"):
        assert hashlib.sha256(guess.encode()).hexdigest() not in text
    secret.write_new(tmp_path / "other")
    with pytest.raises(UserError, match="another key"):
        protect_lib.protect(
            keyed, tmp_path / "in", tmp_path / "o", tmp_path / "other"
        )


def test_an_unwritten_fake_gets_a_new_nonce(
    tmp_path, keyed, key, monkeypatch
):
    """Its content may have changed; a pad must not meet two contents."""
    def stop(*_):
        raise Killed

    photos(tmp_path / "in", 1)
    nonces = []
    for _ in range(2):
        with monkeypatch.context() as patched:
            patched.setattr(manifest, "write", stop)
            with pytest.raises(Killed):
                protect_lib.protect(
                    keyed, tmp_path / "in", tmp_path / "o", key
                )
        held = files.read_json(tmp_path / "o" / progress.STATE)
        nonces += [entry["nonce"] for entry in held["fakes"].values()]
        (fake,) = (tmp_path / "o").glob("*.png")
        fake.unlink()
    assert len(nonces) == 2 and nonces[0] != nonces[1]


def test_an_interrupted_recovery_goes_on(
    tmp_path, keyed, sent, key, monkeypatch
):
    def stop(self, count):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(progress.Line, "add", stop)
        with pytest.raises(Killed):
            recover_lib.recover(keyed, sent, tmp_path / "b", key, 2)
    assert len(read_all(tmp_path / "b")) == 2
    result = recover_lib.recover(keyed, sent, tmp_path / "b", key, 2)
    assert result.count == 5
    assert_same(read_all(tmp_path / "b"), read_all(tmp_path / "in"))
    assert not list((tmp_path / "b").rglob(".*"))


def test_a_killed_run_leaves_whole_files(tmp_path, plain):
    """A kill at any moment; the next run ends it."""
    photos(tmp_path / "in", 400)
    arguments = [
        sys.executable, "-m", "kprivacy.protect", f"--client={plain}",
        f"--input={tmp_path / 'in'}", f"--output={tmp_path / 'o'}",
        "--batch_size=1",
    ]
    process = subprocess.Popen(arguments, stderr=subprocess.DEVNULL)
    while process.poll() is None and len(list(tmp_path.glob("o/*.png"))) < 20:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = {
        path.name: path.read_bytes() for path in tmp_path.glob("o/*.png")
    }
    assert 20 <= len(before) < 400
    result = protect_lib.protect(plain, tmp_path / "in", tmp_path / "o")
    assert result.count == 400
    after = {p.name: p.read_bytes() for p in tmp_path.glob("o/*.png")}
    assert len(after) == 400
    assert before.items() <= after.items()
    assert names(tmp_path / "o")[-1] == "manifest.json"
