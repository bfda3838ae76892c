/* Python's arguments held and checked: what is wrong with one raises, and nothing is read before. */

typedef struct {
    Py_buffer buffer;
    int is_held;
    Sort sort;
    unsigned width;
    size_t count; /* elements, or rows of a table */
} View;

static void let_go(View *view) {
    if (view->is_held) PyBuffer_Release(&view->buffer);
    view->is_held = 0;
}

/* Hold an array of integers in one piece with `dimensions` dimensions. */
static int hold(View *view, PyObject *array, const char *name, int dimensions, int is_written) {
    const char *format;
    view->is_held = 0;
    if (PyObject_GetBuffer(array, &view->buffer, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS | (is_written ? PyBUF_WRITABLE : 0)) < 0) {
        if (PyErr_ExceptionMatches(PyExc_BufferError)) {
            PyErr_Clear();
            PyErr_Format(PyExc_ValueError, "%s: not an array in one piece%s", name, is_written ? " that can be written" : "");
        }
        return -1;
    }
    view->is_held = 1;
    if (view->buffer.ndim != dimensions) {
        PyErr_Format(PyExc_ValueError, "%s: %d dimensions, not %d", name, view->buffer.ndim, dimensions);
        return -1;
    }
    format = view->buffer.format ? view->buffer.format : "B";
    if (*format == '@' || *format == '=' || (*format == '<' && IS_LITTLE)) format++;
    if (*format && !format[1] && strchr("bhilqn", *format)) view->sort = SIGNED;
    else if (*format && !format[1] && strchr("BHILQN?", *format)) view->sort = UNSIGNED;
    else {
        PyErr_Format(PyExc_TypeError, "%s: elements of kind '%s' are no integers of this machine", name, view->buffer.format);
        return -1;
    }
    view->width = (unsigned)view->buffer.itemsize;
    if ((uintptr_t)view->buffer.buf % view->width) {
        PyErr_Format(PyExc_ValueError, "%s: not aligned", name);
        return -1;
    }
    view->count = (size_t)view->buffer.shape[0];
    return 0;
}

/* The same for an array whose elements must be of one of some kinds, given as letters: b B h H i I q Q by width and sign. */
static int hold_kind(View *view, PyObject *array, const char *name, int dimensions, int is_written, const char *kinds) {
    const char *letters = "bBhHiIqQ";
    char letter = 0;
    if (hold(view, array, name, dimensions, is_written) < 0) return -1;
    for (unsigned place = 0; place < 8; place++) {
        if (view->width == 1u << (place / 2) && (view->sort == UNSIGNED) == (int)(place % 2)) letter = letters[place];
    }
    if (letter && strchr(kinds, letter)) return 0;
    PyErr_Format(PyExc_TypeError, "%s: integers of %u bytes %s do not fit here", name, view->width,
                 view->sort == SIGNED ? "with a sign" : "without a sign");
    return -1;
}

/* The same for places of entries: truths are none. */
static int hold_places(View *view, PyObject *array) {
    if (hold_kind(view, array, "places", 1, 0, "BHIiq") < 0) return -1;
    if (!view->buffer.format || *view->buffer.format != '?') return 0;
    PyErr_SetString(PyExc_TypeError, "places: truths are no places");
    return -1;
}

/* Whether the array that is written has the right length and kind, and shares nothing with one that is read. */
static int check_out(const View *out, size_t rows, unsigned width) {
    if (out->count != rows) {
        PyErr_Format(PyExc_ValueError, "out: %zu rows, not %zu", out->count, rows);
        return -1;
    }
    if (width && out->width != width) {
        PyErr_Format(PyExc_TypeError, "out: integers of %u bytes, not of %u", out->width, width);
        return -1;
    }
    return 0;
}

static int check_apart(const View *out, const View *view, const char *name) {
    const uintptr_t a = (uintptr_t)out->buffer.buf, b = (uintptr_t)view->buffer.buf;
    if (!view->is_held || a + (size_t)out->buffer.len <= b || b + (size_t)view->buffer.len <= a) return 0;
    PyErr_Format(PyExc_ValueError, "out: shares memory with %s", name);
    return -1;
}

static int count_of(PyObject *number, const char *name, size_t limit, size_t *count) {
    const Py_ssize_t found = PyNumber_AsSsize_t(number, PyExc_ValueError);
    if (found == -1 && PyErr_Occurred()) return -1;
    if (found < 0 || (size_t)found > limit) {
        PyErr_Format(PyExc_ValueError, "%s: %zd is not from 0 to %zu", name, found, limit);
        return -1;
    }
    *count = (size_t)found;
    return 0;
}

/* Which rows count: None, an array of booleans, or (bits, the offset of the first row's). */
static int hold_valid(View *view, Valid *valid, PyObject *given, size_t rows) {
    view->is_held = 0;
    memset(valid, 0, sizeof *valid);
    if (given == Py_None) return 0;
    if (PyTuple_Check(given)) {
        PyObject *bits, *offset;
        if (PyTuple_Size(given) != 2) {
            PyErr_SetString(PyExc_ValueError, "valid: a pair of bits and an offset");
            return -1;
        }
        bits = PyTuple_GetItem(given, 0);
        offset = PyTuple_GetItem(given, 1);
        if (hold_kind(view, bits, "valid", 1, 0, "bB") < 0 || count_of(offset, "offset", PY_SSIZE_T_MAX / 2, &valid->offset) < 0) return -1;
        if (valid->offset + rows > view->count * 8) {
            PyErr_Format(PyExc_ValueError, "valid: %zu bits, not %zu", view->count * 8, valid->offset + rows);
            return -1;
        }
        valid->bits = (const uint8_t *)view->buffer.buf;
        return 0;
    }
    if (hold_kind(view, given, "valid", 1, 0, "B") < 0) return -1;
    if (view->count != rows) {
        PyErr_Format(PyExc_ValueError, "valid: %zu rows, not %zu", view->count, rows);
        return -1;
    }
    valid->bytes = (const uint8_t *)view->buffer.buf;
    return 0;
}

static int check_arguments(const char *name, Py_ssize_t given, Py_ssize_t wanted) {
    if (given == wanted) return 0;
    PyErr_Format(PyExc_TypeError, "%s: %zd arguments, not %zd", name, given, wanted);
    return -1;
}

static PyObject *answer(Fault fault, size_t limit) {
    if (fault.column >= 0) {
        return PyErr_Format(PyExc_ValueError, "column %ld has no code %llu (row %zu): there are %zu", fault.column,
                            (unsigned long long)fault.code, fault.row, limit);
    }
    Py_INCREF(Py_None);
    return Py_None;
}
