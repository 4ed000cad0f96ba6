#!/bin/sh
# What CI runs, in the order that fails soonest; each step with its time.
set -eu
cd "$(dirname "$0")/.."
BIN=.venv/bin
PATH="$PWD/$BIN:$PATH"
export PATH CI="${CI-}"
trap 'exit 130' INT TERM

step() {
    what=$1
    shift
    begin=$(date +%s)
    printf '\n== %s\n' "$what"
    "$@" </dev/null || {
        printf '\n%s failed.\n' "$what" >&2
        exit 1
    }
    printf '   %s s\n' $(($(date +%s) - begin))
}

npm() {
    sh scripts/setup.sh npm "$@"
}

# Tests with real servers and deadlines can be starved on a busy machine. What failed is run once more by itself,
# in plain sight; what fails then has failed.
tests() {
    pytest -q "$@" || {
        printf '\nWhat failed is run once more, by itself:\n'
        pytest -q "$@" -n 0 -p no:randomly --last-failed --last-failed-no-failures none
    }
}

# Whoever installs the wheel has no Node: the built web has to be in it.
wheel_is_whole() {
    rm -rf dist
    uv build --quiet --wheel --no-build-isolation --out-dir dist
    held=$(python -m zipfile -l dist/hub-*.whl)
    for file in hub/static/app/index.html hub/static/app/pages.json hub/static/widget/chat.js hub/migrations/versions/0001_first.py; do
        case $held in *"$file"*) ;; *)
            echo "The wheel is without $file." >&2
            return 1
            ;;
        esac
    done
}

types_are_current() {
    folder=$(mktemp -d)
    hub openapi >"$folder/openapi.json"
    cmp "$folder/openapi.json" openapi.json || {
        echo 'openapi.json is not what the hub serves any more. Run make types.' >&2
        return 1
    }
    made='web/api/schema.d.ts web/text/errors/en.ts'
    for file in $made; do cp "$file" "$folder"; done
    npm run types --silent
    for file in $made; do
        cmp "$folder/${file##*/}" "$file" || {
            echo "$file did not fit openapi.json; it does now. Commit it." >&2
            return 1
        }
    done
    rm -rf "$folder"
}

step 'ruff' ruff check .
step 'ruff format' ruff format --check --quiet .
step 'lint-imports' lint-imports --no-logo
step 'mypy' mypy
step 'lock files' sh scripts/lock.sh --check
step 'vue-tsc' npm run check --silent
step 'oxlint' npm run lint --silent
step 'prettier' npm run format:check --silent
step 'web build' sh scripts/setup.sh web
step 'pytest' tests -m 'not browser' -n "${WORKERS-2}" --dist loadfile
step 'vitest' npm run test --silent
step 'generated types' types_are_current
step 'wheel' wheel_is_whole
step 'browser journeys' tests -m browser
printf '\nAll is well.\n'
