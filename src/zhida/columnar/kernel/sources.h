/* Columns as they lie in memory, held and checked; and how their codes are made, a stretch of rows at a time.
 *
 * A table may be given such a column in place of its codes: then they never leave the caches.
 */

typedef enum { CODED, ENCODED, TRANSLATED, SPREAD } Making;

typedef struct {
    Making way;
    View values, marks, codes, valid;
    size_t rows;
    Values given;   /* ENCODED */
    Cuts cuts;
    Words words;    /* TRANSLATED */
    Bits bits;      /* SPREAD */
    void *memory;
} Source;

static void free_source(Source *source) {
    free(source->memory);
    let_go(&source->values);
    let_go(&source->marks);
    let_go(&source->codes);
    let_go(&source->valid);
}

static int is_ascending(const int64_t *numbers, size_t count) {
    for (size_t place = 1; place < count; place++) {
        if (numbers[place - 1] > numbers[place]) return 0;
    }
    return 1;
}

static int hold_values(View *view, Values *values, PyObject *array) {
    const int is_wide = PyObject_HasAttrString(array, "ndim") && PyObject_CheckBuffer(array);
    PyObject *dimensions = is_wide ? PyObject_GetAttrString(array, "ndim") : NULL;
    const long count = dimensions ? PyLong_AsLong(dimensions) : 1;
    Py_XDECREF(dimensions);
    PyErr_Clear();
    if (count == 2) {
        if (hold_kind(view, array, "values", 2, 0, "q") < 0) return -1;
        if (view->buffer.shape[1] != 2) {
            PyErr_SetString(PyExc_ValueError, "values: a wide value has two words");
            return -1;
        }
    } else if (hold_kind(view, array, "values", 1, 0, "bBhHiIq") < 0) {
        return -1;
    }
    values->values = view->buffer.buf;
    values->sort = count == 2 ? WIDE : view->sort;
    values->width = count == 2 ? 16 : view->width;
    values->rows = view->count;
    return 0;
}

static int count_unknown(const Source *source, PyObject *unknown, unsigned *code) {
    size_t found = 0;
    if (count_of(unknown, "unknown", source->codes.width == 1 ? UINT8_MAX : UINT16_MAX, &found) < 0) return -1;
    *code = (unsigned)found;
    return 0;
}

static int hold_encoded(Source *source, PyObject *values, PyObject *marks, PyObject *codes, PyObject *valid, PyObject *unknown) {
    Cuts *cuts = &source->cuts;
    source->way = ENCODED;
    if (hold_values(&source->values, &source->given, values) < 0 || hold_kind(&source->marks, marks, "thresholds", 1, 0, "q") < 0
        || hold_kind(&source->codes, codes, "codes", 1, 0, "BH") < 0
        || hold_valid(&source->valid, &source->given.valid, valid, source->given.rows) < 0
        || count_unknown(source, unknown, &cuts->unknown) < 0) return -1;
    source->rows = source->given.rows;
    cuts->count = source->marks.count;
    cuts->width = source->codes.width;
    if (source->codes.count != cuts->count + 1) {
        PyErr_Format(PyExc_ValueError, "codes: %zu, not one more than the %zu thresholds", source->codes.count, cuts->count);
        return -1;
    }
    if (!is_ascending((const int64_t *)source->marks.buffer.buf, cuts->count)) {
        PyErr_SetString(PyExc_ValueError, "thresholds: not in ascending order");
        return -1;
    }
    if (prepare_cuts(cuts, (const int64_t *)source->marks.buffer.buf, source->codes.buffer.buf, source->rows, &source->memory) < 0) {
        PyErr_NoMemory();
        return -1;
    }
    return 0;
}

static int hold_translated(Source *source, PyObject *indices, PyObject *codes, PyObject *valid, PyObject *unknown) {
    Words *words = &source->words;
    source->way = TRANSLATED;
    if (hold_kind(&source->values, indices, "indices", 1, 0, "bBhHiIq") < 0 || hold_kind(&source->codes, codes, "codes", 1, 0, "BH") < 0
        || hold_valid(&source->valid, &words->valid, valid, source->values.count) < 0
        || count_unknown(source, unknown, &words->unknown) < 0) return -1;
    if (source->codes.count > UINT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "codes: too many");
        return -1;
    }
    source->rows = source->values.count;
    words->indices = source->values.buffer.buf;
    words->width = source->values.width;
    words->sort = source->values.sort;
    words->rows = source->rows;
    words->count = source->codes.count;
    words->codes = source->codes.buffer.buf;
    words->code_width = source->codes.width;
    return 0;
}

