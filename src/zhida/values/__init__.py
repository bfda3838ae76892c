"""The value domain: what FEEL computes with.

| FEEL | here |
|---|---|
| number | `decimal.Decimal`, 34 digits (decimal128) |
| string, boolean, null | `str`, `bool`, `None` |
| list, context | `tuple`, `dict` (insertion order; never changed once built) |
| range | `Range` |
| date, time, date and time | `Date`, `Time`, `DateTime` |
| days and time duration, years and months duration | `DaysDuration`, `MonthsDuration` |
| function | `Function` |
| a fact that we have not been told | `Unknown` |

Null is *known to be absent*; `Unknown` is *not told*. The two are never mixed.
"""
