# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by the scripts that install, fetch and build: a line for each thing
# that is done.
#
#   step WHAT COMMAND...    say WHAT; the command's output goes to $log.  If it
#                           fails, tell why and end the script.

name=${0##*/}
# Each script decides by itself how much of its own runs at once.
unset MAKEFLAGS MFLAGS

say() { echo "$name: $*"; }
die() { echo "$name: $*" >&2; exit 1; }

step() {
    local what=$1 status=0; shift
    say "$what"
    echo "### $what" > "$log"
    # The clock stops when its input ends: with the command, or this script.
    exec 8> >(tell_time "$what")
    "$@" >> "$log" 2>&1 8>&- || status=$?
    exec 8>&-
    wait "$!"
    [ "$status" = 0 ] || explain "$what"
}

# What takes long says so every ten seconds, to whoever waits for it.
tell_time() {
    local seconds=0 status
    while status=0; read -rt 10 || status=$?; [ "$status" -gt 128 ]; do
        seconds=$((seconds + 10))
        say "$1 ($seconds s so far)"
    done
}

# What went wrong, without the command lines; or else the end.
explain() {
    grep -E -A 3 'error:|undefined reference|\*\*\* |^E: ' "$log" >&2 ||
        tail -n 20 "$log" >&2
    die "$1 failed; its output is in $log"
}
