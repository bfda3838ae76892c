/* Columns of few values counted, and made into what a page of Parquet holds: the numbers of the rows that have one, some bits each, and one
 * bit for each row. A part of loops.h, compiled once for each path.
 *
 *   places ──checked──> places of 16 or 32 bits ──look up──> entries ──squeeze──> those that are numbers ──pack──> bits
 *
 * A block of rows goes all the way before the next one; up to seven numbers wait for it, so that eight are packed at a time.
 */

/* The largest of a block's places. */
static uint64_t LANE(largest_place)(const void *places, unsigned width, size_t rows) {
    if (width <= 2) return LANE(largest)(places, width, rows);
    if (width == 4) {
        const uint32_t *here = (const uint32_t *)places;
        uint32_t most = 0;
        for (size_t row = 0; row < rows; row++) most = here[row] > most ? here[row] : most;
        return most;
    } else {
        const uint64_t *here = (const uint64_t *)places;
        uint64_t most = 0;
        for (size_t row = 0; row < rows; row++) most = here[row] > most ? here[row] : most;
        return most;
    }
}

static uint64_t LANE(place_at)(const void *places, unsigned width, size_t row) {
    switch (width) {
    case 1: return ((const uint8_t *)places)[row];
    case 2: return ((const uint16_t *)places)[row];
    case 4: return ((const uint32_t *)places)[row];
    default: return ((const uint64_t *)places)[row];
    }
}

/* The first place of a block that the table does not have, if there is one. */
static Fault LANE(check_places)(const Packing *packing, const void *places, size_t from, size_t rows) {
    Fault fault = {-1, 0, 0};
    const unsigned width = packing->width;
    if (width < 8 && packing->count >> (8 * width)) return fault; /* every place there can be */
    if (LANE(largest_place)(places, width, rows) < packing->count) return fault;
    for (size_t row = 0; row < rows; row++) {
        const uint64_t place = LANE(place_at)(places, width, row);
        if (place >= packing->count) {
            fault.column = 0;
            fault.row = from + row;
            fault.code = place;
            return fault;
        }
    }
    return fault;
}

#define CAST(from, to)                                                                                                            \
    do {                                                                                                                          \
        const from *here = (const from *)places;                                                                                  \
        to *RESTRICT narrow = (to *)own;                                                                                          \
        for (size_t row = 0; row < rows; row++) narrow[row] = (to)here[row];                                                      \
    } while (0)

/* Checked places as integers of 16 bits, or of 32 where there are more entries. */
static const void *LANE(cast_places)(const Packing *packing, const void *places, size_t rows, uint32_t *own) {
    if (packing->count > UINT16_MAX + 1) {
        if (packing->width == 4) return places;
        if (packing->width == 8) CAST(uint64_t, uint32_t);
        else if (packing->width == 2) CAST(uint16_t, uint32_t);
        else CAST(uint8_t, uint32_t);
    } else {
        if (packing->width == 2) return places;
        if (packing->width == 1) CAST(uint8_t, uint16_t);
        else if (packing->width == 4) CAST(uint32_t, uint16_t);
        else CAST(uint64_t, uint16_t);
    }
    return own;
}

#undef CAST

#define LOOK_UP(place, entry)                                                                                                     \
    do {                                                                                                                          \
        const place *here = (const place *)places;                                                                                \
        const entry *table = (const entry *)(const void *)packing->table;                                                         \
        entry *RESTRICT out = (entry *)found;                                                                                     \
        for (size_t row = done; row < rows; row++) out[row] = table[here[row]];                                                   \
    } while (0)

/* The entries of a block's places, which were checked. */
static void LANE(look_up_entries)(const Packing *packing, const void *places, size_t rows, void *found) {
    uint32_t own[BLOCK];
    size_t done = 0;
#if LEVEL == 3
    if (packing->entry == 1 && packing->width == 1) {
        done = entries_of_bytes_512(packing, (const uint8_t *)places, rows, (uint8_t *)found);
        if (done == rows) return;
    }
#endif
    places = LANE(cast_places)(packing, places, rows, own);
    if (packing->count > UINT16_MAX + 1) {
        LOOK_UP(uint32_t, uint32_t);
        return;
    }
#if LEVEL == 3
    if (packing->entry == 1 && !done) done = entries_512(packing, (const uint16_t *)places, rows, (uint8_t *)found);
#endif
    if (packing->entry == 1) LOOK_UP(uint16_t, uint8_t);
    else if (packing->entry == 2) LOOK_UP(uint16_t, uint16_t);
    else LOOK_UP(uint16_t, uint32_t);
}

#undef LOOK_UP

