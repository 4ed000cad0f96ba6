"""Write the last results into docs/performance.md: `python -m bench.report`."""

import json
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "performance.md"
RESULTS = ROOT / "bench" / "results"
BEGIN = "<!-- figures: written by `python -m bench.report` from bench/results/*.json; do not edit -->"
END = "<!-- end of figures -->"
HEAD = ("measured", "figure", "raw limit", "ratio", "target", "details")
Json = dict[str, object]


def main() -> None:
    """Replace the table in the page."""
    PAGE.write_text(filled(PAGE.read_text(), table()))
    print(f"Wrote {PAGE.relative_to(ROOT)}.")


def filled(page: str, figures: str) -> str:
    """Return the page with these figures between its two marks."""
    before, _, rest = page.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise SystemExit(f"{PAGE.name} has lost the marks around the figures.")
    return f"{before}{BEGIN}\n{figures}\n{END}{after}"


def table() -> str:
    """Return all results as a table for each benchmark."""
    return "\n\n".join(_section(path) for path in _files())


def results() -> list[Json]:
    """Return every result of every benchmark."""
    return [result for path in _files() for result in json.loads(path.read_text())["results"]]


def _files() -> list[Path]:
    """Return the files with figures and limits; the soak's has neither."""
    return [path for path in sorted(RESULTS.glob("*.json")) if path.stem != "soak"]


def _section(path: Path) -> str:
    body = json.loads(path.read_text())
    machine = body["machine"]
    lines = [_line(HEAD), _line(["---"] * len(HEAD)), *(line(result) for result in body["results"])]
    title = f"### {path.stem} (`python -m bench.{path.stem}`; {machine['cores']} cores, Python {machine['python']})"
    return "\n".join([title, "", *lines])


def line(result: Json) -> str:
    """Return one result as a row of the table."""
    figure = f"{number(result['figure'])} {result['unit']}"
    limit = f"{number(result['limit'])} {result['unit']}"
    return _line(
        [result["name"], figure, limit, f"{float(str(result['ratio'])):.2f}", result["wanted"], _more(result["more"])]
    )


def number(value: object) -> str:
    """Return a figure with three significant digits."""
    shown = float(str(value))
    if shown >= 100:
        return f"{shown:,.0f}"
    return f"{shown:.1f}" if shown >= 10 else f"{shown:.2f}"


def _more(more: object) -> str:
    pairs = more.items() if isinstance(more, dict) else ()
    return "; ".join(f"{name}: {_short(value)}" for name, value in pairs)


def _short(value: object) -> str:
    if isinstance(value, float):
        return number(value)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _line(cells: object) -> str:
    written = (str(cell).replace("|", "/") for cell in cells) if isinstance(cells, list | tuple) else ()
    return f"| {' | '.join(written)} |"


if __name__ == "__main__":
    main()
