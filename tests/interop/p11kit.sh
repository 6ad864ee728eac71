#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# p11-kit: the module behind its proxy (as every p11-kit program loads it) and behind its RPC server,
# with a user's own configuration; for root, whose own configuration p11-kit does not read, with a
# file among the system's that is removed at the end.
source "$(dirname "$0")/lib.sh"
proxy=$(ls /usr/lib/*/p11-kit-proxy.so 2>/dev/null | head -1 || true)
client=$(ls /usr/lib/*/pkcs11/p11-kit-client.so 2>/dev/null | head -1 || true)
need p11-kit pkcs11-tool openssl "${proxy:-/p11-kit-proxy}"
new_token
step "EC key pair" user -k --key-type EC:secp256r1 --label ec --id 02 --usage-sign
export HOME=$W XDG_CONFIG_HOME=$W/config
mkdir -p "$W/config/pkcs11/modules"
printf 'module: %s\n' "$MODULE" >"$W/config/pkcs11/modules/craton_hsm.module"
printf 'user-config: only\n' >"$W/config/pkcs11/pkcs11.conf"
if ((EUID == 0)); then
    entry=/etc/pkcs11/modules/craton-hsm-interop-$$.module
    AT_END="rm -f $entry"
    mkdir -p /etc/pkcs11/modules
    printf 'module: %s\n' "$MODULE" >"$entry"
fi
says "p11-kit lists the token" "$TOKEN" p11-kit list-modules
head -c 32 /dev/urandom >"$W/hash"
proxied() { pkcs11-tool --module "$proxy" --token-label "$TOKEN" --login --pin "$PIN" "$@"; }
step "signs through the proxy" proxied -s -m ECDSA --id 02 -i "$W/hash" -o "$W/sig"
step "  verified directly" user --verify -m ECDSA --id 02 -i "$W/hash" --signature-file "$W/sig"
if [[ -n $client ]]; then
    STEP="p11-kit server"
    p11-kit server -f -n "$W/socket" --provider "$MODULE" "$URI" >"$W/server" 2>&1 &
    BACKGROUND+=($!)
    for i in $(seq 50); do [[ -S $W/socket ]] && break; sleep 0.1; done
    [[ -S $W/socket ]] || { cp "$W/server" "$W/said"; exit 1; }
    export P11_KIT_SERVER_ADDRESS=unix:path=$W/socket
    step "signs through the RPC server" pkcs11-tool --module "$client" --token-label "$TOKEN" --login --pin "$PIN" -s -m ECDSA --id 02 -i "$W/hash" -o "$W/sig2"
    step "  verified directly" user --verify -m ECDSA --id 02 -i "$W/hash" --signature-file "$W/sig2"
fi
