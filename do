#!/bin/sh
# The everyday commands: `./do help` lists them. Works from any directory, and needs nothing but
# Python 3.11: everything else goes into .venv of this repository, once.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
venv=$root/.venv
here=$(pwd)

# Another virtual environment may be active: it is not ours, and must not leak in.
unset VIRTUAL_ENV PYTHONHOME PYTHONPATH PIP_TARGET PIP_PREFIX PIP_USER
unset PYTHONDONTWRITEBYTECODE # the tests start hundreds of commands: each would compile Oakum again
export NO_MKDOCS_2_WARNING=1 # docs/decisions/0015-mkdocs-material.md says what it warns of

say() { printf 'do: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

usage() {
    cat <<'TEXT'
./do demo [OPTION...]   play the whole story on cadence, the stand-in API; `./do demo --help`
./do test [OPTION...]   run the tests; options and paths go to pytest
./do check              lint, format, types, layers, documentation and its site; changes nothing
./do fix                let the tools repair what they can, and write the generated pages
./do packages           install the Debian packages of the tests, as root; `./do test` does it too
./do site               show the documentation as a site, rebuilt when a page changes
./do bench              run the benchmarks
./do build              wheels, sdists and a bill of materials (CycloneDX) in dist/
./do help               this text
TEXT
}

# ---------------------------------------------------------------- the environment

# One that can make an environment, and a distribution's own first: what is compiled without its
# optimizations, as version managers do, takes half as long again for everything.
python() {
    for modules in 'ensurepip, venv' sys; do
        for name in /usr/bin/python3 python3 python3.13 python3.12 python3.11; do
            if "$name" -c "import sys, $modules; sys.exit(sys.version_info < (3, 11))" 2>/dev/null; then
                echo "$name"
                return
            fi
        done
    done
    die 'Python 3.11 or later is needed: apt-get install python3'
}

# Installs Debian packages when that is possible without asking anybody for a password.
debian() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    say "installing $* with apt-get"
    export DEBIAN_FRONTEND=noninteractive
    (
        flock 9 # `./do packages` may run beside another command
        apt-get install -qq -y --no-install-recommends "$@" >/dev/null 2>&1 && exit
        apt-get update -qq >/dev/null &&
            apt-get install -qq -y --no-install-recommends "$@" >/dev/null
    ) 9>"${TMPDIR:-/tmp}/oakum-apt.lock"
}

# All packages of the tests at once, while something else is at work. What it does not bring, those
# who need it install or miss.
packages() {
    wanted=''
    command -v chromium-headless-shell >/dev/null ||
        wanted="$wanted chromium-headless-shell libatomic1"
    can_guard || [ -d /run/systemd/system ] ||
        wanted="$wanted nginx libnginx-mod-http-lua redis-server"
    command -v java >/dev/null || wanted="$wanted default-jre-headless"
    can_build || wanted="$wanted default-jdk-headless maven golang-go"
    # shellcheck disable=SC2086 # it is a list
    [ -z "$wanted" ] || debian $wanted || true
}

# Ours, at this very place, of a Python that will do: pip's first lines name the interpreter.
healthy() {
    [ ! -L "$venv" ] &&
        "$venv/bin/python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null &&
        head -n 2 "$venv/bin/pip" 2>/dev/null | grep -qF "$venv/bin/python"
}

