/* Every loop of the kernel in plain C. Included once for each path: LANE(name) gives a function its path's name, LEVEL says
 * what may be used by hand (0 nothing, 2 AVX2, 3 AVX-512). The compiler makes what it can of the plain loops by itself.
 */

/* --- checks ------------------------------------------------------------------------------------------------------------ */

static uint64_t LANE(largest)(const void *codes, unsigned width, size_t rows) {
    uint64_t largest = 0;
    if (width == 1) {
        const uint8_t *here = (const uint8_t *)codes;
        uint8_t most = 0;
        for (size_t row = 0; row < rows; row++) most = here[row] > most ? here[row] : most;
        largest = most;
    } else {
        const uint16_t *here = (const uint16_t *)codes;
        uint16_t most = 0;
        for (size_t row = 0; row < rows; row++) most = here[row] > most ? here[row] : most;
        largest = most;
    }
    return largest;
}

/* Whether each code of a block has an entry: what comes after may then read without looking. */
static Fault LANE(check_block)(const Columns *columns, size_t from, size_t rows) {
    Fault fault = {-1, 0, 0};
    for (size_t column = 0; column < columns->count; column++) {
        const unsigned width = columns->widths[column];
        const uint8_t *codes = (const uint8_t *)columns->codes[column] + from * width;
        if (columns->known[column] || columns->limits[column] >> (8 * width)) continue; /* every code there can be */
        if (LANE(largest)(codes, width, rows) < columns->limits[column]) continue;
        for (size_t row = 0; row < rows; row++) {
            const uint64_t code = width == 1 ? codes[row] : ((const uint16_t *)(const void *)codes)[row];
            if (code >= columns->limits[column]) {
                fault.column = (long)column;
                fault.row = from + row;
                fault.code = code;
                return fault;
            }
        }
    }
    return fault;
}

/* --- encode ------------------------------------------------------------------------------------------------------------ */

#define WIDEN(type)                                                                                                               \
    do {                                                                                                                          \
        const type *here = (const type *)values->values + from;                                                                   \
        for (size_t row = 0; row < rows; row++) out[row] = (int64_t)here[row];                                                    \
    } while (0)

/* Bring a block of values to 64 bits; a wide value that does not fit becomes the nearest that does. */
static void LANE(widen)(const Values *values, size_t from, size_t rows, int64_t *RESTRICT out) {
    if (values->sort == WIDE) {
        const int64_t *here = (const int64_t *)values->values + 2 * from;
#if LEVEL == 3
        const size_t done = narrow_512(here, rows, out);
#else
        const size_t done = 0;
#endif
        for (size_t row = done; row < rows; row++) {
            const int64_t low = here[2 * row], high = here[2 * row + 1];
            const int64_t sign = high < 0 ? -1 : 0;
            out[row] = high == (low < 0 ? -1 : 0) ? low : INT64_MAX ^ sign;
        }
    } else if (values->sort == SIGNED) {
        if (values->width == 1) WIDEN(int8_t);
        else if (values->width == 2) WIDEN(int16_t);
        else WIDEN(int32_t);
    } else {
        if (values->width == 1) WIDEN(uint8_t);
        else if (values->width == 2) WIDEN(uint16_t);
        else WIDEN(uint32_t);
    }
}

#undef WIDEN

/* Count the thresholds reached, in `steps` steps without a branch. `steps` is a constant where it matters. */
ALWAYS_INLINE size_t LANE(search)(int64_t value, const int64_t *marks, const unsigned steps) {
    size_t place = 0;
    for (unsigned step = steps; step-- > 0;) {
        const size_t half = (size_t)1 << step;
        place += half & (size_t)(-(int64_t)(marks[place + half - 1] <= value));
    }
    return place;
}

#define EACH_CODE(expression)                                                                                                     \
    do {                                                                                                                          \
        if (cuts->width == 1) {                                                                                                   \
            const uint8_t *codes = (const uint8_t *)cuts->codes;                                                                  \
            uint8_t *RESTRICT found = (uint8_t *)out;                                                                             \
            for (size_t row = done; row < rows; row++) found[row] = (uint8_t)(expression);                                        \
        } else {                                                                                                                  \
            const uint16_t *codes = (const uint16_t *)cuts->codes;                                                                \
            uint16_t *RESTRICT found = (uint16_t *)out;                                                                           \
            for (size_t row = done; row < rows; row++) found[row] = (uint16_t)(expression);                                       \
        }                                                                                                                         \
    } while (0)

static void LANE(encode_by_steps)(const int64_t *values, size_t rows, const Cuts *cuts, void *out) {
    const int64_t *marks = cuts->marks;
    size_t done = 0;
#if LEVEL == 2
    if (cuts->count <= FEW) done = encode_few_256(values, rows, cuts, out);
#elif LEVEL == 3
    if (cuts->count <= FEW) done = encode_few_512(values, rows, cuts, out);
#endif
    switch (cuts->steps) {
    case 0: EACH_CODE(codes[0]); break;
    case 1: EACH_CODE(codes[LANE(search)(values[row], marks, 1)]); break;
    case 2: EACH_CODE(codes[LANE(search)(values[row], marks, 2)]); break;
    case 3: EACH_CODE(codes[LANE(search)(values[row], marks, 3)]); break;
    case 4: EACH_CODE(codes[LANE(search)(values[row], marks, 4)]); break;
    default: EACH_CODE(codes[LANE(search)(values[row], marks, cuts->steps)]);
    }
}

