#!/bin/sh
# Runs all checks that need no server and no browser, on two cores; the output of a step is shown only if it fails.
set -eu
cd "$(dirname "$0")/.."
BIN=.venv/bin
PATH="$PWD/$BIN:$PATH"
export PATH
LOGS=$(mktemp -d)
trap 'rm -rf "$LOGS"' EXIT
trap 'exit 130' INT TERM

step() {
    name=$1
    shift
    begin=$(date +%s)
    if "$@" >"$LOGS/$name" 2>&1 </dev/null; then
        printf '  %-14s %3s s\n' "$name" $(($(date +%s) - begin))
    else
        printf '  %-14s failed\n' "$name"
        touch "$LOGS/failed.$name"
    fi
}

npm() {
    sh scripts/setup.sh npm "$@"
}

source_checks() {
    step ruff ruff check .
    step format ruff format --check .
    step lint-imports lint-imports --no-logo
    step mypy mypy
    step vue-tsc npm run check --silent
    step oxlint npm run lint --silent
    step vitest npm run test --silent
}

source_checks &
step pytest pytest -q -n 0 -p no:randomly -m pure --ignore tests/web
wait
for mark in "$LOGS"/failed.*; do
    [ -e "$mark" ] || exit 0
    name=${mark##*/failed.}
    printf '\n== %s\n' "$name"
    cat "$LOGS/$name"
done
exit 1
