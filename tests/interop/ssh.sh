#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# OpenSSH: ssh-keygen reads the public keys, ssh-agent signs with the private ones, and a server on
# loopback lets them in.
source "$(dirname "$0")/lib.sh"
need ssh-keygen ssh-agent ssh-add pkcs11-tool
new_token
step "RSA key pair" user -k --key-type rsa:2048 --label rsa --id 01
step "EC key pair" user -k --key-type EC:secp256r1 --label ec --id 02 --usage-sign
says "ssh-keygen -D reads the RSA key" ssh-rsa ssh-keygen -D "$MODULE"
says "ssh-keygen -D reads the EC key" ecdsa-sha2-nistp256 ssh-keygen -D "$MODULE"
grep -h '^ssh-rsa\|^ecdsa' "$W/said" >"$W/keys.pub"
STEP="ssh-agent"
eval "$(ssh-agent -s -a "$W/agent" -P "$(dirname "$MODULE")/*,/usr/lib/*")" >/dev/null
BACKGROUND+=("$SSH_AGENT_PID")
printf '#!/bin/sh\necho %s\n' "$PIN" >"$W/askpass"
chmod 700 "$W/askpass"
step "ssh-add -s loads the token" env SSH_ASKPASS="$W/askpass" SSH_ASKPASS_REQUIRE=force ssh-add -s "$MODULE"
says "ssh-add -l lists its keys" ECDSA ssh-add -l
head -c 100 /dev/urandom >"$W/data"
for t in ssh-rsa ecdsa-sha2-nistp256; do
    grep "^$t" "$W/keys.pub" >"$W/$t.pub"
    rm -f "$W/data.sig"
    step "ssh-keygen -Y sign by the agent, $t" ssh-keygen -Y sign -f "$W/$t.pub" -n file "$W/data"
    printf 'me %s\n' "$(cat "$W/$t.pub")" >"$W/allowed"
    step "  verifies" bash -c "ssh-keygen -Y verify -f '$W/allowed' -I me -n file -s '$W/data.sig' <'$W/data'"
done
SSHD=$(command -v sshd || ls /usr/sbin/sshd 2>/dev/null || true)
if [[ -n $SSHD ]]; then
    port=$(free_port)
    ssh-keygen -q -t ed25519 -N '' -f "$W/host"
    cp "$W/keys.pub" "$W/authorized"
    chmod 600 "$W/authorized"
    cat >"$W/sshd_config" <<CONF
ListenAddress 127.0.0.1
Port $port
HostKey $W/host
AuthorizedKeysFile $W/authorized
StrictModes no
PidFile none
UsePAM no
PermitRootLogin yes
CONF
    mkdir -p /run/sshd 2>/dev/null || true
    "$SSHD" -D -e -f "$W/sshd_config" >"$W/server" 2>&1 &
    BACKGROUND+=($!)
    STEP="sshd starts"
    wait_port "$port" $! || { cp "$W/server" "$W/said"; exit 1; }
    says "ssh logs in with the token's key" in-by-token ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
        -p "$port" 127.0.0.1 echo in-by-token
else
    echo "note: no sshd here; login was not tried"
fi
step "ssh-add -e unloads it" ssh-add -e "$MODULE"