static void LANE(encode_by_span)(const int64_t *values, size_t rows, const Cuts *cuts, void *out) {
    const uint64_t low = (uint64_t)cuts->low, end = cuts->span;
    const int64_t first = cuts->low;
    uint16_t places[BLOCK];
#if LEVEL == 3
    const size_t from = span_places_512(values, rows, cuts, places);
#else
    const size_t from = 0;
#endif
    for (size_t row = from; row < rows; row++) {
        const uint64_t beyond = minimum((uint64_t)values[row] - low, end) + 1;
        places[row] = (uint16_t)(values[row] < first ? 0 : beyond);
    }
    if (cuts->width == 1) {
        uint8_t *RESTRICT found = (uint8_t *)out;
        for (size_t row = 0; row < rows; row++) found[row] = (uint8_t)cuts->starts[places[row]];
    } else {
        uint16_t *RESTRICT found = (uint16_t *)out;
        for (size_t row = 0; row < rows; row++) found[row] = cuts->starts[places[row]];
    }
}

/* Count on from where the key says, `fixes` times. */
ALWAYS_INLINE size_t LANE(fixed)(int64_t value, size_t place, const int64_t *marks, const unsigned fixes) {
    for (unsigned fix = 0; fix < fixes; fix++) place += marks[place] <= value;
    return place;
}

/* Which of up to 64 codes are none. */
ALWAYS_INLINE uint64_t LANE(unsure)(const Cuts *cuts, const void *codes, size_t rows) {
    const unsigned unsure = cuts->unsure;
    uint64_t found = 0;
#if LEVEL == 3
    if (rows == 64 && cuts->width == 1) return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(codes), _mm512_set1_epi8((char)unsure));
    if (rows == 64) {
        const __m512i none = _mm512_set1_epi16((short)unsure);
        const __mmask32 a = _mm512_cmpeq_epi16_mask(_mm512_loadu_si512(codes), none);
        return a | (uint64_t)_mm512_cmpeq_epi16_mask(_mm512_loadu_si512((const uint8_t *)codes + 64), none) << 32;
    }
#endif
    for (size_t row = 0; row < rows; row++) {
        found |= (uint64_t)((cuts->width == 1 ? ((const uint8_t *)codes)[row] : ((const uint16_t *)codes)[row]) == unsure) << row;
    }
    return found;
}

/* The codes of rows whose keys give them; the others are counted on. */
static void LANE(encode_sure)(const int64_t *values, const uint16_t *keys, size_t rows, const Cuts *cuts, void *out) {
    uint8_t *narrow = (uint8_t *)out;
    uint16_t *broad = (uint16_t *)out;
    if (cuts->width == 1) {
        for (size_t row = 0; row < rows; row++) narrow[row] = ((const uint8_t *)cuts->sure)[keys[row]];
    } else {
        for (size_t row = 0; row < rows; row++) broad[row] = ((const uint16_t *)cuts->sure)[keys[row]];
    }
    for (size_t start = 0; start < rows; start += 64) {
        const size_t count = rows - start < 64 ? rows - start : 64;
        for (uint64_t left = LANE(unsure)(cuts, narrow + start * cuts->width, count); left; left &= left - 1) {
            const size_t row = start + lowest_bit(left);
            size_t place = cuts->starts[keys[row]];
            for (unsigned fix = 0; fix < cuts->fixes; fix++) place += cuts->marks[place] <= values[row];
            if (cuts->width == 1) narrow[row] = ((const uint8_t *)cuts->codes)[place];
            else broad[row] = ((const uint16_t *)cuts->codes)[place];
        }
    }
}

static void LANE(encode_by_key)(const int64_t *values, size_t rows, const Cuts *cuts, void *out) {
    const uint64_t low = (uint64_t)cuts->low, end = cuts->span, base = cuts->base;
    const int64_t first = cuts->low, *marks = cuts->marks;
    const uint16_t *starts = cuts->starts;
    const unsigned shift = cuts->shift;
    uint16_t keys[BLOCK];
    const size_t done = 0;
    if (cuts->way == BY_LINEAR_KEY) {
#if LEVEL == 3
        const size_t from = linear_keys_512(values, rows, cuts, keys);
#else
        const size_t from = 0;
#endif
        for (size_t row = from; row < rows; row++) {
            const uint64_t beyond = minimum((uint64_t)values[row] - low, end);
            keys[row] = (uint16_t)((values[row] < first ? 0 : beyond) >> shift);
        }
    } else {
        double numbers[BLOCK];
        uint64_t bits[BLOCK];
#if LEVEL == 3
        const size_t from = float_keys_512(values, rows, cuts, keys);
#else
        const size_t from = 0;
#endif
        for (size_t row = from; row < rows; row++) {
            const uint64_t beyond = minimum((uint64_t)values[row] - low, end);
            numbers[row] = (double)(int64_t)(values[row] < first ? 0 : beyond);
        }
        memcpy(bits + from, numbers + from, (rows - from) * 8); /* the whole block, so that the compiler can take many rows at once */
        for (size_t row = from; row < rows; row++) {
            const int64_t key = (int64_t)(bits[row] >> shift) - (int64_t)base;
            keys[row] = (uint16_t)(key < 0 ? 0 : key);
        }
    }
    if (cuts->sure) {
        LANE(encode_sure)(values, keys, rows, cuts, out);
        return;
    }
    switch (cuts->fixes) {
    case 1: EACH_CODE(codes[LANE(fixed)(values[row], starts[keys[row]], marks, 1)]); break;
    case 2: EACH_CODE(codes[LANE(fixed)(values[row], starts[keys[row]], marks, 2)]); break;
    case 3: EACH_CODE(codes[LANE(fixed)(values[row], starts[keys[row]], marks, 3)]); break;
    default: EACH_CODE(codes[LANE(fixed)(values[row], starts[keys[row]], marks, MOST_FIXES)]);
    }
}

