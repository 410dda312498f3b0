"""Runs over folders: names, interruptions, settings, and what they hold."""

import os
import tracemalloc

import pytest
from PIL import Image
from test_photos import album, loud, pixels

from kprivacy import files
from kprivacy.errors import UserError
from kprivacy.photos import rows, run, targets, verify


@pytest.fixture(scope="module")
def client():
    return loud()


def test_names_that_meet(client, tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("a.jpg", "a.png", "b.jpg", "b.jpeg"):
        Image.fromarray(pixels(9, 9, 3)).save(tmp_path / "in" / name)
    run.protect(client, tmp_path / "in", tmp_path / "o", format="png")
    made = {p.name for p in (tmp_path / "o").glob("*.png")}
    assert len(made) == 4 and "a.png" in made


def test_an_interrupted_run_goes_on(client, tmp_path, monkeypatch):
    expected = album(tmp_path / "in")
    done = []

    def stop(self, row):
        add(self, row)
        done.append(row["output"])
        if len(done) == 3:
            raise KeyboardInterrupt

    add = rows.Rows.add
    with monkeypatch.context() as patched:
        patched.setattr(rows.Rows, "add", stop)
        with pytest.raises(KeyboardInterrupt):
            run.protect(client, tmp_path / "in", tmp_path / "o")
    before = {name: (tmp_path / "o" / name).stat().st_mtime_ns
              for name in done}
    assert len(before) == 3
    result = run.protect(client, tmp_path / "in", tmp_path / "o")
    assert result.count == len(expected)
    for name, time in before.items():
        assert (tmp_path / "o" / name).stat().st_mtime_ns == time
    held = files.read_json(tmp_path / "o" / "report.json")["files"]
    assert len(held) == len(expected)
    Image.fromarray(pixels(9, 9, 3)).save(tmp_path / "in" / "new.png")
    assert run.protect(
        client, tmp_path / "in", tmp_path / "o"
    ).count == len(expected) + 1


def test_an_output_belongs_to_its_settings(client, tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("b.jpeg", "b.jpg"):
        Image.fromarray(pixels(9, 9, 3)).save(tmp_path / "in" / name)
    options = {"format": "png"}
    run.protect(client, tmp_path / "in", tmp_path / "o", **options)
    (tmp_path / "o" / "b.png").unlink()
    result = run.protect(client, tmp_path / "in", tmp_path / "o", **options)
    assert result.count == 2 and not result.bad
    outputs = {row["file"]: row["output"] for row in
               files.read_json(tmp_path / "o" / "report.json")["files"]}
    assert len(set(outputs.values())) == 2
    with pytest.raises(UserError, match="other settings"):
        run.protect(client, tmp_path / "in", tmp_path / "o", "keep", "png")
    with pytest.raises(UserError, match="other settings"):
        run.protect(loud(3, "residual"), tmp_path / "in", tmp_path / "o",
                    **options)
    Image.fromarray(pixels(9, 9, 3, seed=5)).save(tmp_path / "in" / "b.jpg")
    before = (tmp_path / "o" / outputs["b.jpg"]).read_bytes()
    run.protect(client, tmp_path / "in", tmp_path / "o", **options)
    assert (tmp_path / "o" / outputs["b.jpg"]).read_bytes() != before
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "b.png").write_text("mine")
    with pytest.raises(UserError, match="other files"):
        run.protect(client, tmp_path / "in", tmp_path / "mine")
    with pytest.raises(UserError, match="--input and --preview"):
        run.protect(client, tmp_path / "in", tmp_path / "p",
                    preview=tmp_path / "in" / "look")
    still = loud()
    last = still.get_layer("up_detail")
    last.set_weights([0 * one for one in last.get_weights()])
    result = run.protect(still, tmp_path / "in", tmp_path / "q")
    assert len(result.bad) == 2 and "not be changed" in result.bad[0]


def test_what_killed_runs_left_is_removed(client, tmp_path):
    """But nothing that only looks like it, and in no foreign folder."""
    (tmp_path / "in" / "trip").mkdir(parents=True)
    Image.fromarray(pixels(9, 9, 3)).save(tmp_path / "in" / "trip" / "a.png")
    output = tmp_path / "o"
    run.protect(client, tmp_path / "in", output)
    left = (".123.part", "trip/.4.part", ".report.json.55", ".report.csv.6")
    others = (".part", ".mine.part", "12.part", ".report.json.old")
    for name in (*left, *others):
        (output / name).write_text("?")
    run.protect(client, tmp_path / "in", output)
    assert not [name for name in left if (output / name).exists()]
    assert all((output / name).exists() for name in others)
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / ".123.part").write_text("?")
    with pytest.raises(UserError, match="other files"):
        run.protect(client, tmp_path / "in", foreign)
    assert (foreign / ".123.part").exists()
    with files.alone(output):
        with pytest.raises(UserError, match="Another process works in"):
            run.protect(client, tmp_path / "in", output)


