"""The README's Python runs, and its commands are the binaries'."""

import pathlib
import re

import pytest

README = (pathlib.Path(__file__).parent.parent / "README.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.mark.filterwarnings("ignore:The best attacker's error")
def test_the_python_runs(capsys):
    (code,) = blocks("python")
    short = code.replace("epochs=15", "epochs=1").replace(
        "steps=240", "steps=12"
    )
    assert short != code
    exec(compile(short, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "nearest_neighbours" in printed and "label only" in printed


def test_the_python_is_ten_lines_after_the_imports():
    (code,) = blocks("python")
    lines = [line for line in code.splitlines() if line.strip()]
    assert len([x for x in lines if "import" not in x]) <= 10


def test_commands_name_modules_that_exist():
    root = pathlib.Path(__file__).parent.parent
    modules = set(re.findall(r"python -m ([\w.]+)", README))
    assert modules >= {"kprivacy.train", "kprivacy.audit", "export.main"}
    for module in modules:
        path = root / module.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (
            path / "__main__.py"
        ).is_file(), module


def test_nothing_is_left_to_fill_in():
    assert not re.findall(r"@[A-Z]+@", README)


def test_links_lead_somewhere():
    root = pathlib.Path(__file__).parent.parent
    places = {
        "#" + title.lower().replace(" ", "-")
        for title in re.findall(r"^#+ ([\w ]+)$", README, re.MULTILINE)
    }
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert target in places or (root / target).exists(), target