create() {
    with=$(python)
    if ! "$with" -c 'import ensurepip, venv' 2>/dev/null; then
        package=python$("$with" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv
        debian "$package" || die "Python's venv is missing: apt-get install $package"
    fi
    if [ -e "$venv" ] || [ -L "$venv" ]; then
        say 'replacing .venv: it is broken, or belongs to another place'
        rm -rf "$venv"
    fi
    say 'creating .venv'
    "$with" -m venv "$venv"
}

# install demo | install dev: once, and again when a pyproject.toml or the place has changed. The
# examples and the tools are packages of their own: named beside Oakum, they are not asked of an index.
# Oakum comes first: pip before 24 looks for it in an index where another that needs it is read before.
# Python compiles what it imports, so pip need not compile the rest, which takes a quarter as long again.
install() {
    stamp="$root $(cd "$root" && cat pyproject.toml examples/pyproject.toml tools/pyproject.toml | cksum)"
    for extra in dev "$1"; do # dev has all that demo has
        if [ "$(cat "$venv/.has-$extra" 2>/dev/null)" = "$stamp" ] && healthy; then
            return
        fi
    done
    healthy || create
    say "installing what \`$command\` needs into .venv (once)"
    (cd "$root" && "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
        -e ".[$1]" -e examples -e tools)
    printf '%s\n' "$stamp" >"$venv/.has-$1"
}

# Debian's Chromium, for the tests that look at the HTML report as a person does, and what its
# driver is linked against. The shell without windows takes 0.4 of the whole's processor time, so in
# CI it comes beside the whole; where a release does not have it, the whole will do.
browser() {
    shell=chromium-headless-shell
    [ -z "${CI:-}" ] || command -v $shell >/dev/null || debian $shell libatomic1 || true
    can_browse || { { debian $shell libatomic1 || debian chromium libatomic1; } && can_browse; } && return
    missing="no browser to test with (apt-get install $shell libatomic1)"
    [ -z "${CI:-}" ] || die "$missing, and in CI nothing may be left untested"
    say "$missing: THE BROWSER TESTS DO NOT RUN"
}

can_browse() {
    { command -v chromium-headless-shell || command -v chromium; } >/dev/null &&
        "$venv"/lib/python3*/site-packages/playwright/driver/node --version >/dev/null 2>&1
}

# The engines that the guard is tested on beside Envoy, which is a wheel, and the store that several
# guards share. Where systemd runs it would start both as services: that is for its owner to decide.
engines() {
    can_guard || { [ ! -d /run/systemd/system ] &&
        debian nginx libnginx-mod-http-lua redis-server && can_guard; } && return
    missing='no nginx with Lua, or no Redis (apt-get install nginx libnginx-mod-http-lua redis-server)'
    [ -z "${CI:-}" ] || die "$missing, and in CI nothing may be left untested"
    say "$missing: THE TESTS OF THE GUARD ON NGINX AND REDIS DO NOT RUN"
}

can_guard() {
    [ -x /usr/sbin/nginx ] && [ -f /usr/lib/nginx/modules/ngx_http_lua_module.so ] &&
        command -v redis-server >/dev/null
}

# What Spark runs on, the engine that traffic is counted with beside DuckDB.
jvm() {
    command -v java >/dev/null || { debian default-jre-headless && command -v java >/dev/null; } &&
        return
    missing='no Java for Spark (apt-get install default-jre-headless)'
    [ -z "${CI:-}" ] || die "$missing, and in CI nothing may be left untested"
    say "$missing: THE TESTS OF OBSERVE ON SPARK FAIL"
}

# What the frameworks are built with that the guard is tested in front of: Spring and Go. Express, and
# the pages of the front-end tests that stand on libraries, take the Node.js of the environment.
frameworks() {
    can_build || { debian default-jdk-headless maven golang-go && can_build; } && return
    missing='no JDK, Maven or Go (apt-get install default-jdk-headless maven golang-go)'
    [ -z "${CI:-}" ] || die "$missing, and in CI nothing may be left untested"
    say "$missing: NOT ALL TESTS OF THE GUARD BEFORE REAL FRAMEWORKS RUN"
}

can_build() {
    command -v javac >/dev/null && command -v mvn >/dev/null && command -v go >/dev/null
}

# ---------------------------------------------------------------- the checks

steps=0
begun=''
# step NAME COMMAND...: begins it; all run side by side, as each takes one processor.
step() {
    steps=$((steps + 1))
    printf '%s\n' "$1" >"$judged/$steps.name"
    shift
    "$@" >"$judged/$steps.said" 2>&1 &
    begun="$begun $!"
}

# judge: a line for each step, in their order, and what its command said when it was not content.
judge() {
    failed=''
    steps=0
    for process in $begun; do
        steps=$((steps + 1))
        name=$(cat "$judged/$steps.name")
        say "$name"
        wait "$process" && continue
        cat "$judged/$steps.said" >&2
        failed="$failed, $name"
    done
}

check() {
    cd "$root"
    judged=$(mktemp -d)
    trap 'kill $begun 2>/dev/null || true; rm -rf "$judged"' EXIT
    trap 'exit 130' INT TERM # what runs beside a shell without a terminal heeds no Ctrl-C
    step 'ruff check' "$venv/bin/python" -m ruff check .
    step 'ruff format' "$venv/bin/python" -m ruff format --check .
    step 'mypy --strict' "$venv/bin/python" -m mypy --strict
    step 'lint-imports' "$venv/bin/lint-imports"
    step 'every test can be collected' "$venv/bin/python" -m pytest --collect-only -qq tests
    step 'documentation and architecture' \
        "$venv/bin/python" -m pytest tests/test_docs.py tests/test_architecture.py \
        -k 'not test_examples_do' # those take minutes, and are among the tests
    # Not `--quiet`: MkDocs would then count no warning.
    step 'documentation site' \
        "$venv/bin/python" -m mkdocs build --strict --site-dir "$judged/site"
    judge
    [ -z "$failed" ] || die "not in order: ${failed#, }"
    say 'all in order'
}

fix() {
    cd "$root"
    say 'ruff check --fix'
    "$venv/bin/python" -m ruff check --quiet --fix . || true # `./do check` says what is left
    say 'ruff format'
    "$venv/bin/python" -m ruff format --quiet .
    say 'docs/generate.py'
    "$venv/bin/python" docs/generate.py
}

site() {
    cd "$root"
    exec "$venv/bin/python" -m mkdocs serve "$@"
}

bench() {
    for file in "$root"/benchmarks/*.py; do
        [ -f "$file" ] || die 'there are no benchmarks'
        say "benchmarks/${file##*/}"
        (cd "$root" && "$venv/bin/python" "$file")
    done
}

