"""`python -m bench [--quick] [NAME…]`: run the benchmarks one after the other, and compare their figures."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from bench.kit import RESULTS

HERE = Path(__file__).parent
APART = {"soak"}  # takes hours: `make soak`


def names() -> list[str]:
    """Return every module of this package with a `main` of its own that ends in `run`."""
    found = [path.stem for path in sorted(HERE.glob("*.py")) if "\ndef main(quick" in path.read_text()]
    return [name for name in found if name not in APART]


def table(folder: Path, wanted: list[str]) -> None:
    print(f"\n{'':<52}{'figure':>12} {'':<11}{'limit':>12}{'ratio':>8}  wanted")
    for name in wanted:
        path = folder / f"{name}.json"
        for result in json.loads(path.read_text())["results"] if path.exists() else ():
            figure = f"{result['figure']:>12,.1f} {result['unit']:<11}{result['limit']:>12,.1f}{result['ratio']:>8.2f}"
            print(f"{result['name']:<52}{figure}  {result['wanted']}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these of: {', '.join(names())}")
    parser.add_argument("--quick", action="store_true", help="smaller sizes; the figures are kept apart")
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in names()]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(names())}")
    failed = []
    for name in asked.names or names():
        print(f"\n--- {name}", flush=True)
        command = [sys.executable, "-m", f"bench.{name}", *(["--quick"] if asked.quick else [])]
        if subprocess.run(command, check=False).returncode:
            failed.append(name)
    table(RESULTS / "quick" if asked.quick else RESULTS, asked.names or names())
    for name in failed:
        print(f"{name} did not come to its end")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
