"""Makes a bundle from a working directory, and measures what is in it."""

import json
import pathlib
import tempfile

from kprivacy import errors, files, workdir
from kprivacy.errors import UserError
from kprivacy.releases import TFLiteModel

from . import client as client_lib
from . import contract as contract_lib
from . import conversion, golden, methods, texts, variants
from . import report as report_lib
from . import server as server_lib

AUTO = "auto"


def export(
    directory,
    output_dir,
    quantization=None,
    utility_loss=None,
    privacy_loss=None,
    settings=None,
    config=None,
    sides=None,
):
    """Exports the clients and the server of a working directory.

    Args:
        directory: A working directory with a trained model; or with a
            `config` a folder that `Cascade.save` has written.
        output_dir: Folder of the bundle; replaced as a whole at the end.
        quantization: See `export.client.convert`; "int8_tuned" is int8 where
            that is closer to Keras. Or "auto": the smallest file whose
            losses are inside the bounds. None: what the config of the
            training, or of the pair, has in its section `export`.
        utility_loss: Largest loss of utility that "auto" accepts, absolute;
            None: likewise.
        privacy_loss: Largest share by which the attack may be better there;
            None: likewise.
        settings: Of fine-tuning, see `export.tuning.fitted`.
        config: Of the data of a cascade or a pair, see
            `export.methods.of_pair`; None for a working directory.
        sides: Of ConfounderGAN, the sides in pixels of the clients beside
            that of the training's size; None for its own choice.

    Returns:
        The report, which is also in `output_dir`/report.json. A whole bundle
        that was made of the same training in the same way is left as it is.
    """
    directory = pathlib.Path(directory)
    _check_output(pathlib.Path(output_dir), directory)
    quantization, utility_loss, privacy_loss = _chosen(
        workdir.read_config(directory) if config is None else config,
        quantization=quantization, utility_loss=utility_loss,
        privacy_loss=privacy_loss,
    )
    asked = {
        **_source(directory, config),
        "quantization": quantization,
        "utility_loss": utility_loss,
        "privacy_loss": privacy_loss,
        "settings": settings,
        "sides": sides and list(sides),
        "environment": files.environment(),
    }
    held = _done(pathlib.Path(output_dir), asked)
    if held is not None:
        return held
    method = (
        methods.of(directory) if config is None
        else methods.of_pair(directory, config)
    )
    if sides is not None:
        if not method.sides:
            raise UserError(
                "`sides` is for ConfounderGAN, whose generator takes pictures "
                f"of any size. Received: {list(sides)} for "
                f"{method.config.method}. Leave it out."
            )
        method.sides = tuple(sides)
    clients, server = method.clients(), method.server()
    name, client = next(iter(clients.items()))
    names = _names(quantization)
    contents, found = variants.made(
        client, list(names), method.test_inputs(variants.PARITY_EXAMPLES),
        settings,
    )
    # Attackers are not trained for what cannot be shipped.
    _check_converted(quantization, found)
    measure = _Measures(method, client, server, contents)
    before = method.before()
    if quantization == AUTO:
        chosen, after, said = variants.choose(
            found, before, measure, utility_loss, privacy_loss
        )
    else:
        chosen, said = _better(quantization, found)
        after = measure(chosen)
    others, beside = _others(clients, chosen, settings)
    sent, raw = variants.wire_bytes(client)
    report = {
        "method": method.config.method,
        "data": _data(method.config),
        "quantization": chosen,
        "why": said,
        "variants": found,
        "others": beside,
        "wire": {"sent_bytes": sent, "raw_bytes": raw},
        "before": before,
        "after": after,
        "lost": {
            **dict(zip(
                ("utility", "privacy"), variants.losses(before, after)
            )),
            "privacy_error": variants.chance(before, after),
        },
        "environment": asked["environment"],
        "asked": asked,
    }
    every = {name: contents[chosen], **others}
    _write(output_dir, report, clients, every, server, method.codec())
    return report


def _chosen(config, **given):
    """Each of what is given, or the config's where that is None."""
    held = config.get("export", {})
    chosen = [
        held.get(key, workdir.LATER[f"export.{key}"]) if one is None else one
        for key, one in given.items()
    ]
    known = (AUTO, *client_lib.QUANTIZATIONS, *client_lib.FITTED)
    errors.check_choice("quantization", chosen[0], known)
    return chosen


def _source(directory, config):
    """What a bundle is made of: hashes of a training, or of a pair."""
    names = ("config.json", "model.keras") if config is None else (
        "client", "server"
    )
    return {
        "sha256": {
            name: files.sha256(directory / name) for name in names
            if (directory / name).exists()
        },
        "config": config and json.loads(config.to_json()),
    }


def _data(config):
    """Name of the data set that all is measured on."""
    return (config.data if "data" in config else config.source).name


def _done(output_dir, asked):
    """The report of a whole bundle that is just what is asked for, or None."""
    try:
        contract_lib.read(output_dir)
        report = files.read_json(output_dir / "report.json")
    except (ValueError, OSError):
        return None
    same = isinstance(report, dict) and report.get("asked") == asked
    return report if same else None