#undef EACH_CODE

/* Give rows that do not count their code. */
static void LANE(veil)(const Valid *valid, size_t from, size_t rows, size_t all, unsigned width, unsigned unknown, void *out) {
    uint8_t *narrow = (uint8_t *)out;
    uint16_t *broad = (uint16_t *)out;
    if (valid->bytes) {
        const uint8_t *counts = valid->bytes + from;
        if (width == 1) {
            for (size_t row = 0; row < rows; row++) narrow[row] = counts[row] ? narrow[row] : (uint8_t)unknown;
        } else {
            for (size_t row = 0; row < rows; row++) broad[row] = counts[row] ? broad[row] : (uint16_t)unknown;
        }
        return;
    }
    if (!valid->bits) return;
    for (size_t start = 0; start < rows; start += 64) {
        const size_t count = rows - start < 64 ? rows - start : 64;
        uint64_t lacking = ~valid_word(valid->bits, valid->offset, from + start, all);
        if (count < 64) lacking &= (UINT64_C(1) << count) - 1;
#if LEVEL == 3
        if (lacking && width == 1 && count == 64) {
            veil_512(narrow + start, lacking, (uint8_t)unknown);
            continue;
        }
#endif
        for (; lacking; lacking &= lacking - 1) {
            const size_t row = start + lowest_bit(lacking);
            if (width == 1) narrow[row] = (uint8_t)unknown;
            else broad[row] = (uint16_t)unknown;
        }
    }
}

/* A value that lies below 64 bits has not even reached a threshold that is the least of 64 bits. */
static void LANE(sink)(const Values *values, size_t from, size_t rows, const Cuts *cuts, void *out) {
    const int64_t *here = (const int64_t *)values->values + 2 * from;
    if (values->sort != WIDE || cuts->count == 0 || cuts->low != INT64_MIN) return;
    for (size_t row = 0; row < rows; row++) {
        const int64_t low = here[2 * row], high = here[2 * row + 1];
        if (high < -1 || (high == -1 && low >= 0)) memcpy((uint8_t *)out + row * cuts->width, cuts->codes, cuts->width);
    }
}

static void LANE(encode)(const Values *values, const Cuts *cuts, void *out) {
    int64_t wide[BLOCK];
    for (size_t from = 0; from < values->rows; from += BLOCK) {
        const size_t rows = values->rows - from < BLOCK ? values->rows - from : BLOCK;
        const int64_t *here = wide;
        uint8_t *found = (uint8_t *)out + from * cuts->width;
        if (values->width == 8) here = (const int64_t *)values->values + from;
        else LANE(widen)(values, from, rows, wide);
        if (cuts->way == BY_STEPS) LANE(encode_by_steps)(here, rows, cuts, found);
        else if (cuts->way == BY_SPAN) LANE(encode_by_span)(here, rows, cuts, found);
        else LANE(encode_by_key)(here, rows, cuts, found);
        LANE(sink)(values, from, rows, cuts, found);
        LANE(veil)(&values->valid, from, rows, values->rows, cuts->width, cuts->unknown, found);
    }
}

/* --- translate --------------------------------------------------------------------------------------------------------- */

/* Bring a block of indices to 32 bits; one that no list of codes can have becomes the largest. */
#define NARROW(type, wide)                                                                                                        \
    do {                                                                                                                          \
        const type *here = (const type *)words->indices + from;                                                                   \
        for (size_t row = 0; row < rows; row++) out[row] = (uint32_t)minimum((uint64_t)(wide)here[row], UINT32_MAX);              \
    } while (0)

static void LANE(narrow)(const Words *words, size_t from, size_t rows, uint32_t *RESTRICT out) {
    if (words->sort == SIGNED) {
        if (words->width == 1) NARROW(int8_t, int64_t);
        else if (words->width == 2) NARROW(int16_t, int64_t);
        else if (words->width == 4) NARROW(int32_t, int64_t);
        else NARROW(int64_t, int64_t);
    } else {
        if (words->width == 1) NARROW(uint8_t, uint64_t);
        else if (words->width == 2) NARROW(uint16_t, uint64_t);
        else NARROW(uint32_t, uint64_t);
    }
}

#undef NARROW

ALWAYS_INLINE int LANE(counts)(const Valid *valid, size_t row) {
    if (valid->bytes) return valid->bytes[row] != 0;
    return !valid->bits || (valid->bits[(valid->offset + row) >> 3] >> ((valid->offset + row) & 7) & 1);
}

/* Indices under rows that do not count may be anything: they become 0. Any other that is too large is a fault. */
static Fault LANE(mend)(const Words *words, size_t from, size_t rows, uint32_t *indices) {
    Fault fault = {-1, 0, 0};
    for (size_t row = 0; row < rows; row++) {
        if (indices[row] < words->count) continue;
        if (LANE(counts)(&words->valid, from + row)) {
            fault.column = 0;
            fault.row = from + row;
            fault.code = indices[row];
            return fault;
        }
        indices[row] = 0;
    }
    return fault;
}

/* Codes of one byte without a step between, by indices of one byte or two; up to 256 codes by those of four too.
 * Returns 0 where it is done in another way, or an index has no code. */
static int LANE(translate_bytes)(const Words *words, size_t from, size_t rows, uint8_t *RESTRICT found) {
    const uint8_t *codes = (const uint8_t *)words->codes, *here = (const uint8_t *)words->indices + from * words->width;
    size_t row = 0;
#if LEVEL == 3
    if (words->count <= 256) {
        uint64_t largest = 0;
        row = translate_512(words, from, rows, found, &largest);
        if (largest >= words->count) return 0;
    }
#endif
    if (words->width > 2 || words->sort != UNSIGNED) return row == rows;
    if (!(words->count >> (8 * words->width)) && LANE(largest)(here + row * words->width, words->width, rows - row) >= words->count) return 0;
    if (words->width == 1) {
        for (; row < rows; row++) found[row] = codes[here[row]];
    } else {
        const uint16_t *broad = (const uint16_t *)(const void *)here;
        for (; row < rows; row++) found[row] = codes[broad[row]];
    }
    return 1;
}

