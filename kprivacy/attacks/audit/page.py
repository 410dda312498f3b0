"""The audit as one page: no script, no other file, readable on a phone."""

import html

from kprivacy.attacks.audit import figures

_STYLE = """
:root { color-scheme: light dark; --line: #8886; --soft: #8881;
  --good: #1e8449; --bad: #c0392b; }
@media (prefers-color-scheme: dark) {
  :root { --good: #58d68d; --bad: #ff8a7a; } }
body { font: 17px/1.5 system-ui, sans-serif; max-width: 44rem;
  margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.2; }
h2 { font-size: 1.2rem; margin-top: 2.2rem; }
.headline { font-size: 1.15rem; border-left: 4px solid #2f6fd0;
  padding: .2rem 0 .2rem .8rem; }
.note { background: var(--soft); border: 1px solid var(--line);
  border-radius: 6px; padding: .6rem .8rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; }
th, td { text-align: right; padding: .3rem .35rem; vertical-align: top;
  border-bottom: 1px solid var(--line); overflow-wrap: normal; }
th:first-child, td:first-child { text-align: left; }
tr.best { font-weight: 700; } tr.reference { font-style: italic; }
svg { width: 100%; height: auto; }
svg text { font-family: inherit !important; }
figure { margin: .7rem 0; } figcaption { font-size: .88rem; }
figure img { width: 100%; display: block; image-rendering: pixelated; }
.good { color: var(--good); font-weight: 700; }
.bad { color: var(--bad); font-weight: 700; }
dl { font-size: .88rem; } dt { font-weight: 700; } dd { margin: 0 0 .5rem; }
"""
_LIMITS = (
    "This is no guarantee and not differential privacy: a better attacker "
    "than those listed may come.",
    "Errors are means over the test examples; some examples are rebuilt "
    "better than the mean says.",
    "What the service is meant to learn, it learns: the class can be read "
    "from what is sent wherever a server is accurate.",
    "It holds for data like these. Audit again for other data, other people "
    "or another file.",
)


def html_page(report):
    """A whole HTML page.

    Args:
        report: An `AuditReport`.

    Returns:
        The page's text; all that comes from outside is escaped.
    """
    title = f"Privacy audit: {_text(report.data)}"
    body = [
        f"<h1>{title}</h1>",
        _headline(report),
        _section("What was audited", _facts(_audited(report))),
        _section("Reconstruction", _reconstruction(report)),
        _section("What the attackers rebuild", _pictures(report)),
        _section("Attributes", _attributes(report)),
        _section("With few examples and with many", _sweep(report)),
        _section("Self-checks", _checks(report)),
        _section("Limits", _list(_LIMITS)),
        _section("How it was made", _facts(_made(report))),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, '
        f'initial-scale=1">\n<title>{title}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(part for part in body if part)
        + "\n</body>\n</html>\n"
    )


def _headline(report):
    lines = [f'<p class="headline">{_text(report.headline())}</p>']
    if report.failed_checks:
        lines.append(
            '<p class="note"><span class="bad">Self-checks failed</span>: '
            "do not rely on these numbers before the reason is found.</p>"
        )
    if report.accuracy is not None:
        lines.append(f"<p>{_text(_utility(report))}</p>")
    return "\n".join(lines)


def _utility(report):
    text = f"The server still recognises {report.accuracy:.1%}"
    if report.undefended_accuracy is not None:
        text += (
            f"; without any defence it would be "
            f"{report.undefended_accuracy:.1%}"
        )
    if report.prior is not None:
        text += f", and {report.prior:.1%} by always naming the largest class"
    return text + "."


def _audited(report):
    fit, held, test = report.reconstruction.examples
    return {
        "released by": report.released.get("kind", "a function"),
        "file": report.released.get("path"),
        "SHA-256": report.released.get("sha256"),
        "data": report.data,
        "examples": f"{fit:,} for the attackers to learn from, {held:,} to "
        f"choose by, {test:,} to measure on",
    }


def _reconstruction(report):
    results = report.reconstruction
    ceiling = results.label_only_error
    rows = [
        ("best" if one is results.best else "", (
            _attacker(one, results),
            f"{one.mse:.5f}",
            f"{one.mse / ceiling:.1%}",
            "-" if one.ssim is None else f"{one.ssim:.3f}",
            f"{one.psnr:.1f}",
        ))
        for one in results.results
    ]
    rows += [
        ("reference", (name, f"{error:.5f}", f"{error / ceiling:.1%}", "", ""))
        for name, error in figures.reference_lines(report).items()
    ]
    heads = "attacker", "error", "of ceiling", "SSIM", "PSNR dB"
    return (
        "<p>Attackers of several families learn to rebuild the data from "
        "what is sent. The error is the mean squared one; the ceiling is what "
        f"somebody reaches who {_text(_knows(report))}. The best one is the "
        "best on the attacker's own validation data.</p>"
        + figures.attackers_chart(report)
        + _table(heads, rows)
    )


