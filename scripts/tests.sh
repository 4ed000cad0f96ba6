#!/bin/sh
# Runs pytest with the arguments after the first. Tests with real servers and deadlines can be starved on a busy
# machine: those that failed are run once more by themselves, in plain sight. A test that fails twice has failed; one
# that passed then is named in the file of the first argument.
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
printf '\nThe tests that failed are run once more, by themselves:\n'
pytest -q -o cache_dir="$cache" "$@" -n 0 -p no:randomly --last-failed --last-failed-no-failures none || exit 1
python -c 'import json, sys; print(*json.load(open(sys.argv[1])), sep="\n")' "$cache/first" >>"$names"