static Fault LANE(translate)(const Words *words, void *out) {
    Fault fault = {-1, 0, 0};
    uint32_t own[BLOCK];
    for (size_t from = 0; from < words->rows; from += BLOCK) {
        const size_t rows = words->rows - from < BLOCK ? words->rows - from : BLOCK;
        uint8_t *found = (uint8_t *)out + from * words->code_width;
        uint32_t largest = 0;
        if (words->code_width == 1 && words->count && LANE(translate_bytes)(words, from, rows, found)) {
            LANE(veil)(&words->valid, from, rows, words->rows, 1, words->unknown, found);
            continue;
        }
        LANE(narrow)(words, from, rows, own);
        for (size_t row = 0; row < rows; row++) largest = own[row] > largest ? own[row] : largest;
        if (largest >= words->count) fault = LANE(mend)(words, from, rows, own);
        if (fault.column >= 0) return fault;
        if (words->count == 0) {
            memset(found, 0, rows * words->code_width); /* no row counts */
        } else if (words->code_width == 1) {
            const uint8_t *codes = (const uint8_t *)words->codes;
            for (size_t row = 0; row < rows; row++) found[row] = codes[own[row]];
        } else {
            const uint16_t *codes = (const uint16_t *)words->codes;
            uint16_t *broad = (uint16_t *)(void *)found;
            for (size_t row = 0; row < rows; row++) broad[row] = codes[own[row]];
        }
        LANE(veil)(&words->valid, from, rows, words->rows, words->code_width, words->unknown, found);
    }
    return fault;
}

/* --- bits --------------------------------------------------------------------------------------------------------------- */

static void LANE(spread)(const Valid *bits, size_t rows, unsigned off, unsigned on, unsigned width, void *out) {
    for (size_t start = 0; start < rows; start += 64) {
        const size_t count = rows - start < 64 ? rows - start : 64;
        const uint64_t word = valid_word(bits->bits, bits->offset, start, rows);
        if (width == 1) {
            uint8_t *found = (uint8_t *)out + start;
#if LEVEL == 3
            if (count == 64) {
                spread_512(word, (uint8_t)off, (uint8_t)on, found);
                continue;
            }
#endif
            for (size_t row = 0; row < count; row++) found[row] = (uint8_t)(word >> row & 1 ? on : off);
        } else {
            uint16_t *found = (uint16_t *)out + start;
            for (size_t row = 0; row < count; row++) found[row] = (uint16_t)(word >> row & 1 ? on : off);
        }
    }
}

static void LANE(translate_bits)(const Bits *bits, void *out) {
    LANE(spread)(&bits->bits, bits->rows, bits->off, bits->on, bits->width, out);
    for (size_t from = 0; from < bits->rows; from += BLOCK) {
        const size_t rows = bits->rows - from < BLOCK ? bits->rows - from : BLOCK;
        LANE(veil)(&bits->valid, from, rows, bits->rows, bits->width, bits->unknown, (uint8_t *)out + from * bits->width);
    }
}

/* --- dense tables ------------------------------------------------------------------------------------------------------ */

/* Add one column's entries to the sums of a block. */
#define ADD(type)                                                                                                                 \
    do {                                                                                                                          \
        const type *codes = (const type *)columns->codes[column] + from;                                                          \
        for (size_t row = 0; row < rows; row++) sums[row] += map[codes[row]];                                                     \
    } while (0)

static void LANE(add_column)(const Dense *dense, size_t column, size_t from, size_t rows, uint32_t *RESTRICT sums) {
    const Columns *columns = &dense->columns;
    const uint32_t *map = dense->maps[column];
    if (columns->widths[column] == 1) ADD(uint8_t);
    else ADD(uint16_t);
}

#undef ADD

/* Add `count` columns of bytes at once: the sum of a row stays in a register. `count` is a constant. */
ALWAYS_INLINE void LANE(add_bytes)(const Dense *dense, const size_t count, size_t from, size_t rows, uint32_t *RESTRICT sums) {
    const uint8_t *codes[FAST_COLUMNS];
    const uint32_t *maps[FAST_COLUMNS];
    for (size_t column = 0; column < count; column++) {
        codes[column] = (const uint8_t *)dense->columns.codes[column] + from;
        maps[column] = dense->maps[column];
    }
    for (size_t row = 0; row < rows; row++) {
        uint32_t sum = maps[0][codes[0][row]];
        for (size_t column = 1; column < count; column++) sum += maps[column][codes[column][row]];
        sums[row] = sum;
    }
}

static void LANE(add_columns)(const Dense *dense, size_t from, size_t rows, uint32_t *sums) {
    const Columns *columns = &dense->columns;
    size_t bytes = 0, column;
    while (bytes < columns->count && bytes < FAST_COLUMNS && columns->widths[bytes] == 1) bytes++;
    switch (bytes) {
    case 0: memset(sums, 0, rows * sizeof *sums); break;
    case 1: LANE(add_bytes)(dense, 1, from, rows, sums); break;
    case 2: LANE(add_bytes)(dense, 2, from, rows, sums); break;
    case 3: LANE(add_bytes)(dense, 3, from, rows, sums); break;
    case 4: LANE(add_bytes)(dense, 4, from, rows, sums); break;
    case 5: LANE(add_bytes)(dense, 5, from, rows, sums); break;
    case 6: LANE(add_bytes)(dense, 6, from, rows, sums); break;
    case 7: LANE(add_bytes)(dense, 7, from, rows, sums); break;
    default: LANE(add_bytes)(dense, FAST_COLUMNS, from, rows, sums);
    }
    for (column = bytes; column < columns->count; column++) LANE(add_column)(dense, column, from, rows, sums);
}

