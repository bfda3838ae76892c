"""Context functions (DMN 1.5, table 81). Contexts are never changed: each function returns a new one.

Entries are moved unread, so an entry that is unknown passes; a key that is unknown makes the whole unknown.
"""

from zhida.feel.builtins.signature import CONTEXT, Host, Refused, Undetermined, bad_argument, carried, define, required, signature
from zhida.feel.run import MAX_LEVELS, MAX_SIZE
from zhida.values.types import ANY, STRING, Type, list_of
from zhida.values.unknown import Unknown

Context = dict[str, object]
_ENTRY = Type("context", (), (("key", STRING), ("value", ANY)))


def get_value(_host: Host, context: Context, key: str) -> object:
    """Return the entry of a key; null where there is none."""
    return context.get(key)


def get_entries(_host: Host, context: Context) -> tuple[Context, ...]:
    """Return a context of `key` and `value` for each entry."""
    return tuple({"key": key, "value": value} for key, value in context.items())


def context_of_entries(_host: Host, entries: tuple[object, ...]) -> Context:
    """Return the context of a list of `key` and `value`; refuse a key that is no string or that comes twice."""
    result: Context = {}
    for entry in entries:
        if isinstance(entry, Unknown):
            raise Undetermined(entry)
        if not isinstance(entry, dict) or not entry.keys() >= {"key", "value"}:
            raise bad_argument("entries", entry, _ENTRY)
        key = entry["key"]
        if isinstance(key, Unknown):
            raise Undetermined(key)
        if not isinstance(key, str):
            raise bad_argument("entries", entry, _ENTRY)
        if key in result:
            raise Refused("feel-duplicate-key", name=key)
        result[key] = entry["value"]
    return result


def put(_host: Host, context: Context, key: str, value: object) -> Context:
    """Return a context with one entry set; a new one comes last."""
    return context | {key: value}


def put_deep(host: Host, context: object, keys: tuple[str | None, ...], value: object) -> Context:
    """Return a context with the entry at a path of keys set; all but the last must lead to contexts."""
    if isinstance(context, Unknown):
        raise Undetermined(context)
    if not isinstance(context, dict):
        raise bad_argument("context", context, CONTEXT)
    if not keys or keys[0] is None:
        raise bad_argument("keys", keys, list_of(STRING))
    if len(keys) > MAX_LEVELS:
        raise Refused("feel-too-large", limit=MAX_SIZE, levels=MAX_LEVELS)
    key, rest = keys[0], keys[1:]
    return context | {key: put_deep(host, context.get(key), rest, value) if rest else value}


def merge_contexts(_host: Host, contexts: tuple[object, ...]) -> Context:
    """Return one context with the entries of all; of entries with one key the last counts, at the place of the first."""
    result: Context = {}
    for context in contexts:
        if isinstance(context, Unknown):
            raise Undetermined(context)
        if not isinstance(context, dict):
            raise bad_argument("contexts", context, CONTEXT)
        result |= context
    return result


_CONTEXT, _VALUE = carried("context", CONTEXT), carried("value")

FUNCTIONS = (
    define("get value", signature(get_value, ANY, carried("m", CONTEXT), required("key", STRING))),
    define("get entries", signature(get_entries, list_of(_ENTRY), carried("m", CONTEXT))),
    define("context", signature(context_of_entries, CONTEXT, carried("entries", list_of(CONTEXT)))),
    define(
        "context put",
        signature(put, CONTEXT, _CONTEXT, required("key", STRING), _VALUE),
        signature(put_deep, CONTEXT, _CONTEXT, required("keys", list_of(STRING)), _VALUE),
    ),
    define("context merge", signature(merge_contexts, CONTEXT, carried("contexts", list_of(CONTEXT)))),
)
"""The functions of this module."""
