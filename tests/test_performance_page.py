"""docs/performance.md shows the figures in bench/results."""

from bench import report


def test_every_result_stands_in_the_table() -> None:
    page = report.PAGE.read_text()
    missing = [one["name"] for one in report.results() if report.line(one) not in page]
    assert not missing, f"run `python -m bench.report`: {missing}"


def test_writing_the_table_again_changes_nothing() -> None:
    page = report.PAGE.read_text()
    assert report.filled(page, report.table()) == page