static void LANE(gather)(const Dense *dense, size_t from, size_t rows, const uint32_t *RESTRICT sums, void *out) {
    if (dense->width == 1) {
        const uint8_t *table = (const uint8_t *)dense->table;
        uint8_t *RESTRICT found = (uint8_t *)out + from;
        for (size_t row = 0; row < rows; row++) found[row] = table[sums[row]];
    } else if (dense->width == 2) {
        const uint16_t *table = (const uint16_t *)dense->table;
        uint16_t *RESTRICT found = (uint16_t *)out + from;
        for (size_t row = 0; row < rows; row++) found[row] = table[sums[row]];
    } else {
        const uint32_t *table = (const uint32_t *)dense->table;
        uint32_t *RESTRICT found = (uint32_t *)out + from;
        for (size_t row = 0; row < rows; row++) found[row] = table[sums[row]];
    }
}

static Fault LANE(decide_dense)(const Dense *dense, void *out) {
    const size_t all = dense->columns.rows;
    uint32_t sums[BLOCK];
    for (size_t from = 0; from < all; from += BLOCK) {
        const size_t rows = all - from < BLOCK ? all - from : BLOCK;
        size_t done = 0;
        const Fault fault = LANE(check_block)(&dense->columns, from, rows);
        if (fault.column >= 0) return fault;
#if LEVEL == 2
        done = dense_256(dense, from, rows, out);
#elif LEVEL == 3
        done = dense_512(dense, from, rows, out);
#endif
        if (done == rows) continue;
        LANE(add_columns)(dense, from + done, rows - done, sums);
        LANE(gather)(dense, from + done, rows - done, sums, out);
    }
    {
        const Fault none = {-1, 0, 0};
        return none;
    }
}

/* --- masks ------------------------------------------------------------------------------------------------------------- */

ALWAYS_INLINE size_t LANE(code)(const Columns *columns, size_t column, size_t row) {
    return columns->widths[column] == 1 ? ((const uint8_t *)columns->codes[column])[row] : ((const uint16_t *)columns->codes[column])[row];
}

/* And one column's masks, of one word each, into those of a block. */
#define AND(type)                                                                                                                 \
    do {                                                                                                                          \
        const type *codes = (const type *)masks->columns.codes[column] + from;                                                    \
        for (size_t row = 0; row < rows; row++) found[row] &= mask[codes[row]];                                                   \
    } while (0)

static void LANE(and_column)(const Masks *masks, size_t column, size_t from, size_t rows, uint64_t *RESTRICT found) {
    const uint64_t *mask = masks->masks[column];
    if (masks->columns.widths[column] == 1) AND(uint8_t);
    else AND(uint16_t);
}

#undef AND

/* And `count` columns of bytes at once; `count` is a constant. */
ALWAYS_INLINE void LANE(and_bytes)(const Masks *masks, const size_t count, size_t from, size_t rows, uint64_t *RESTRICT found) {
    const uint8_t *codes[FAST_COLUMNS];
    const uint64_t *words[FAST_COLUMNS];
    for (size_t column = 0; column < count; column++) {
        codes[column] = (const uint8_t *)masks->columns.codes[column] + from;
        words[column] = masks->masks[column];
    }
    for (size_t row = 0; row < rows; row++) {
        uint64_t word = words[0][codes[0][row]];
        for (size_t column = 1; column < count; column++) word &= words[column][codes[column][row]];
        found[row] = word;
    }
}

static void LANE(and_columns)(const Masks *masks, size_t from, size_t rows, uint64_t *found) {
    const Columns *columns = &masks->columns;
    size_t bytes = 0, column;
    while (bytes < columns->count && bytes < FAST_COLUMNS && columns->widths[bytes] == 1) bytes++;
    switch (bytes) {
    case 0: memset(found, 0xff, rows * sizeof *found); break;
    case 1: LANE(and_bytes)(masks, 1, from, rows, found); break;
    case 2: LANE(and_bytes)(masks, 2, from, rows, found); break;
    case 3: LANE(and_bytes)(masks, 3, from, rows, found); break;
    case 4: LANE(and_bytes)(masks, 4, from, rows, found); break;
    case 5: LANE(and_bytes)(masks, 5, from, rows, found); break;
    case 6: LANE(and_bytes)(masks, 6, from, rows, found); break;
    case 7: LANE(and_bytes)(masks, 7, from, rows, found); break;
    default: LANE(and_bytes)(masks, FAST_COLUMNS, from, rows, found);
    }
    for (column = bytes; column < columns->count; column++) LANE(and_column)(masks, column, from, rows, found);
}

/* The answer from a word of rules, or from none, without a branch: whether a rule matches is anyone's guess. `others` is not
 * zero where other words have rules too; `first` is a constant. */
ALWAYS_INLINE uint16_t LANE(told)(const int first, unsigned none, unsigned many, unsigned start, uint64_t word, uint64_t others) {
    const unsigned rule = start + lowest_bit(word | UINT64_C(1) << 63);
    const unsigned is_none = 0u - (unsigned)(word == 0);
    unsigned found = rule;
    if (!first) {
        const unsigned is_many = 0u - (unsigned)(((word & (word - 1)) | others) != 0);
        found = (found & ~is_many) | (many & is_many);
    }
    return (uint16_t)((found & ~is_none) | (none & is_none));
}