/* Keep the entries that are numbers, and say of each row whether its is: one byte each. */
#define SQUEEZE(type)                                                                                                             \
    do {                                                                                                                          \
        const type *here = (const type *)found, none = (type)~(type)0;                                                            \
        type *RESTRICT numbers = (type *)kept;                                                                                    \
        for (size_t row = 0; row < rows; row++) flags[row] = here[row] != none;                                                   \
        for (size_t row = 0; row < rows; row++) all += flags[row];                                                                \
        if (all == rows) memcpy(numbers, here, rows * sizeof *here);                                                              \
        else for (size_t row = 0; row < rows; row++) {                                                                            \
            numbers[count] = here[row];                                                                                           \
            count += flags[row];                                                                                                  \
        }                                                                                                                         \
    } while (0)

/* Keep a block's entries that are numbers and write one bit for each row; returns how many are kept. There is room for a row more. */
static size_t LANE(squeeze)(const Packing *packing, const void *found, size_t rows, void *kept, uint8_t *present) {
    uint8_t flags[BLOCK + 8];
    size_t count = 0, all = 0;
#if LEVEL == 3
    const size_t done = rows / ROWS_512 * ROWS_512;
    const size_t before = squeeze_512(packing->entry, found, done, kept, present);
    found = (const uint8_t *)found + done * packing->entry;
    kept = (uint8_t *)kept + before * packing->entry;
    present += done / 8;
    rows -= done;
#else
    const size_t before = 0;
#endif
    if (packing->entry == 1) SQUEEZE(uint8_t);
    else if (packing->entry == 2) SQUEEZE(uint16_t);
    else SQUEEZE(uint32_t);
    memset(flags + rows, 0, 8);
    for (size_t row = 0; row < rows; row += 8) {
        present[row / 8] = (uint8_t)(load_word(flags + row) * UINT64_C(0x0102040810204080) >> 56); /* the lowest bits of eight bytes */
    }
    return before + all;
}

#undef SQUEEZE

/* Eight bytes that have `bits` bits each, brought together. */
ALWAYS_INLINE uint64_t LANE(join_bytes)(uint64_t word, const unsigned bits) {
#if LEVEL == 3
    return _pext_u64(word, UINT64_C(0x0101010101010101) * ((1u << bits) - 1));
#else
    word = (word & UINT64_C(0x00ff00ff00ff00ff)) | (word & UINT64_C(0xff00ff00ff00ff00)) >> (8 - bits);
    word = (word & UINT64_C(0x0000ffff0000ffff)) | (word & UINT64_C(0xffff0000ffff0000)) >> (16 - 2 * bits);
    return (word & UINT64_C(0x00000000ffffffff)) | word >> 32 << (4 * bits);
#endif
}

/* Write groups of eight numbers of up to eight bits; returns where the next goes. */
static uint8_t *LANE(pack_bytes)(const uint8_t *numbers, size_t count, unsigned bits, uint8_t *out, const uint8_t *end) {
    size_t from = 0;
    if (bits == 8) {
        memcpy(out, numbers, count);
        return out + count;
    }
#if LEVEL == 3
    if (bits == 1) {
        from = count / ROWS_512 * ROWS_512;
        out = pack_bits_512(numbers, from, out);
    }
#endif
    for (; from < count && end - out >= 8; from += 8, out += bits) store_word(out, LANE(join_bytes)(load_word(numbers + from), bits));
    for (; from < count; from += 8, out += bits) {
        uint8_t last[8];
        store_word(last, LANE(join_bytes)(load_word(numbers + from), bits));
        memcpy(out, last, bits);
    }
    return out;
}

#define AT(place) (entry == 1 ? ((const uint8_t *)numbers)[place] : entry == 2 ? ((const uint16_t *)numbers)[place] : ((const uint32_t *)numbers)[place])

/* Write eight numbers at `out`, some of them in one word; `together` is 4, 2 or 1 by how many have room there. */
ALWAYS_INLINE void LANE(pack_group)(const void *numbers, size_t from, const unsigned entry, const unsigned bits, const unsigned together,
                                    uint8_t *out) {
    uint64_t rest = 0; /* what is left of the last byte */
    unsigned filled = 0;
    UNROLL
    for (unsigned place = 0; place < 8; place += together) {
        uint64_t word = AT(from + place);
        if (together > 1) word |= (uint64_t)AT(from + place + 1) << bits;
        if (together > 2) word |= (uint64_t)AT(from + place + 2) << (2 * bits) | (uint64_t)AT(from + place + 3) << (3 * bits);
        word = word << filled | rest;
        filled += together * bits;
        store_word(out, word);
        out += filled / 8;
        rest = word >> (filled & ~7u); /* never all 64: see below */
        filled &= 7;
    }
}

#undef AT