def _attacker(one, results):
    several = f" ({one.releases} releases)" if one.releases > 1 else ""
    if one.tested not in (None, results.examples[2]):
        several += f" (a sample of {one.tested})"
    return one.attacker + several


def _knows(report):
    if report.has_classes:
        return "is told the true class and nothing else"
    return "knows the mean of the data: there are no classes here"


def _pictures(report):
    if not report.pictures:
        return ""
    best = report.reconstruction.best.attacker
    parts = [
        '<p class="note">This page contains examples of the data. Share it '
        "only with those who may see them.</p>"
    ]
    for name, batch in report.pictures.items():
        label = f"{name}, the best attacker" if name == best else name
        parts.append(
            f"<figure><figcaption>{_text(label)}</figcaption>"
            f'<img alt="{_text(label)}" src="{figures.strip(batch)}">'
            "</figure>"
        )
    return "\n".join(parts)


def _attributes(report):
    if not report.attributes:
        return ""
    rows = [
        ("", (
            f"{one.attribute} ({one.best.attacker})",
            f"{one.best.accuracy:.1%}", f"{one.prior:.1%}",
            "-" if one.undefended is None else f"{one.undefended:.1%}",
            f"{one.best.balanced_accuracy:.1%} "
            f"({one.blind_balanced_accuracy:.1%})",
            f"{one.best.auc:.3f}",
        ))
        for one in report.attributes
    ]
    heads = (
        "attribute", "accuracy", "largest class", "no defence",
        "balanced (blind)", "AUC",
    )
    return (
        "<p>Fresh classifiers learn to tell an attribute from what is sent. "
        "Blind guessing reaches the largest class, or the blind balanced "
        "accuracy; an area under the curve (AUC) of 0.5 is blind.</p>"
        + _table(heads, rows)
    )


def _sweep(report):
    if not report.sweep:
        return ""
    rows = [
        ("", (
            f"{count:,}", one.best.attacker, f"{one.best.mse:.5f}",
            f"{one.best.mse / report.sweep.label_only_error:.1%}",
        ))
        for count, one in zip(report.sweep.counts, report.sweep.results)
    ]
    heads = "examples", "best attacker", "error", "of ceiling"
    return figures.sweep_chart(report) + _table(heads, rows)


def _checks(report):
    if not report.checks:
        return "<p>None were run.</p>"
    text = (
        "<p>Known answers were put to the attackers: they must find what is "
        "planted, and nothing where nothing is.</p><ul>"
    )
    return text + "".join(
        f'<li><span class="{"good" if one.passed else "bad"}">'
        f'{"passed" if one.passed else "FAILED"}</span> {_text(one.name)}: '
        f"{_text(_number(one.found))}, expected {_text(one.expected)}. "
        f"{'' if one.passed else _text(one.meaning)}</li>"
        for one in report.checks
    ) + "</ul>"


def _made(report):
    return {
        "command": report.command,
        "seed": report.seed,
        "seconds": f"{report.seconds:.0f}",
        **report.environment,
    }


def _section(title, content):
    return f"<section><h2>{title}</h2>\n{content}</section>" if content else ""


def _facts(facts):
    return "<dl>" + "".join(
        f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>"
        for name, value in facts.items()
        if value is not None
    ) + "</dl>"


def _list(items):
    return "<ul>" + "".join(f"<li>{_text(one)}</li>" for one in items) + "</ul>"


def _table(heads, rows):
    """A table of rows (CSS class, cells)."""
    lines = ["<tr>" + "".join(f"<th>{_text(h)}</th>" for h in heads) + "</tr>"]
    for kind, cells in rows:
        # Long names may break, so that the table fits a phone.
        cells = [_text(cell).replace("_", "_<wbr>") for cell in cells]
        cells = "".join(f"<td>{cell}</td>" for cell in cells)
        lines.append(f'<tr class="{kind}">{cells}</tr>')
    return f'<div class="scroll"><table>{"".join(lines)}</table></div>'


def _number(value):
    return f"{value:.4g}" if isinstance(value, float) else value


def _text(value):
    return html.escape(str(value))
