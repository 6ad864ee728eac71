/* SPDX-License-Identifier: Apache-2.0
 *
 * A session with a token, templates, and finding a key: what every command of pq_keys begins with.
 * Like pq_files.h, each function ends the program when it cannot do its work.
 */
#ifndef PQ_SESSION_H
#define PQ_SESSION_H

#include <stdbool.h>

#include <craton/pkcs11.h>

#include "pq_files.h"

struct options {
    const char *module, *token, *pin, *command, *argument;
    const char *label, *id, *input, *output, *signature, *ciphertext, *secret, *context, *mechanism;
};

struct session {
    CK_FUNCTION_LIST_3_2 *f;
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE h;
};

/* A call that must succeed. (A proxy may offer the list of 3.2 without each function in it.) */
void must(CK_RV rv, const char *call);
#define MUST(s, function, ...)                                                                     \
    must((s)->f->function == NULL ? CKR_FUNCTION_NOT_SUPPORTED : (s)->f->function(__VA_ARGS__),    \
         #function)

/* Loads the module and finds the token; logs in when a PIN is given. */
void open_session(struct session *s, const struct options *o, bool login);

struct template
{
    CK_ATTRIBUTE a[16];
    CK_ULONG n;
};

extern CK_BBOOL yes, no;
/* VALUE is used where it stands. */
void put(struct template *t, CK_ATTRIBUTE_TYPE type, void *value, size_t len);
/* Label and id as the options have them; their memory lives as long as the program. */
void put_names(struct template *t, const struct options *o);

/* The one key of this class that the options name. */
CK_OBJECT_HANDLE find_key(struct session *s, const struct options *o, CK_OBJECT_CLASS cls);
struct bytes attribute(struct session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
/* The mechanism that --mechanism names, or the one that keys of this type are used with. */
CK_MECHANISM_TYPE mechanism_of(struct session *s, CK_OBJECT_HANDLE key, const struct options *o);

#endif
