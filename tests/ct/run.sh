#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs ct_secrets under memcheck: no branch and no index depends on a secret, and a run that does
# such a thing on purpose is caught.
#
#   tests/ct/run.sh PROGRAM
set -euo pipefail
program=$1
seen=9 # what valgrind exits with when it saw an error

skip() {
    printf 'ct: skipped: %s\n' "$*"
    exit 77
}
command -v valgrind >/dev/null || skip 'valgrind is missing (tools/prerequisites check installs it)'
watched() {
    valgrind --quiet --error-exitcode=$seen --leak-check=no --track-origins=no "$program" "$@"
}

result=0
watched || result=$?
((result != 77)) || skip 'built without valgrind/memcheck.h: install valgrind and configure again'
if ((result != 0)); then
    printf 'ct: a branch or an index depends on a secret, or a check failed (exit %s)\n' "$result"
    exit 1
fi
for wrong in branch index compare signature; do
    result=0
    watched "$wrong" >/dev/null 2>&1 || result=$?
    ((result != 77)) || continue # not in this build
    if ((result != seen)); then
        printf 'ct: %s on a secret was not seen (exit %s): the run above shows nothing\n' "$wrong" "$result"
        exit 1
    fi
done
echo 'ct: no branch and no index depends on a secret; those that do are seen'