static void LANE(decide_one_word)(const Masks *masks, size_t from, size_t rows, uint16_t *RESTRICT out) {
    uint64_t found[BLOCK];
    const unsigned none = masks->none, many = masks->many;
    LANE(and_columns)(masks, from, rows, found);
    if (masks->first) {
        for (size_t row = 0; row < rows; row++) out[row] = LANE(told)(1, none, many, 0, found[row], 0);
    } else {
        for (size_t row = 0; row < rows; row++) out[row] = LANE(told)(0, none, many, 0, found[row], 0);
    }
}

/* And the masks of a row, up to 64 words of them; returns which are not zero. */
ALWAYS_INLINE uint64_t LANE(and_words)(const uint64_t *const *mask, size_t count, size_t from, size_t words, uint64_t *found) {
    uint64_t any = 0;
    size_t place = 0;
#if LEVEL == 3
    for (; place < words; place += 8) {
        const __mmask8 here = (__mmask8)(words - place < 8 ? (1u << (words - place)) - 1 : 0xff);
        __m512i word = _mm512_maskz_loadu_epi64(here, mask[0] + from + place);
        UNROLL
        for (size_t column = 1; column < count; column++) {
            word = _mm512_and_si512(word, _mm512_maskz_loadu_epi64(here, mask[column] + from + place));
        }
        any |= (uint64_t)_mm512_test_epi64_mask(word, word) << place;
        _mm512_storeu_si512(found + place, word);
    }
#elif LEVEL == 2
    for (; place + 4 <= words; place += 4) {
        __m256i word = _mm256_loadu_si256((const __m256i *)(const void *)(mask[0] + from + place));
        UNROLL
        for (size_t column = 1; column < count; column++) {
            word = _mm256_and_si256(word, _mm256_loadu_si256((const __m256i *)(const void *)(mask[column] + from + place)));
        }
        any |= (uint64_t)(15 & ~_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(word, _mm256_setzero_si256())))) << place;
        _mm256_storeu_si256((__m256i *)(void *)(found + place), word);
    }
#endif
    for (; place < words; place++) {
        uint64_t word = mask[0][from + place];
        UNROLL
        for (size_t column = 1; column < count; column++) word &= mask[column][from + place];
        found[place] = word;
        any |= (uint64_t)(word != 0) << place;
    }
    return any;
}

/* Where the masks of up to 64 rows begin: in words from the column's first. */
static void LANE(find_masks)(const Masks *masks, size_t from, size_t rows, uint32_t (*starts)[64]) {
    const uint32_t words = (uint32_t)masks->words;
    for (size_t column = 0; column < masks->columns.count; column++) {
        if (masks->columns.widths[column] == 1) {
            const uint8_t *codes = (const uint8_t *)masks->columns.codes[column] + from;
            for (size_t row = 0; row < rows; row++) starts[column][row] = codes[row] * words;
        } else {
            const uint16_t *codes = (const uint16_t *)masks->columns.codes[column] + from;
            for (size_t row = 0; row < rows; row++) starts[column][row] = codes[row] * words;
        }
    }
}

/* Up to 64 rows of masks of two to 64 words. `count` is a constant where it matters. */
ALWAYS_INLINE void LANE(decide_words)(const Masks *masks, const size_t count, size_t rows, uint32_t (*starts)[64], uint16_t *RESTRICT out) {
    const unsigned none = masks->none, many = masks->many;
    const size_t words = masks->words;
    const int first = masks->first;
    const uint64_t *all[MOST_COLUMNS], *mask[MOST_COLUMNS];
    uint64_t found[64] = {0};
    for (size_t column = 0; column < count; column++) all[column] = masks->masks[column];
    for (size_t row = 0; row < rows; row++) {
        uint64_t any;
        unsigned place;
        UNROLL
        for (size_t column = 0; column < count; column++) mask[column] = all[column] + starts[column][row];
        any = LANE(and_words)(mask, count, 0, words, found);
        place = lowest_bit(any | UINT64_C(1) << 63); /* the last word is zero where there is none */
        out[row] = first ? LANE(told)(1, none, many, place * WORD_RULES, found[place], 0)
                         : LANE(told)(0, none, many, place * WORD_RULES, found[place], any & (any - 1));
    }
}

/* The same for more words: 64 at a time. */
static void LANE(decide_groups)(const Masks *masks, size_t rows, uint32_t (*starts)[64], uint16_t *RESTRICT out) {
    const size_t count = masks->columns.count;
    const uint64_t *mask[MOST_COLUMNS];
    uint64_t found[64];
    for (size_t row = 0; row < rows; row++) {
        uint64_t word = 0, others = 0;
        size_t start = 0;
        for (size_t column = 0; column < count; column++) mask[column] = masks->masks[column] + starts[column][row];
        for (size_t from = 0; from < masks->words && !(word && (masks->first || others)); from += 64) {
            const uint64_t any = LANE(and_words)(mask, count, from, masks->words - from < 64 ? masks->words - from : 64, found);
            if (!any) continue;
            others |= word | (any & (any - 1)); /* not zero where a rule was found before, or in another word too */
            if (word) break;
            start = from + lowest_bit(any);
            word = found[start - from];
        }
        out[row] = masks->first ? LANE(told)(1, masks->none, masks->many, (unsigned)start * WORD_RULES, word, 0)
                                : LANE(told)(0, masks->none, masks->many, (unsigned)start * WORD_RULES, word, others);
    }
}

