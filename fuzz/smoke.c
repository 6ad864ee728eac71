/* SPDX-License-Identifier: Apache-2.0
 *
 * A fuzz target without libFuzzer: its seeds, each of their beginnings, and some thousand mutations
 * that are the same in every run. With arguments: the files that they name, to look at a finding.
 */
#include <string.h>

#include "fuzz.h"

#define ROUNDS 6000U
#define INPUT_MAX 4096U

static uint64_t random_state = 0x9e3779b97f4a7c15U;

/* xorshift64*: the same numbers in every run. */
static uint32_t next_number(uint32_t below)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)((random_state * 0x2545f4914f6cdd1dU) >> 33) % below;
}

/* From memory of the exact size, so that a sanitizer sees a read too far. */
static void run(const uint8_t *p, size_t n)
{
    uint8_t *exact = malloc(n != 0 ? n : 1);
    if (exact == NULL) {
        abort();
    }
    memcpy(exact, p, n);
    (void)LLVMFuzzerTestOneInput(exact, n);
    free(exact);
}

struct input {
    uint8_t p[INPUT_MAX];
    size_t n;
};

static void cut_out(struct input *in, size_t at, size_t n)
{
    memmove(in->p + at, in->p + at + n, in->n - at - n);
    in->n -= n;
}

static void put_in(struct input *in, size_t at, const uint8_t *p, size_t n)
{
    if (in->n + n <= INPUT_MAX) {
        memmove(in->p + at + n, in->p + at, in->n - at);
        memcpy(in->p + at, p, n);
        in->n += n;
    }
}

static void mutate(struct input *in, const struct fuzz_seed *other)
{
    static const uint8_t telling[] = {0x00, 0x01, 0x7f, 0x80, 0x81, 0x84, 0x88, 0xff,
                                      '"',  '\'', '[',  '{',  '\n', '.',  '=',  '\\'};
    const size_t at = next_number((uint32_t)in->n + 1);
    const size_t rest = in->n - at;
    const size_t len = rest != 0 ? 1 + next_number((uint32_t)rest) : 0;
    uint8_t piece[INPUT_MAX];
    switch (next_number(7)) {
    case 0:
        if (rest != 0) {
            in->p[at] ^= (uint8_t)(1U << next_number(8));
        }
        break;
    case 1:
        if (rest != 0) {
            in->p[at] = telling[next_number(sizeof telling)];
        }
        break;
    case 2:
        put_in(in, at, &telling[next_number(sizeof telling)], 1);
        break;
    case 3:
        cut_out(in, at, len > 8 ? 1 + len % 8 : len);
        break;
    case 4:
        memcpy(piece, in->p + at, len);
        put_in(in, next_number((uint32_t)in->n + 1), piece, len);
        break;
    case 5:
        if (other->n != 0) {
            const size_t from = next_number((uint32_t)other->n);
            put_in(in, at, (const uint8_t *)other->p + from,
                   1 + next_number((uint32_t)(other->n - from)));
        }
        break;
    default:
        in->n = at;
        break;
    }
}

static int run_file(const char *path)
{
    static uint8_t data[1 << 21];
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        (void)fprintf(stderr, "cannot open %s\n", path);
        return 1;
    }
    run(data, fread(data, 1, sizeof data, f));
    (void)fclose(f);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        int failed = 0;
        for (int i = 1; i < argc; i++) {
            failed |= run_file(argv[i]);
        }
        return failed;
    }
    uint32_t seeds = 0;
    for (; fuzz_seeds[seeds].p != NULL; seeds++) {
        for (size_t n = 0; n <= fuzz_seeds[seeds].n; n++) {
            run((const uint8_t *)fuzz_seeds[seeds].p, n);
        }
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        const struct fuzz_seed *seed = &fuzz_seeds[next_number(seeds)];
        struct input in = {.n = seed->n < INPUT_MAX ? seed->n : INPUT_MAX};
        memcpy(in.p, seed->p, in.n);
        for (unsigned left = 1 + next_number(6); left != 0; left--) {
            mutate(&in, &fuzz_seeds[next_number(seeds)]);
        }
        run(in.p, in.n);
    }
    (void)printf("%u seeds, %u mutations\n", seeds, ROUNDS);
    return 0;
}
