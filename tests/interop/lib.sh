# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the interop scripts share. Each script is a test of one client: it exits 0 when every step
# did what it should, 77 when the client is not installed, and else says which step failed.
#
#   CRATON_MODULE   the module under test
#   CRATON_PEER=1   the module is another PKCS#11 token (set up by its own environment): for trying
#                   the scripts themselves
set -euo pipefail
export LC_ALL=C
umask 077

: "${CRATON_MODULE:?set CRATON_MODULE to the module under test}"
MODULE=$CRATON_MODULE
TOKEN=interop SO_PIN=so-pin-12345 PIN=user-pin-12345
SOFTHSM=$(ls /usr/lib/softhsm/libsofthsm2.so /usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so 2>/dev/null |
    head -1 || true)

W=$(mktemp -d)
STEP="start"
BACKGROUND=()
at_end() {
    local code=$?
    [[ -z ${AT_END:-} ]] || eval "$AT_END"
    for p in ${BACKGROUND[@]+"${BACKGROUND[@]}"}; do kill "$p" 2>/dev/null || true; done
    if ((code != 0 && code != 77)); then
        echo "FAILED in step: $STEP" >&2
        sed 's/^/    | /' "$W/said" 2>/dev/null | tail -30 >&2 || true
    fi
    if [[ ${KEEP:-0} == 1 ]]; then echo "kept $W"; else rm -rf "$W"; fi
    exit $code
}
trap at_end EXIT

need() { # commands or files that the client consists of
    local x
    for x in "$@"; do
        if [[ $x == /* ]]; then
            [[ -e $x ]] || { echo "skipped: $x is not there (tools/prerequisites interop)"; exit 77; }
        else
            command -v "$x" >/dev/null || { echo "skipped: $x is not installed (tools/prerequisites interop)"; exit 77; }
        fi
    done
}

step() { # words, command...: must succeed
    STEP=$1
    shift
    "$@" >"$W/said" 2>&1
    echo "ok    $STEP"
}
refuses() { # words, text, command...: must fail and say text
    STEP=$1
    local text=$2
    shift 2
    if "$@" >"$W/said" 2>&1; then
        echo "should have failed" >>"$W/said"
        exit 1
    fi
    grep -q -- "$text" "$W/said"
    echo "ok    $STEP"
}
same() { # words, file, file
    step "$1" cmp "$2" "$3"
}
says() { # words, text, command...: succeeds and prints text
    STEP=$1
    local text=$2
    shift 2
    "$@" >"$W/said" 2>&1
    grep -q -- "$text" "$W/said" || { echo "not seen: $text" >>"$W/said"; exit 1; }
    echo "ok    $STEP"
}

# Clients that know post-quantum keys: the system's own where they do, else those that tools/clients keeps.
SHELF=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/craton-hsm/clients
PROVIDER=$(ls /usr/lib/*/ossl-modules/pkcs11.so 2>/dev/null | head -1 || true)
knows_pq() { # openssl, pkcs11-provider or pkcs11-tool of the system
    case $1 in
    openssl) openssl list -signature-algorithms 2>/dev/null | grep -q ML-DSA ;;
    pkcs11-provider) [[ -n $PROVIDER ]] && grep -q ML-KEM "$PROVIDER" ;;
    pkcs11-tool) grep -q ML-DSA- "$(command -v pkcs11-tool)" ;;
    esac
}
need_pq() { # which of the three
    local x
    for x in "$@"; do
        if knows_pq "$x"; then continue; fi
        if [[ ! -f $SHELF/version ]]; then
            echo "skipped: $x here knows no post-quantum keys, and tools/clients keeps none that does"
            exit 77
        fi
        PATH=$SHELF/bin:$PATH
        PROVIDER=$(ls "$SHELF"/usr/lib/*/ossl-modules/pkcs11.so)
        echo "note: with $(paste -sd, "$SHELF/version")"
        return
    done
}

p11() { pkcs11-tool --module "$MODULE" "$@"; }
user() { p11 --token-label "$TOKEN" --login --pin "$PIN" "$@"; }
shsm() { pkcs11-tool --module "$SOFTHSM" --token-label old --login --pin 1234567890 "$@"; }

has_mechanism() { # name as pkcs11-tool prints it
    [[ -f $W/mechanisms ]] || p11 --token-label "$TOKEN" -M >"$W/mechanisms" 2>/dev/null
    grep -q "^ *$1[, ]" "$W/mechanisms"
}

new_token() {
    if [[ ${CRATON_PEER:-0} != 1 ]]; then
        cat >"$W/craton_hsm.toml" <<TOML
[token]
storage_path = "$W/store"
[security]
pbkdf2_iterations = 100000
[log]
target = "stderr"
level = "error"
TOML
        export CRATON_HSM_CONFIG=$W/craton_hsm.toml
    fi
    local slot
    slot=$(pkcs11-tool --module "$MODULE" -L 2>/dev/null | sed -n 's/^Slot \([0-9]*\) .*/\1/p' | head -1)
    step "a new token" p11 --slot-index "${slot:-0}" --init-token --label "$TOKEN" --so-pin $SO_PIN
    step "its user PIN" p11 --token-label $TOKEN --login --login-type so --so-pin $SO_PIN \
        --init-pin --new-pin $PIN
}

new_softhsm() { # a token "old" of SoftHSM2 beside ours
    mkdir -p "$W/old"
    printf 'directories.tokendir = %s/old\nobjectstore.backend = file\nlog.level = ERROR\n' "$W" >"$W/softhsm2.conf"
    export SOFTHSM2_CONF=$W/softhsm2.conf
    step "a SoftHSM2 token" softhsm2-util --init-token --free --label old --so-pin 1234567890 --pin 1234567890
}

URI="pkcs11:token=$TOKEN"
free_port() { # a port of loopback that nobody listens on
    local p
    for p in $(shuf -i 20000-40000 -n 20); do
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null; then echo "$p"; return; fi
    done
}
wait_port() { # port, pid
    local i
    for i in $(seq 100); do
        if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return 0; fi
        kill -0 "$2" 2>/dev/null || return 1
        sleep 0.1
    done
    return 1
}