# The bill of materials is that of an environment which has the wheel, its extras and nothing else.
build() {
    cd "$root"
    rm -rf dist
    say 'wheel and sdist, and those of the examples'
    "$venv/bin/python" -m build --outdir dist . >/dev/null
    "$venv/bin/python" -m build --outdir dist examples >/dev/null
    say 'bill of materials'
    clean=$(mktemp -d)
    trap 'rm -rf "$clean"' EXIT
    "$(python)" -m venv "$clean"
    "$clean/bin/python" -m pip install --quiet --disable-pip-version-check \
        dist/oakum_examples-*.whl "$(echo dist/oakum-*.whl)[demo,front-end,graphql,guard,jwt,observe,spark]"
    bom "$clean/bin/python" dist/oakum.cdx.json
    say "written: $(echo dist/*)"
}

# bom PYTHON FILE [OPTION...]: what is installed for an interpreter.
bom() {
    of=$1 file=$2
    shift 2
    "$venv/bin/cyclonedx-py" environment "$of" --pyproject pyproject.toml --sv 1.6 \
        --output-reproducible -o "$file" "$@" 2>/dev/null
}

command=${1:-help}
[ $# = 0 ] || shift
case $command in
    demo)
        install demo
        cd "$here" && exec "$venv/bin/oakum" demo "$@"
        ;;
    test)
        install dev
        browser
        engines
        jvm
        frameworks
        unset PYTHONDONTWRITEBYTECODE # or all that runs here compiles all that it imports anew
        export PATH="$PATH:$venv/bin"
        cd "$root" && exec "$venv/bin/python" -m pytest -n 4 --dist worksteal "$@"
        ;;
    check)
        install dev
        check
        ;;
    fix | site | bench | build)
        install dev
        "$command" "$@"
        ;;
    packages) packages ;;
    help | -h | --help) usage ;;
    *)
        say "no command \`$command\`"
        usage >&2
        exit 2
        ;;
esac
