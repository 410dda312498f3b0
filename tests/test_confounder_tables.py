"""The experiments behind ConfounderGAN's tables, on two steps of everything."""

import pytest

from kprivacy import reproduce_lib
from kprivacy.workdir import WorkdirError


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return tmp_path_factory.mktemp("runs"), tmp_path_factory.mktemp("out")


@pytest.mark.parametrize("name, rows", [
    ("confounder_gan_table2", {
        *(f"none:{method}" for method in (
            "natural", "confounder_gan", "confounder_gan_paper", "emn",
            "cwp", "cwn", "random_noise")),
        *(f"mixup:{method}" for method in (
            "natural", "confounder_gan", "emn")),
    }),
    ("confounder_gan_figure2", {
        f"none:{method}" for method in ("natural", "cwp", "cwn")
    }),
    ("confounder_gan_figure4", {
        f"none:{method}" for method in ("natural", "confounder_gan",
                                        "confounder_gan_paper", "emn")
    }),
    ("confounder_gan_figure5", {
        f"p50:{line}" for line in ("natural", "clean_part", "emn",
                                   "confounder_gan", "confounder_gan_out")
    }),
    ("confounder_gan_table1", {
        *(f"{network}:{method}" for network in ("lenet", "mlp")
          for method in ("natural", "confounder_gan", "emn")),
        "lenet:confounder_gan_paper",
    }),
    ("confounder_gan_countermeasures", {
        *(f"grey:{method}" for method in (
            "natural", "confounder_gan", "emn", "confounder_gan_paper")),
        *(f"{label}:{method}"
          for label in ("pretrained", "leaked", "noise_only")
          for method in ("confounder_gan", "emn")),
        "adaptive:confounder_gan", "clean_500:natural",
        "flip+crop_control:random_noise", "flip+crop_control:shuffled",
    }),
])
def test_every_row_is_measured(folders, name, rows):
    found = reproduce_lib.reproduce(f"{name}", *folders, profile="smoke")
    held = {row["name"]: row["measured"] for row in found["rows"]}
    assert set(held) == {f"cifar10_subset:{row}" for row in rows}
    for row, measured in held.items():
        assert {"accuracy", "peak_accuracy", "stopped_accuracy"} <= set(
            measured
        )
        if "natural" not in row and "clean" not in row:
            limit = 255 if "cwp" in row else 16
            assert 0 < measured["linf"] <= limit and measured["psnr"] > 5
    assert (folders[1] / f"{name}.png").stat().st_size > 5000


def test_a_page_of_countermeasures(folders):
    name = "confounder_gan_countermeasures"
    found = reproduce_lib.reproduce(name, *folders, profile="smoke")
    for row in found["rows"]:
        assert row["measured"]["gradient_norm"] >= 0
        # What is published is natural where only clean pictures are used.
        assert ("linf" in row["measured"]) != row["name"].endswith("natural")
    page = (folders[1] / f"{name}.md").read_text()
    for part in ("names the class of", "EMN 92.0 %", "`clean_500`: "):
        assert part in page


def test_noise_is_shown_and_timed(folders):
    found = reproduce_lib.reproduce(
        "confounder_gan_figure6", *folders, profile="smoke"
    )
    for row in found["rows"]:
        measured = row["measured"]
        assert measured["images_per_second"] > 1
        assert measured["seconds"] > 0 and 0 < measured["linf"] <= 16
    assert len(found["rows"]) == 2
    picture = folders[1] / "confounder_gan_figure6.png"
    assert picture.stat().st_size > 5000


def test_a_table_of_what_is_finished(tmp_path):
    runs = tmp_path / "runs"
    options = {"profile": "smoke", "finished": True}
    name = "confounder_gan_figure2"
    with pytest.raises(WorkdirError, match="needs a finished cell"):
        reproduce_lib.reproduce(name, runs, tmp_path, **options)
    reproduce_lib.reproduce(
        name, runs, tmp_path, "smoke", only="cifar10_subset/none/natural"
    )
    found = reproduce_lib.reproduce(name, runs, tmp_path, **options)
    assert [row["name"] for row in found["rows"]] == [
        "cifar10_subset:none:natural"
    ]
    page = (tmp_path / f"{name}.md").read_text()
    assert "Not run yet: `cifar10_subset/none/cwp/0`" in page
    assert not (tmp_path / f"{name}.png").exists()