def test_a_preview_of_what_is_done_already(client, tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("a.png", "b.jpg"):
        Image.fromarray(pixels(9, 9, 3)).save(tmp_path / "in" / name)
    for folder in ("first", "again"):
        run.protect(client, tmp_path / "in", tmp_path / "o",
                    preview=tmp_path / folder)
        (tmp_path / "first" / "b.jpg.preview.png").unlink(missing_ok=True)
    before = (tmp_path / "first" / "a.png.preview.png").stat().st_mtime_ns
    run.protect(client, tmp_path / "in", tmp_path / "o",
                preview=tmp_path / "first")
    assert before == (
        tmp_path / "first" / "a.png.preview.png").stat().st_mtime_ns
    for name in ("a.png", "b.jpg"):
        made = [(tmp_path / folder / f"{name}.preview.png").read_bytes()
                for folder in ("first", "again")]
        assert made[0] == made[1]


def test_names_that_meet_twice(client, tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("a.jpg", "a.png", "a.jpg.png"):
        Image.fromarray(pixels(9, 9, 3)).save(tmp_path / "in" / name)
    run.protect(client, tmp_path / "in", tmp_path / "o", format="png")
    held = files.read_json(tmp_path / "o" / "report.json")["files"]
    assert {one["file"]: one["output"] for one in held} == {
        "a.jpg": "a.jpg.png.png", "a.jpg.png": "a.jpg.png", "a.png": "a.png"
    }


def test_a_name_that_is_a_folder(client, tmp_path):
    """The folder of one picture is not taken for the copy of another."""
    (tmp_path / "in" / "a.png").mkdir(parents=True)
    for name in ("a.jpg", "a.png/b.png"):
        Image.fromarray(pixels(9, 9, 3)).save(tmp_path / "in" / name)
    result = run.protect(client, tmp_path / "in", tmp_path / "o", format="png")
    assert not result.bad
    assert (tmp_path / "o" / "a.jpg.png").is_file()


def test_what_is_not_read_is_counted(tmp_path):
    """Pipes, which would never end, links and what is hidden."""
    for folder in ("in/.hidden", "in/trip", "other"):
        (tmp_path / folder).mkdir(parents=True)
    Image.fromarray(pixels(9, 9, 3)).save(tmp_path / "in" / "a.png")
    os.mkfifo(tmp_path / "in" / "b.png")
    (tmp_path / "in" / "linked").symlink_to(tmp_path / "other")
    (tmp_path / "in" / "trip" / "c.png").symlink_to(tmp_path / "in" / "a.png")
    names, others = run.find(tmp_path / "in")[1:]
    assert names == ["a.png"]
    assert sorted(others) == [".hidden", "b.png", "linked", "trip/c.png"]
    assert not list(run.unread_pictures(others))


def test_folders_that_cannot_be_read(tmp_path, monkeypatch):
    (tmp_path / "in" / "shut").mkdir(parents=True)
    Image.fromarray(pixels(9, 9, 3)).save(tmp_path / "in" / "a.png")
    scandir = os.scandir

    def shut(path):
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", shut)
    with pytest.raises(UserError, match="shut' cannot be read .Permission"):
        run.find(tmp_path / "in")


def test_files_where_folders_go(client, tmp_path):
    (tmp_path / "in").mkdir()
    Image.fromarray(pixels(9, 9, 3)).save(tmp_path / "in" / "a.png")
    (tmp_path / "file").write_text("mine")
    for path in (tmp_path / "file", tmp_path / "file" / "o"):
        with pytest.raises(UserError, match="--output must be a folder.*file"):
            run.protect(client, tmp_path / "in", path)
        with pytest.raises(UserError, match="--preview must be a folder.*file"):
            run.protect(client, tmp_path / "in", tmp_path / "o", preview=path)
    assert not (tmp_path / "o").exists()


class Counted(str):
    """A name that counts how often it is looked up."""

    count = 0

    def __hash__(self):
        Counted.count += 1
        return str.__hash__(self)


def test_names_take_time_in_proportion():
    names = [f"{index}.jpg" for index in range(2000)]
    outputs = {name: Counted(name[:-3] + "png") for name in names}
    made = targets.Targets(names, outputs)
    for name in names:
        made.choose(name, "PNG")
    assert Counted.count < 5 * len(names)


def test_verifying_takes_time_in_proportion(tmp_path, monkeypatch):
    class Names(list):
        count = 0

        def __iter__(self):
            Names.count += 1
            return super().__iter__()

    names = Names(f"{index}.jpg" for index in range(50))
    monkeypatch.setattr(run, "find", lambda path, flag: (tmp_path, names, []))
    assert len(verify.verify(tmp_path, tmp_path).missing) == 50
    assert Names.count < 5


def row(index, **more):
    return {"file": f"{index}.png", "output": f"{index}.png", "format": "PNG",
            "stamp": [1, 2], "copy": [3, 4], "linf": 8.0, "mean": 5.0,
            "kept": 1.0, **more}


def test_rows_are_not_held(tmp_path):
    held = rows.Rows(tmp_path / "o", {}, 8)
    tracemalloc.start()
    for index in range(1000):
        held.add(row(index, note="n" * 4000))
    held.write([f"{index}.png" for index in range(1000)], ["one is left"])
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1e6
    found = files.read_json(tmp_path / "o" / "report.json")
    assert found.keys() == {"settings", "bound", "files", "left"}
    assert found["bound"] == 8 and found["left"] == ["one is left"]
    assert found["files"][-1] == row(999, note="n" * 4000)
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == [
        "report.csv", "report.json"
    ]


@pytest.mark.parametrize("indent", [None, 2])
def test_rows_of_earlier_runs(tmp_path, indent):
    """Of a report, in any layout, and of a journal that ends in a line."""
    held = rows.Rows(tmp_path, {"a": 1}, 8)
    held.add(row(0))
    held.write(["0.png"], [])
    if indent:
        whole = files.read_json(tmp_path / "report.json")
        files.write_json(tmp_path / "report.json", whole)
    again = rows.Rows(tmp_path, {"a": 1}, 8)
    again.add(row(1))
    with open(tmp_path / rows.ROWS, "a") as journal:
        journal.write('{"file": "2.p')
    third = rows.Rows(tmp_path, {"a": 1}, 8)
    third.add(row(2))
    names = ["0.png", "1.png", "2.png", "3.png"]
    assert [
        third.done(name, (1, 2), (3, 4)) for name in names
    ] == [1, 1, 1, 0]
    assert not third.done("0.png", (1, 3), (3, 4))
    assert not third.done("0.png", (1, 2), (3, 5))
    assert not third.done("0.png", (1, 2), None)
    third.write(names, [])
    found = files.read_json(tmp_path / "report.json")["files"]
    assert found == [row(0), row(1), row(2)]
    with pytest.raises(UserError, match="other settings"):
        rows.Rows(tmp_path, {"a": 2}, 8)
    (tmp_path / "report.json").write_text("[]")
    with pytest.raises(UserError, match="must be a report"):
        rows.Rows(tmp_path, {"a": 1}, 8)