#define GROUPS(entry, together)                                                                                                   \
    do {                                                                                                                          \
        for (; from < count && (size_t)(end - out) >= bits + 8; from += 8, out += bits) {                                         \
            LANE(pack_group)(numbers, from, entry, bits, together, out);                                                          \
        }                                                                                                                         \
        for (; from < count; from += 8, out += bits) {                                                                            \
            LANE(pack_group)(numbers, from, entry, bits, together, last);                                                         \
            memcpy(out, last, bits);                                                                                              \
        }                                                                                                                         \
    } while (0)

#define EACH_ENTRY(together)                                                                                                      \
    do {                                                                                                                          \
        if (entry == 1) GROUPS(1, together);                                                                                      \
        else if (entry == 2) GROUPS(2, together);                                                                                 \
        else GROUPS(4, together);                                                                                                 \
    } while (0)

/* Write groups of eight numbers of any number of bits; returns where the next goes. */
static uint8_t *LANE(pack_groups)(const void *numbers, size_t count, unsigned entry, unsigned bits, uint8_t *out, const uint8_t *end) {
    uint8_t last[32 + 8];
    size_t from = 0;
    if (bits == 0) return out;
    if (entry == 1 && bits <= 8) return LANE(pack_bytes)((const uint8_t *)numbers, count, bits, out, end);
    if (bits <= 14) EACH_ENTRY(4); /* and seven bits that are left: fewer than 64 */
    else if (bits <= 28) EACH_ENTRY(2);
    else EACH_ENTRY(1);
    return out;
}

#undef EACH_ENTRY
#undef GROUPS

#define COUNT(type)                                                                                                               \
    do {                                                                                                                          \
        const type *here = (const type *)places;                                                                                  \
        size_t row = 0;                                                                                                           \
        for (; row + 4 <= rows; row += 4) {                                                                                       \
            counts[here[row]]++;                                                                                                  \
            second[here[row + 1]]++;                                                                                              \
            third[here[row + 2]]++;                                                                                               \
            fourth[here[row + 3]]++;                                                                                              \
        }                                                                                                                         \
        for (; row < rows; row++) counts[here[row]]++;                                                                            \
    } while (0)

/* Add to `counts` how many rows have each place. Four rows in turn are counted `apart` entries from each other, where that is not 0:
 * so rows that follow each other and are alike do not wait for one another. */
static Fault LANE(count)(const Packing *packing, uint64_t *counts, size_t apart) {
    uint64_t *second = counts + apart, *third = second + apart, *fourth = third + apart;
    Fault fault = {-1, 0, 0};
    for (size_t from = 0; from < packing->rows; from += BLOCK) {
        const size_t rows = packing->rows - from < BLOCK ? packing->rows - from : BLOCK;
        const void *places = (const uint8_t *)packing->places + from * packing->width;
        fault = LANE(check_places)(packing, places, from, rows);
        if (fault.column >= 0) return fault;
        switch (packing->width) {
        case 1: COUNT(uint8_t); break;
        case 2: COUNT(uint16_t); break;
        case 4: COUNT(uint32_t); break;
        default: COUNT(uint64_t);
        }
    }
    return fault;
}

#undef COUNT

static Fault LANE(pack)(const Packing *packing, size_t *found) {
    union {
        uint8_t bytes[4 * (BLOCK + 8 + 64)];
        uint16_t pairs[BLOCK + 8 + 64];
        uint32_t words[BLOCK + 8 + 64]; /* of a block, of those that waited, and what is written at once */
    } entries, kept;
    const unsigned entry = packing->entry;
    const Fault none = {-1, 0, 0};
    const int is_checked_only = packing->bits == 0 && !packing->has_none;
    uint8_t *out = packing->packed;
    size_t waiting = 0;
    *found = 0;
    for (size_t from = 0; from < packing->rows; from += BLOCK) {
        const size_t rows = packing->rows - from < BLOCK ? packing->rows - from : BLOCK;
        const void *places = (const uint8_t *)packing->places + from * packing->width;
        const Fault fault = LANE(check_places)(packing, places, from, rows);
        size_t count = rows;
        if (fault.column >= 0) return fault;
        if (!is_checked_only && packing->has_none) {
            LANE(look_up_entries)(packing, places, rows, entries.bytes);
            count = LANE(squeeze)(packing, entries.bytes, rows, kept.bytes + waiting * entry, packing->present + from / 8);
        } else if (!is_checked_only) {
            LANE(look_up_entries)(packing, places, rows, kept.bytes + waiting * entry);
        }
        *found += count;
        count += waiting;
        waiting = count % 8;
        out = LANE(pack_groups)(kept.bytes, count - waiting, entry, packing->bits, out, packing->end);
        memmove(kept.bytes, kept.bytes + (count - waiting) * entry, waiting * entry);
    }
    if (waiting) {
        memset(kept.bytes + waiting * entry, 0, (8 - waiting) * entry);
        LANE(pack_groups)(kept.bytes, 8, entry, packing->bits, out, packing->end);
    }
    return none;
}
