/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands behind the door: the app room says how a hsm is made here. The door itself names no
 * store, no library and no file.
 */
#ifndef CRATON_PKCS11_DOOR_H
#define CRATON_PKCS11_DOOR_H

#include "base/rc.h"

struct hsm;

struct door_house {
    /* C_Initialize. *RET and *RET_CTX are given back to close or abandon, once. */
    enum rc (*open)(struct hsm **ret, void **ret_ctx);
    /* C_Finalize. No other thread is inside. */
    void (*close)(struct hsm *hsm, void *ctx);
    /* C_Initialize in a forked child, before open: forgets what the parent opened, without touching
     * what is shared with it. Both are NULL when the fork came while the parent was opening. */
    void (*abandon)(struct hsm *hsm, void *ctx);
};

/* Defined by whoever links the door. */
extern const struct door_house door_house;

#endif