def _names(quantization):
    """The quantisations that are measured for one that is asked for."""
    if quantization == AUTO:
        return (*client_lib.QUANTIZATIONS, *client_lib.FITTED)
    beside = ("int8",) if quantization in client_lib.FITTED else ()
    return tuple(dict.fromkeys((quantization, *beside, "float32")))


def _check_converted(quantization, found):
    """Raises where nothing that was asked for has a file."""
    if quantization == AUTO:
        if all("failed" in one for one in found.values()):
            raise _unconverted("any file", found["float32"]["failed"])
        return
    chosen, _ = _better(quantization, found)
    if "failed" in found[chosen]:
        raise _unconverted(chosen, found[chosen]["failed"])


def _better(name, found):
    """Fine-tuning or not, by measurement: (name, what to say of it)."""
    if name != "int8_tuned" or "failed" in found["int8"]:
        return name, []
    if "failed" in found[name]:
        return "int8", [f"{name}: {found[name]['failed']} int8 is kept."]
    apart = {
        one: found[one]["parity"]["mean_quanta"] for one in ("int8", name)
    }
    better = min(apart, key=apart.get)
    said = ", ".join(f"{one} {by:.3f}" for one, by in apart.items())
    return better, [f"Mean steps from Keras: {said}; {better} is kept."]


def _others(clients, quantization, settings):
    """Name to the file of each client but the first; to its measures."""
    kinds = {}
    for name, client in list(clients.items())[1:]:
        kinds.setdefault(client.arithmetic or quantization, {})[name] = client
    made = {}
    for kind, held in kinds.items():
        contents, failed = conversion.convert_all(held, [kind], settings)
        for why in failed.values():
            raise _unconverted(kind, why)
        made |= {name: one for (name, _), one in contents.items()}
    measures = {
        name: variants.measured(clients[name], made[name],
                                clients[name].examples)
        for name in made
    }
    for name, one in measures.items():
        if "failed" in one:
            raise _unconverted(f"{name}.tflite", one["failed"])
    return made, measures


def _write(output_dir, report, clients, contents, server, codec):
    """Writes the folder of a bundle, in one move."""
    with files.new_folder(output_dir) as folder:
        described, pairs = [], []
        for name, client in clients.items():
            path = folder / f"{name}.tflite"
            path.write_bytes(contents[name])
            file = TFLiteModel(path, client.signature)
            wire = client_lib.wire(client, file)
            one = contract_lib.describe_client(client, file, path.name, *wire)
            one["golden"], inputs, sent = golden.write_client(
                folder, one, file
            )
            described.append(one)
            pairs.append((wire, inputs, sent))
        served = contract_lib.describe_server(server)
        if server is not None:
            wire, inputs, sent = pairs[0]
            server_lib.write(server, *wire, folder / "server")
            answer = server_lib.load(folder / "server", server.endpoint)
            served["golden"] = golden.write_server(
                folder, answer(*golden.asked(served, inputs, sent))
            )
        files.write_json(folder / "report.json", report)
        (folder / "report.md").write_text(report_lib.markdown(report))
        (folder / "report.txt").write_text(report_lib.text(report) + "\n")
        held = contract_lib.whole(
            report["method"], described, served, texts.write(codec, folder)
        )
        hashes = {
            n: files.sha256(folder / n) for n in contract_lib.names_of(held)
        }
        files.write_json(folder / "contract.json", {**held, "sha256": hashes})


class _Measures:
    """Measures of files, each taken once, by the server that they reach."""

    def __init__(self, method, client, server, contents):
        self._method, self._client = method, client
        self._server, self._contents = server, contents
        self._held = {}

    def __call__(self, name):
        if name not in self._held:
            content = self._contents[name]
            self._held[name] = self._method.measure(
                content, self._client, self._answer(content)
            )
        return self._held[name]

    def _answer(self, content):
        if self._server is None:
            return None
        file = TFLiteModel(content, self._client.signature)
        wire = client_lib.wire(self._client, file)
        with tempfile.TemporaryDirectory() as folder:
            server_lib.write(self._server, *wire, folder)
            return server_lib.load(folder, self._server.endpoint)


def _unconverted(name, why):
    return UserError(
        f"The client must convert to a file that is near it. Received: one "
        f"that does not convert to {name}: {why} Choose another "
        "--quantization, or use layers that TFLite has."
    )


def _is_bundle(path):
    """Whether a folder has a contract, and what that names, alone."""
    try:
        named = files.read_json(path / "contract.json")["sha256"]
        return {one.name for one in path.iterdir()} <= {
            "contract.json", *named
        }
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _check_output(path, directory):
    """Raises unless `path` is free, empty, or a bundle to be replaced."""
    path, directory = path.resolve(), directory.resolve()
    bundle = _is_bundle(path)
    free = not path.exists() or (path.is_dir() and not any(path.iterdir()))
    if path == directory or path in directory.parents or not (bundle or free):
        raise workdir.WorkdirError(
            f"`output_dir` is replaced as a whole, so it must be new, empty, "
            f"or an earlier bundle. Received: {str(path)!r}, which holds "
            "other files. Name another folder."
        )
