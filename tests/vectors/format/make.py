#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Makes seal-v1.txt from docs/store-format.md alone: a second implementation of the format, so that
# the vectors do not merely repeat what the C code does. Needs python3-cryptography. The vectors
# are frozen: a difference after a run is a change of format.
import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def extract(salt, ikm):
    return mac(salt or bytes(32), ikm)


def expand(prk, info):  # one block
    return mac(prk, info + b"\x01")


be32 = lambda v: struct.pack(">I", v)
be64 = lambda v: struct.pack(">Q", v)
le64 = lambda v: struct.pack("<Q", v)
fill = lambda first, n: bytes((first + i) & 0xFF for i in range(n))

device = fill(0x10, 32)
master = fill(0x40, 32)
token = fill(0xA0, 16)
label = b"frozen token".ljust(32)
slot, generation, iterations = 2, 5, 1000
lines = []


def put(name, value):
    lines.append(f"{name} = {value.hex() if isinstance(value, bytes) else value}")


put("device", device)
put("master", master)
put("token", token)
put("generation", generation)
magic = b"CHSMDEV1" + device
put("device.file", magic + hashlib.sha256(magic).digest()[:16])

for domain, root in ((0, device), (1, master)):
    prk = extract(token, root)
    tail = bytes([domain]) + be32(generation)
    records = expand(prk, b"craton-hsm v1 records" + tail)
    index = expand(prk, b"craton-hsm v1 index" + tail)
    for part in (0, 1, 2):
        obj, version = 0x0102030405060708 + domain, 0x1122334455 + part
        plain = b"" if part == 1 and domain == 0 else b"part %d of domain %d" % (part, domain)
        key = expand(records, b"craton-hsm v1 record" + be64(obj) + bytes([part]))
        header = bytes([1, domain, part, 0]) + le64(version)
        nonce = fill(0xC0 + 16 * domain + part, 12)
        sealed = AESGCM(key).encrypt(nonce, plain, header + token + be64(obj))
        name = f"record.{domain}.{part}"
        put(name + ".object", f"{obj:x}")
        put(name + ".version", f"{version:x}")
        put(name + ".plain", plain)
        put(name + ".sealed", header + nonce + sealed)
    put(f"blind.{domain}", mac(index, b"a term")[:16])

pins = []
for account, pin in ((0, b"so pin"), (1, "użytkownik".encode())):
    salt = fill(0x70 + account, 32)
    kek = hashlib.pbkdf2_hmac("sha256", pin, salt, iterations + account, 32)
    aad = b"craton-hsm v1 pin" + token + be32(generation) + bytes([account])
    nonce = fill(0x33 + account, 12)
    wrapped = nonce + AESGCM(kek).encrypt(nonce, master, aad)
    pins.append(struct.pack("<BI", 1, iterations + account) + salt + wrapped
                + struct.pack("<IQ", account, 1700000000000 + account))
    put(f"pin.{account}", pin)
state = token + struct.pack("<I", generation) + label + le64(1600000000000) + le64(77) + b"".join(pins)
key = expand(extract(b"", device), b"craton-hsm v1 state" + be32(slot))
nonce = fill(0x5A, 12)
put("slot", slot)
put("state", b"\x01" + nonce + AESGCM(key).encrypt(nonce, state, b"\x01" + be32(slot)))

with open("seal-v1.txt", "w", encoding="ascii") as out:
    out.write("# Vectors of the sealed formats, version 1. Made by make.py; frozen.\n")
    out.write("\n".join(lines) + "\n")
