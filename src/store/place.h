/* SPDX-License-Identifier: Apache-2.0
 *
 * The directory of a store: made, opened and checked so that nobody else can slip something in.
 */
#ifndef CRATON_STORE_PLACE_H
#define CRATON_STORE_PLACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/rc.h"

/* What an errno of the file system means. 0 is RC_OK. */
enum rc place_errno(int e);

/* Opens the directory PATH; CREATE makes it (0700, whatever the umask) and its parents. The last
 * component must not be a symbolic link; the owner is us or root; nobody else may write.
 * *RET is a descriptor that the caller closes. RC_NOT_FOUND, RC_STORE_ACCESS, RC_DEVICE_MEMORY,
 * RC_HOST_MEMORY. */
NODISCARD enum rc place_open(const char *path, bool create, int *ret);

/* RC_NOT_FOUND, or RC_STORE_ACCESS when NAME in DIR is not a plain file of ours that nobody else
 * may write. Opens nothing: closing a descriptor of LMDB's lock file would drop its locks. */
NODISCARD enum rc place_check(int dir, const char *name, struct stat *ret);

/* Opens the file NAME in DIR; CREATE makes it 0600, whatever the umask; EXCLUSIVE_NEW fails with
 * RC_EXISTS when it is there. *RET_READ_ONLY (may be NULL: then that is RC_STORE_ACCESS) tells
 * that it could be opened for reading only. The caller closes *RET. */
NODISCARD enum rc place_file(int dir, const char *name, bool create, bool exclusive_new, int *ret,
                             bool *ret_read_only);

/* Bytes used by FD's file and free in its file system; 0 when unknown. */
void place_space(int fd, uint64_t *ret_used, uint64_t *ret_free);

/* Whether a file in DIR could not grow now beyond the size of FD's file by the largest value:
 * because of the disk, a quota or the limit of this process. */
bool place_full(int dir, int fd);

/* Closes *FD when it is one. */
void place_close_at(int *fd);
#define AUTO_CLOSE __attribute__((cleanup(place_close_at)))

#endif
