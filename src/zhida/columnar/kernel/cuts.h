/* Thresholds made ready: how the number of thresholds that a value has reached is found.
 *
 *   BY_STEPS        a binary search of a fixed number of steps, no branch in it; few thresholds stay in registers
 *   BY_SPAN         values minus the first threshold are the place in a table of codes
 *   BY_LINEAR_KEY   the high bits of the same difference are the place in a table of starts; then one to four comparisons
 *   BY_FLOAT_KEY    the same with the high bits of the difference as a double, which is monotone too: for bounds of money,
 *                   which lie close together below and far apart above
 *
 * Most keys have no threshold: then the key alone gives the code, and nothing is compared.
 */
#include <stdlib.h>

/* The key of a difference of at most 2^62; the same in the loops. */
ALWAYS_INLINE uint64_t float_key(int64_t difference, unsigned shift, uint64_t base) {
    const double number = (double)difference;
    uint64_t bits;
    memcpy(&bits, &number, 8);
    bits >>= shift;
    return (bits > base ? bits : base) - base;
}

static uint64_t key_of(const Cuts *cuts, uint64_t difference) {
    return cuts->way == BY_LINEAR_KEY ? difference >> cuts->shift : float_key((int64_t)difference, cuts->shift, cuts->base);
}

/* How many thresholds share a key, at most. */
static unsigned crowd(const Cuts *cuts, const int64_t *thresholds) {
    unsigned most = 0, here = 0;
    uint64_t before = UINT64_MAX;
    for (size_t place = 0; place < cuts->count; place++) {
        const uint64_t key = key_of(cuts, (uint64_t)thresholds[place] - (uint64_t)cuts->low);
        here = key == before ? here + 1 : 1;
        before = key;
        if (here > most) most = here;
    }
    return most;
}

static void choose_key(Cuts *cuts, const int64_t *thresholds, size_t rows) {
    Cuts linear = *cuts, floating = *cuts;
    unsigned crowds[2];
    const unsigned octaves = highest_bit(cuts->span | 1) + 1;
    unsigned fraction = 8;
    size_t most = 256;
    while (most < KEYS && most * 16 <= rows && (most < 2048 || most < 8 * cuts->count)) most *= 2;
    if (cuts->count > UINT16_MAX || cuts->span > UINT64_C(1) << 62 || rows < most) return;
    linear.way = BY_LINEAR_KEY;
    linear.shift = 0;
    while (linear.span >> linear.shift >= most) linear.shift++;
    linear.keys = (size_t)(linear.span >> linear.shift) + 1;
    floating.way = BY_FLOAT_KEY;
    while (fraction > 1 && (octaves << fraction) + 2 > most) fraction--;
    floating.shift = 52 - fraction;
    floating.base = (UINT64_C(1023) << fraction) - 1;
    floating.keys = (size_t)key_of(&floating, floating.span) + 1;
    crowds[0] = crowd(&linear, thresholds);
    crowds[1] = crowd(&floating, thresholds);
    linear.fixes = crowds[0];
    floating.fixes = crowds[1];
    if (crowds[0] <= crowds[1] && crowds[0] <= MOST_FIXES) *cuts = linear;
    else if (crowds[1] <= MOST_FIXES && floating.keys <= KEYS) *cuts = floating;
}

static unsigned code_at(const void *codes, unsigned width, size_t place) {
    return width == 1 ? ((const uint8_t *)codes)[place] : ((const uint16_t *)codes)[place];
}

/* Fill `starts`: of each difference the code, or of each key how many thresholds have a smaller one. */
static void fill_starts(const Cuts *cuts, const int64_t *thresholds, const void *codes, uint16_t *starts) {
    size_t place = 0;
    if (cuts->way == BY_SPAN) {
        starts[0] = (uint16_t)code_at(codes, cuts->width, 0);
        for (uint64_t difference = 0; difference <= cuts->span; difference++) {
            while (place < cuts->count && (uint64_t)thresholds[place] - (uint64_t)cuts->low <= difference) place++;
            starts[difference + 1] = (uint16_t)code_at(codes, cuts->width, place);
        }
        return;
    }
    for (size_t key = 0; key < cuts->keys; key++) {
        while (place < cuts->count && key_of(cuts, (uint64_t)thresholds[place] - (uint64_t)cuts->low) < key) place++;
        starts[key] = (uint16_t)place;
    }
}

/* Fill the codes of keys that no threshold has. */
static void fill_sure(Cuts *cuts, void *sure) {
    const unsigned unsure = cuts->width == 1 ? UINT8_MAX : UINT16_MAX;
    if (cuts->way == BY_SPAN) return;
    for (size_t place = 0; place <= cuts->count; place++) {
        if (code_at(cuts->codes, cuts->width, place) == unsure) return;
    }
    for (size_t key = 0; key < cuts->keys; key++) {
        const size_t start = cuts->starts[key], end = key + 1 < cuts->keys ? cuts->starts[key + 1] : cuts->count;
        const unsigned code = start == end ? code_at(cuts->codes, cuts->width, start) : unsure;
        if (cuts->width == 1) ((uint8_t *)sure)[key] = (uint8_t)code;
        else ((uint16_t *)sure)[key] = (uint16_t)code;
    }
    cuts->sure = sure;
    cuts->unsure = unsure;
}

/* Return 0, or -1 where there is no memory. `memory` is to be freed. */
static int prepare_cuts(Cuts *cuts, const int64_t *thresholds, const void *codes, size_t rows, void **memory) {
    size_t places = 16;
    int64_t *marks;
    uint8_t *own_codes;
    uint16_t *starts;
    cuts->way = BY_STEPS;
    cuts->low = cuts->count ? thresholds[0] : 0;
    cuts->span = cuts->count ? (uint64_t)thresholds[cuts->count - 1] - (uint64_t)cuts->low : 0;
    cuts->steps = cuts->count ? highest_bit(cuts->count) + 1 : 0;
    if (cuts->count > FEW) {
        if (cuts->span < UINT16_MAX - 1 && cuts->span < rows / 2) {
            cuts->way = BY_SPAN;
            cuts->keys = (size_t)cuts->span + 2;
        } else {
            choose_key(cuts, thresholds, rows);
        }
    }
    while (places < ((size_t)1 << cuts->steps) || places < cuts->count + MOST_FIXES + 1) places *= 2;
    *memory = malloc(places * 8 + cuts->keys * 2 + places * cuts->width + cuts->keys * cuts->width);
    if (!*memory) return -1;
    marks = (int64_t *)*memory;
    starts = (uint16_t *)(marks + places);
    own_codes = (uint8_t *)(starts + cuts->keys);
    for (size_t place = 0; place < places; place++) {
        const size_t count = place < cuts->count ? place : cuts->count;
        marks[place] = place < cuts->count ? thresholds[place] : INT64_MAX;
        memcpy(own_codes + place * cuts->width, (const uint8_t *)codes + count * cuts->width, cuts->width);
    }
    if (cuts->keys) fill_starts(cuts, thresholds, codes, starts);
    cuts->marks = marks;
    cuts->starts = starts;
    cuts->codes = own_codes;
    if (cuts->keys) fill_sure(cuts, own_codes + places * cuts->width);
    return 0;
}
