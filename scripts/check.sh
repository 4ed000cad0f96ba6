#!/bin/sh
# Runs what CI runs, the quickest steps first; each step with its time.
set -eu
cd "$(dirname "$0")/.."
BIN=.venv/bin
PATH="$PWD/$BIN:$PATH"
export PATH CI="${CI-}"
REPEATED=$(mktemp)
trap 'rm -f "$REPEATED"' EXIT
trap 'exit 130' INT TERM

step() {
    name=$1
    shift
    begin=$(date +%s)
    printf '\n== %s\n' "$name"
    "$@" </dev/null || {
        printf '\n%s failed.\n' "$name" >&2
        exit 1
    }
    printf '   %s s\n' $(($(date +%s) - begin))
}

npm() {
    sh scripts/setup.sh npm "$@"
}

# A machine that installs the wheel has no Node: the built web files have to be in it.
wheel_is_complete() {
    rm -rf dist
    uv build --quiet --wheel --no-build-isolation --out-dir dist
    listed=$(python -m zipfile -l dist/hub-*.whl)
    for file in hub/static/app/index.html hub/static/app/pages.json hub/static/widget/chat.js hub/migrations/versions/0001_first.py; do
        case $listed in *"$file"*) ;; *)
            echo "The wheel lacks $file." >&2
            return 1
            ;;
        esac
    done
}

types_are_current() {
    folder=$(mktemp -d)
    hub openapi >"$folder/openapi.json"
    cmp "$folder/openapi.json" openapi.json || {
        echo 'openapi.json is out of date. Run make types.' >&2
        return 1
    }
    made='web/api/schema.d.ts web/text/errors/en.ts'
    for file in $made; do cp "$file" "$folder"; done
    npm run types --silent
    for file in $made; do
        cmp "$folder/${file##*/}" "$file" || {
            echo "$file was out of date and has been written again. Commit it." >&2
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
step 'pytest' sh scripts/tests.sh "$REPEATED" -m 'not browser' -n "${WORKERS-2}" --dist loadfile
step 'vitest' npm run test --silent
step 'generated types' types_are_current
step 'wheel' wheel_is_complete
step 'browser journeys' sh scripts/tests.sh "$REPEATED" -m browser tests/web
sed 's/^/WARNING: passed only when repeated: /' "$REPEATED"
printf '\nEverything passed.\n'
