# Makes and updates the virtual environment .venv of this checkout. Sourced by scripts/musimo, scripts/test
# and .ci/run, which set $root (the checkout, absolute). POSIX sh; all messages go to stderr.
#
#   PYTHON=/path/to/python   the interpreter .venv is made with; default: the first of python3.13, python3.12,
#                            python3.11, python3 that is 3.11 or newer
#   MUSIMO_LIGHT=1           a light set-up: the packages of configs/light.txt, a quarter of the full set-up's
#                            disk space, without PyTorch and librosa. Scanning and all queries work, on the
#                            CPU; training and GPUs need the full set-up
#   MUSIMO_LIGHT=0           the full set-up. Without MUSIMO_LIGHT, .venv keeps the kind it has; a new one is
#                            full
#   MUSIMO_TORCH=cuda        install PyTorch as the package index has it, which on Linux is the CUDA build;
#                            default: the CPU build
#
# .venv belongs to these scripts: without their stamp it is made anew. A stamp names the kind of set-up
# (stamp-light, stamp-runtime for a full one, stamp-test beside it). It is written last and holds checksums of
# the requirements and (through the paths that cksum prints) the path of the checkout, so that an interrupted
# set-up, a changed requirement and a moved checkout are all detected.

venv=$root/.venv
log=$venv/setup.log
pins=$root/configs/constraints.txt
light=$root/configs/light.txt
torch_cpu_index=https://download.pytorch.org/whl/cpu

say() {
    printf 'musimo: %s\n' "$*" >&2
}

die() {
    say "$@"
    exit 1
}

checksums() {
    cksum "$root/pyproject.toml" "$pins" "$light"
}

# is_ready KIND: is .venv complete and up to date for KIND (light, runtime or test)?
is_ready() {
    [ -f "$venv/stamp-$1" ] && [ -x "$venv/bin/python" ] && [ "$(cat "$venv/stamp-$1")" = "$(checksums)" ]
}

# was KIND: was .venv finished as KIND, for a checkout at this path?
was() {
    [ -x "$venv/bin/python" ] && [ -f "$venv/stamp-$1" ] &&
        case $(cat "$venv/stamp-$1") in *" $root/pyproject.toml"*) true ;; *) false ;; esac
}

is_light_wanted() {
    case ${MUSIMO_LIGHT:-} in
        1) true ;;
        0) false ;;
        '') [ -f "$venv/stamp-light" ] ;;
        *) die "MUSIMO_LIGHT is 1 for a light set-up or 0 for the full one, not '$MUSIMO_LIGHT'." ;;
    esac
}

is_recent_python() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

# Sets $python, the interpreter to make environments with.
find_python() {
    if [ -n "${PYTHON:-}" ]; then
        is_recent_python "$PYTHON" || die "PYTHON=$PYTHON does not run as Python 3.11 or newer."
        python=$PYTHON
        return
    fi
    for python in python3.13 python3.12 python3.11 python3; do
        if is_recent_python "$python"; then return; fi
    done
    die 'Python 3.11 or newer is needed and none was found; install one, or name it: PYTHON=/path/to/python.'
}

# Takes the lock of this checkout on descriptor 9, which pip inherits: it falls when the last process of a
# set-up is gone, however it went. Python's flock, because not every system has flock(1).
lock() {
    exec 9<>"$root/pyproject.toml"
    "$python" -c '
import fcntl, sys
try:
    fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    print("musimo: another set-up is at work in this checkout; waiting for it", file=sys.stderr)
    fcntl.flock(9, fcntl.LOCK_EX)' || die 'cannot lock the checkout for the set-up.'
}

# try WHAT COMMAND...: run it into $log; where it fails, say what failed and show its last lines.
try() {
    what=$1
    shift
    if ! "$@" >>"$log" 2>&1; then
        say "set-up failed while $what; its last lines:"
        tail -n 15 "$log" >&2
        die "the whole of it is in $log; the next call tries again."
    fi
}

# install PYTHON REQUIREMENT...: put musimo and its pinned requirements into the environment of PYTHON.
# PyTorch goes first. The package index has only its CUDA build for Linux, gigabytes of it; the CPU build comes
# from a folder of wheels that pip is configured with, else from PyTorch's own index.
install() {
    interpreter=$1
    shift
    torch=$(sed -n 's/^\(torch==[^ ]*\).*/\1/p' "$pins")
    if [ "${MUSIMO_TORCH:-cpu}" != cuda ] && [ "$(uname -s)" = Linux ]; then
        "$interpreter" -m pip install --no-input --no-deps --no-index "$torch" >>"$log" 2>&1 ||
            "$interpreter" -m pip install --no-input --no-deps --index-url "$torch_cpu_index" "$torch" >>"$log" 2>&1 ||
            say "PyTorch's CPU build is out of reach; taking the build that the package index has."
    fi
    try 'installing musimo and what it needs' "$interpreter" -m pip install --no-input -c "$pins" "$@"
}

# install_light PYTHON: put musimo into the environment of PYTHON with the requirements of a light set-up only.
install_light() {
    try 'installing what musimo needs' "$1" -m pip install --no-input -c "$pins" -r "$light"
    try 'installing musimo' "$1" -m pip install --no-input --no-deps -e "$root"
}

# prepare KIND: make .venv ready for KIND, runtime (light or full, see MUSIMO_LIGHT) or test, if it is not.
prepare() {
    kind=$1
    if [ "$kind" = runtime ] && is_light_wanted; then kind=light; fi
    if is_ready "$kind"; then return; fi
    find_python
    trap 'say "set-up interrupted; the next call goes on."; exit 130' INT
    trap 'exit 143' TERM
    lock
    if ! is_ready "$kind"; then
        lay_ground
        rm -f "$venv/stamp-light" "$venv/stamp-runtime" "$venv/stamp-test"
        if [ "$kind" = light ]; then : >"$venv/stamp-light"; fi # empty: unfinished, but light at the next call
        sums=$(checksums) # before pip reads the files: a change meanwhile shows at the next call
        case $kind in
            light) install_light "$venv/bin/python" ;;
            runtime) install "$venv/bin/python" -e "$root[plots]" ;;
            test) install "$venv/bin/python" -e "$root[test]" ;;
        esac
        if [ "$kind" = test ]; then printf '%s\n' "$sums" >"$venv/stamp-test"; fi
        if [ "$kind" = light ]; then stamp=light; else stamp=runtime; fi
        printf '%s\n' "$sums" >"$venv/stamp-$stamp"
        say 'set-up done'
    fi
    exec 9>&-
    trap - INT TERM
}

# Keep .venv where packages need only be added to it for $kind; make it anew otherwise.
lay_ground() {
    if was "$kind" || { [ "$kind" != light ] && was runtime; }; then
        if [ "$kind" = test ] && is_ready runtime; then
            say 'adding the test tools'
        else
            say 'requirements have changed; installing'
        fi
    elif [ "$kind" != light ] && was light; then
        say 'changing the light set-up to the full one; this takes some minutes'
    else
        if was runtime; then
            say "changing the full set-up to a light one: making $venv anew"
        else
            say "first use: making $venv with $python; this takes some minutes"
        fi
        rm -rf "$venv"
        mkdir "$venv" || die "cannot make $venv."
        try 'making the environment' "$python" -m venv "$venv"
    fi
}
