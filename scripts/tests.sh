#!/bin/sh
# Runs pytest with the arguments after the first. Tests with real servers and deadlines can be starved on a busy
# machine, so failed tests are run a second time, by themselves, with visible output. A test that fails twice has
# failed; the names of tests that passed only then are added to the file given as the first argument.
set -eu
names=$1
shift
cache=$(mktemp -d)
trap 'rm -rf "$cache"' EXIT

if pytest -q -o cache_dir="$cache" "$@"; then
    exit
fi
failed=$cache/v/cache/lastfailed
[ -f "$failed" ] || exit 1
cp "$failed" "$cache/first"
printf '\nThe failed tests are run again, by themselves:\n'
pytest -q -o cache_dir="$cache" "$@" -n 0 -p no:randomly --last-failed --last-failed-no-failures none || exit 1
python -c 'import json, sys; print(*json.load(open(sys.argv[1])), sep="\n")' "$cache/first" >>"$names"
