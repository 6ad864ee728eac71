/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside base only: the continuous health tests of an entropy source, NIST SP 800-90B 4.4, on
 * samples of one byte.
 */
#ifndef CRATON_BASE_HEALTH_H
#define CRATON_BASE_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEALTH_REPETITION_CUTOFF 41U /* 4.4.1: as many equal samples in a row fail */
#define HEALTH_WINDOW 1024U          /* 4.4.2: samples a window */
#define HEALTH_WINDOW_CUTOFF 670U    /* 4.4.2: as many of the window's first sample fail */
#define HEALTH_STARTUP 1024U         /* 4.3: samples tested before the first is used */

struct health {
    bool begun;
    uint8_t last;          /* repetition count: the sample that repeats */
    uint8_t watched;       /* adaptive proportion: the first sample of the window */
    unsigned repeated;     /* times LAST was seen in a row */
    unsigned window_at;    /* samples of the window seen; 0: a new window begins */
    unsigned window_count; /* how many of them were WATCHED */
    bool failed;           /* stays */
};

/* Feeds N samples; false when a test has failed, now or before. Start from all zero. */
bool health_feed(struct health *h, const uint8_t *samples, size_t n);

#endif
