"""The kernel: columns in, codes out; codes and masks in, rules out. Whoever uses it does not know what runs below.

    values, thresholds ──encode──> codes          one small integer per row
    codes, strides     ──combine─> keys           one integer per row and table
    keys, table        ──look_up─> outcomes       a table of all combinations
    codes, masks       ──match───> masks          one bit per rule; `first` finds the lowest

`numpy_kernel` is what every other implementation is judged by.
"""

from zhida.columnar.kernel.numpy_kernel import combine, encode, first, look_up, match

__all__ = ["combine", "encode", "first", "look_up", "match"]