static void LANE(decide_many_words)(const Masks *masks, size_t from, size_t rows, uint16_t *out) {
    const size_t count = masks->columns.count;
    uint32_t starts[MOST_COLUMNS][64];
    for (size_t end = from + rows; from < end; from += 64) {
        const size_t here = end - from < 64 ? end - from : 64;
        LANE(find_masks)(masks, from, here, starts);
        switch (masks->words > 64 ? 0 : count) {
        case 0: LANE(decide_groups)(masks, here, starts, out + from); break;
        case 2: LANE(decide_words)(masks, 2, here, starts, out + from); break;
        case 3: LANE(decide_words)(masks, 3, here, starts, out + from); break;
        case 4: LANE(decide_words)(masks, 4, here, starts, out + from); break;
        case 5: LANE(decide_words)(masks, 5, here, starts, out + from); break;
        case 6: LANE(decide_words)(masks, 6, here, starts, out + from); break;
        default: LANE(decide_words)(masks, count, here, starts, out + from);
        }
    }
}

static Fault LANE(decide_masks)(const Masks *masks, uint16_t *out) {
    const size_t all = masks->columns.rows;
    for (size_t from = 0; from < all; from += BLOCK) {
        const size_t rows = all - from < BLOCK ? all - from : BLOCK;
        size_t done = 0;
        const Fault fault = LANE(check_block)(&masks->columns, from, rows);
        if (fault.column >= 0) return fault;
        if (masks->words > 1) {
            LANE(decide_many_words)(masks, from, rows, out);
            continue;
        }
#if LEVEL == 3
        if (masks->planes) done = masks_512(masks, from, rows, out);
#endif
        if (done < rows) LANE(decide_one_word)(masks, from + done, rows - done, out + from + done);
    }
    {
        const Fault none = {-1, 0, 0};
        return none;
    }
}

static Fault LANE(match)(const Masks *masks, uint64_t *out) {
    const size_t all = masks->columns.rows, words = masks->words;
    for (size_t from = 0; from < all; from += BLOCK) {
        const size_t rows = all - from < BLOCK ? all - from : BLOCK;
        const Fault fault = LANE(check_block)(&masks->columns, from, rows);
        if (fault.column >= 0) return fault;
        if (words == 1) {
            LANE(and_columns)(masks, from, rows, out + from);
            continue;
        }
        for (size_t row = from; row < from + rows; row++) {
            uint64_t *RESTRICT found = out + row * words;
            memcpy(found, masks->masks[0] + LANE(code)(&masks->columns, 0, row) * words, words * 8);
            for (size_t column = 1; column < masks->columns.count; column++) {
                const uint64_t *mask = masks->masks[column] + LANE(code)(&masks->columns, column, row) * words;
                for (size_t place = 0; place < words; place++) found[place] &= mask[place];
            }
        }
    }
    {
        const Fault none = {-1, 0, 0};
        return none;
    }
}

/* --- sums -------------------------------------------------------------------------------------------------------------- */

/* Add up what each byte of a word of rules comes to; `count` bytes, a constant. Sums wrap: that they do not is the caller's care. */
ALWAYS_INLINE void LANE(add_parts)(const Addends *addends, const size_t count, size_t rows, const uint64_t *RESTRICT found,
                                   int64_t *RESTRICT out) {
    const uint64_t bit = UINT64_C(1) << addends->behind;
    const int64_t none = addends->none, empty = addends->empty, *parts = addends->parts;
    for (size_t row = 0; row < rows; row++) {
        const uint64_t word = found[row];
        uint64_t sum = 0;
        UNROLL
        for (size_t part = 0; part < count; part++) sum += (uint64_t)parts[256 * part + (word >> (8 * part) & 255)];
        out[row] = word & (bit - 1) ? (int64_t)sum : empty;
        if (!(word & bit)) out[row] = none;
    }
}

static void LANE(sum_one_word)(const Masks *masks, const Addends *addends, size_t from, size_t rows, int64_t *out) {
    uint64_t found[BLOCK];
    LANE(and_columns)(masks, from, rows, found);
    switch (addends->behind / 8) {
    case 0: LANE(add_parts)(addends, 1, rows, found, out); break;
    case 1: LANE(add_parts)(addends, 2, rows, found, out); break;
    case 2: LANE(add_parts)(addends, 3, rows, found, out); break;
    case 3: LANE(add_parts)(addends, 4, rows, found, out); break;
    case 4: LANE(add_parts)(addends, 5, rows, found, out); break;
    case 5: LANE(add_parts)(addends, 6, rows, found, out); break;
    case 6: LANE(add_parts)(addends, 7, rows, found, out); break;
    default: LANE(add_parts)(addends, 8, rows, found, out);
    }
}

/* Up to 64 rows of masks of any number of words: few rules match, so the bits that are set are walked. `count` is a constant
 * where it matters. */
ALWAYS_INLINE void LANE(sum_words)(const Masks *masks, const Addends *addends, const size_t count, size_t rows, uint32_t (*starts)[64],
                                   int64_t *RESTRICT out) {
    const size_t words = addends->behind / WORD_RULES + 1; /* none behind is of a rule */
    const uint64_t bit = UINT64_C(1) << addends->behind % WORD_RULES;
    const uint64_t *all[MOST_COLUMNS], *mask[MOST_COLUMNS];
    uint64_t found[64] = {0};
    for (size_t column = 0; column < count; column++) all[column] = masks->masks[column];
    for (size_t row = 0; row < rows; row++) {
        uint64_t sum = 0, matched = 0, last = 0;
        UNROLL
        for (size_t column = 0; column < count; column++) mask[column] = all[column] + starts[column][row];
        for (size_t from = 0; from < words; from += 64) {
            const size_t here = words - from < 64 ? words - from : 64;
            uint64_t any = LANE(and_words)(mask, count, from, here, found);
            if (from + here == words) {
                last = found[here - 1];
                found[here - 1] &= bit - 1;
            }
            for (; any; any &= any - 1) {
                const unsigned place = lowest_bit(any);
                const int64_t *numbers = addends->numbers + (from + place) * WORD_RULES;
                uint64_t word = found[place];
                matched |= word;
                for (; word; word &= word - 1) sum += (uint64_t)numbers[lowest_bit(word)];
            }
        }
        out[row] = matched ? (int64_t)sum : addends->empty;
        if (!(last & bit)) out[row] = addends->none;
    }
}