/* The codes are those of false and of true. */
static int hold_spread(Source *source, PyObject *bits, PyObject *offset, PyObject *rows, PyObject *codes, PyObject *valid, PyObject *unknown) {
    Bits *found = &source->bits;
    source->way = SPREAD;
    if (hold_kind(&source->values, bits, "bits", 1, 0, "bB") < 0 || hold_kind(&source->codes, codes, "codes", 1, 0, "BH") < 0
        || count_of(offset, "offset", PY_SSIZE_T_MAX / 2, &found->bits.offset) < 0
        || count_of(rows, "rows", PY_SSIZE_T_MAX / 2, &source->rows) < 0
        || hold_valid(&source->valid, &found->valid, valid, source->rows) < 0 || count_unknown(source, unknown, &found->unknown) < 0) return -1;
    if (source->codes.count != 2) {
        PyErr_Format(PyExc_ValueError, "codes: %zu, not those of false and of true", source->codes.count);
        return -1;
    }
    if (found->bits.offset + source->rows > source->values.count * 8) {
        PyErr_Format(PyExc_ValueError, "bits: %zu, not %zu", source->values.count * 8, found->bits.offset + source->rows);
        return -1;
    }
    found->bits.bits = (const uint8_t *)source->values.buffer.buf;
    found->rows = source->rows;
    found->width = source->codes.width;
    found->off = code_at(source->codes.buffer.buf, found->width, 0);
    found->on = code_at(source->codes.buffer.buf, found->width, 1);
    return 0;
}

/* Whether every code that is made is below a limit. */
static int is_below(const Source *source, size_t limit) {
    const unsigned unknown = source->way == ENCODED ? source->cuts.unknown : source->way == TRANSLATED ? source->words.unknown : source->bits.unknown;
    int is_below = unknown < limit;
    for (size_t place = 0; place < source->codes.count; place++) {
        is_below &= code_at(source->codes.buffer.buf, source->codes.width, place) < limit;
    }
    return is_below;
}

/* (1, values, thresholds, codes, valid, unknown), (2, indices, codes, valid, unknown) or (3, bits, offset, rows, codes, valid, unknown) */
static int hold_source(Source *source, PyObject *tuple) {
    const Py_ssize_t size = PyTuple_Size(tuple);
    PyObject *items[7] = {NULL};
    size_t way = 0;
    for (Py_ssize_t place = 0; place < size && place < 7; place++) items[place] = PyTuple_GetItem(tuple, place);
    if (size && count_of(items[0], "way", 3, &way) < 0) return -1;
    if (way == ENCODED && size == 6) return hold_encoded(source, items[1], items[2], items[3], items[4], items[5]);
    if (way == TRANSLATED && size == 5) return hold_translated(source, items[1], items[2], items[3], items[4]);
    if (way == SPREAD && size == 7) return hold_spread(source, items[1], items[2], items[3], items[4], items[5], items[6]);
    PyErr_SetString(PyExc_ValueError, "codes: neither codes nor what they are made of");
    return -1;
}

static int check_source_apart(const View *out, const Source *source) {
    return check_apart(out, &source->values, "values") < 0 || check_apart(out, &source->marks, "thresholds") < 0
                   || check_apart(out, &source->codes, "codes") < 0 || check_apart(out, &source->valid, "valid") < 0
               ? -1
               : 0;
}

static Valid valid_from(Valid valid, size_t from) {
    if (valid.bytes) valid.bytes += from;
    valid.offset += from;
    return valid;
}

/* Make the codes of some rows. */
static Fault make_codes(const Path *path, const Source *source, size_t from, size_t rows, void *out) {
    Fault fault = {-1, 0, 0};
    if (source->way == ENCODED) {
        Values part = source->given;
        part.values = (const uint8_t *)part.values + from * part.width;
        part.rows = rows;
        part.valid = valid_from(part.valid, from);
        path->encode(&part, &source->cuts, out);
    } else if (source->way == TRANSLATED) {
        Words part = source->words;
        part.indices = (const uint8_t *)part.indices + from * part.width;
        part.rows = rows;
        part.valid = valid_from(part.valid, from);
        fault = path->translate(&part, out);
    } else {
        Bits part = source->bits;
        part.bits.offset += from;
        part.rows = rows;
        part.valid = valid_from(part.valid, from);
        path->translate_bits(&part, out);
    }
    return fault;
}
