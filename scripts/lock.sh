#!/bin/sh
# Resolves pyproject.toml into both lock files; with --check it only reports whether they are up to date.
set -eu
cd "$(dirname "$0")/.."
UV=.venv/bin/uv

compile() {
    target=$1
    shift
    $UV pip compile pyproject.toml "$@" --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
        --no-emit-index-url -o "$target"
}

if [ "${1-}" != --check ]; then
    compile requirements.lock --group build
    compile requirements-dev.lock --group build --group dev
    exit
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for lock in requirements.lock requirements-dev.lock; do
    cp $lock "$folder/$lock"
done
compile "$folder/requirements.lock" --group build
compile "$folder/requirements-dev.lock" --group build --group dev
for lock in requirements.lock requirements-dev.lock; do
    cmp -s $lock "$folder/$lock" || {
        echo "$lock does not match pyproject.toml. Run make lock." >&2
        exit 1
    }
done