#if LEVEL == 3
/* Add up the rules of the words that are listed, one rule of each word at a time: nobody guesses how many a row has. */
ALWAYS_INLINE void LANE(add_listed)(const int64_t *numbers, uint64_t *found, uint32_t *keys, size_t listed, uint64_t *sums) {
    while (listed) {
        size_t left = 0;
        for (size_t place = 0; place < listed; place++) {
            const uint64_t word = found[place], rest = word & (word - 1);
            const uint32_t key = keys[place];
            sums[key / MOST_WORDS] += (uint64_t)numbers[key % MOST_WORDS * WORD_RULES + lowest_bit(word)];
            found[left] = rest;
            keys[left] = key;
            left += rest != 0;
        }
        listed = left;
    }
}

/* Up to 64 rows of masks of up to MOST_WORDS words. Few rules match, and which is anyone's guess: the words that have any are
 * listed, and then added up one after the other. `count` is a constant where it matters. */
ALWAYS_INLINE void LANE(sum_listed)(const Masks *masks, const Addends *addends, const size_t count, size_t rows, uint32_t (*starts)[64],
                                   int64_t *RESTRICT out) {
    const size_t words = addends->behind / WORD_RULES + 1; /* none behind is of a rule */
    const uint64_t *all[MOST_COLUMNS], *mask[MOST_COLUMNS];
    uint64_t found[LISTED + MOST_WORDS + 8], sums[64] = {0};
    uint32_t keys[LISTED + MOST_WORDS + 8];
    uint8_t kinds[64]; /* 0 not counted, 1 no rule, 2 some */
    size_t listed = 0;
    WordsBehind behind;
    for (unsigned place = 0; place < 8; place++) {
        behind.bit[place] = place == (words - 1) % 8 ? UINT64_C(1) << addends->behind % WORD_RULES : 0;
        behind.rules[place] = place == (words - 1) % 8 ? behind.bit[place] - 1 : ~UINT64_C(0);
    }
    for (size_t column = 0; column < count; column++) all[column] = masks->masks[column];
    for (size_t row = 0; row < rows; row++) {
        int is_counted = 0;
        size_t more;
        UNROLL
        for (size_t column = 0; column < count; column++) mask[column] = all[column] + starts[column][row];
        more = list_words_512(mask, count, words, (uint32_t)row * MOST_WORDS, &behind, found + listed, keys + listed, &is_counted);
        kinds[row] = (uint8_t)(is_counted ? 1 + (more != 0) : 0);
        listed += more;
        if (listed > LISTED) {
            LANE(add_listed)(addends->numbers, found, keys, listed, sums);
            listed = 0;
        }
    }
    LANE(add_listed)(addends->numbers, found, keys, listed, sums);
    for (size_t row = 0; row < rows; row++) out[row] = kinds[row] == 2 ? (int64_t)sums[row] : kinds[row] ? addends->empty : addends->none;
}
#endif

static void LANE(sum_many_words)(const Masks *masks, const Addends *addends, size_t from, size_t rows, int64_t *out) {
    const size_t count = masks->columns.count;
    uint32_t starts[MOST_COLUMNS][64];
    for (size_t end = from + rows; from < end; from += 64, out += 64) {
        const size_t here = end - from < 64 ? end - from : 64;
        LANE(find_masks)(masks, from, here, starts);
#if LEVEL == 3
        if (addends->behind / WORD_RULES < MOST_WORDS) {
            switch (count) {
            case 4: LANE(sum_listed)(masks, addends, 4, here, starts, out); break;
            case 5: LANE(sum_listed)(masks, addends, 5, here, starts, out); break;
            case 6: LANE(sum_listed)(masks, addends, 6, here, starts, out); break;
            default: LANE(sum_listed)(masks, addends, count, here, starts, out);
            }
            continue;
        }
#endif
        switch (count) {
        case 4: LANE(sum_words)(masks, addends, 4, here, starts, out); break;
        case 5: LANE(sum_words)(masks, addends, 5, here, starts, out); break;
        case 6: LANE(sum_words)(masks, addends, 6, here, starts, out); break;
        default: LANE(sum_words)(masks, addends, count, here, starts, out);
        }
    }
}

static Fault LANE(sum_masks)(const Masks *masks, const Addends *addends, int64_t *out) {
    const size_t all = masks->columns.rows;
    for (size_t from = 0; from < all; from += BLOCK) {
        const size_t rows = all - from < BLOCK ? all - from : BLOCK;
        const Fault fault = LANE(check_block)(&masks->columns, from, rows);
        if (fault.column >= 0) return fault;
        if (addends->parts) LANE(sum_one_word)(masks, addends, from, rows, out + from);
        else LANE(sum_many_words)(masks, addends, from, rows, out + from);
    }
    {
        const Fault none = {-1, 0, 0};
        return none;
    }
}

#include "packing.h"

static const Path LANE(path) = {LANE_NAME, LEVEL, LANE(encode), LANE(translate), LANE(translate_bits), LANE(decide_dense), LANE(decide_masks),
                                 LANE(match), LANE(sum_masks), LANE(count), LANE(pack)};
