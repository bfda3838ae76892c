"""Between terms and values: what is asked of a value, what is known of a subject, and what a model of the terms shows."""

from collections.abc import Iterator
from fractions import Fraction

from zhida.dmn.model import ItemDefinition
from zhida.proof.solver import queries as solver
from zhida.proof.solver.algebra import Sort, Term, below, both, either, opposite, same_number, same_truth, times, whole
from zhida.proof.solver.facts import components_of, scaled
from zhida.proof.solver.replay import other_text
from zhida.proof.solver.scope import Ground
from zhida.proof.solver.terms import Encoder
from zhida.proof.solver.values import Symbol, equal, holds
from zhida.proof.tables.axes import Atom, AtomKind


def lies(encoder: Encoder, symbol: Symbol, atom: Atom) -> Term:
    """Return whether a value lies in an atom."""
    if atom.kind is AtomKind.NULL:
        return symbol.null
    if atom.kind is AtomKind.POINT:
        return holds(equal(symbol, encoder.constant(atom.value)))
    if atom.kind is AtomKind.OTHER:
        if symbol.sort is not Sort.STRING:
            return False
        named = either(*(same_number(symbol.term, encoder.code(text)) for text in atom.excluded))
        return both(opposite(symbol.null), opposite(named))
    if symbol.sort is not encoder.constant(atom.value).sort:
        return False
    above = True if atom.low is None else below(encoder.constant(atom.low).term, symbol.term)
    beneath = True if atom.high is None else below(symbol.term, encoder.constant(atom.high).term)
    return both(opposite(symbol.null), above, beneath)


def as_given(encoder: Encoder, symbol: Symbol, value: object) -> Iterator[Term]:
    """Yield that a symbol has a value."""
    yield symbol.null if value is None else opposite(symbol.null)
    if isinstance(value, tuple):
        elements = list(value)
        for part in symbol.term or ():
            equals = next((place for place, element in enumerate(elements) if element != elements[0]), len(elements))
            taken = equals if part.value.sort is Sort.CONTEXT else min(equals, 1)  # only things stand for several
            yield same_number(part.times, Fraction(taken))
            if taken:
                yield from as_given(encoder, part.value, elements[0])
            elements = elements[taken:]
    elif isinstance(value, dict):
        for name, entry in value.items():
            yield from as_given(encoder, symbol.term[name], entry)
    elif value is not None:
        yield holds(equal(symbol, encoder.constant(value)))


def value_of(encoder: Encoder, symbol: Symbol, model: Term) -> object:
    """Return the value that a term has in a model."""
    if symbol.sort is Sort.NULL or solver.read(model, symbol.null):
        return None
    if symbol.sort is Sort.LIST:
        parts = [(part.value, int(solver.read(model, part.times))) for part in symbol.term or ()]
        return tuple(value_of(encoder, value, model) for value, how_many in parts for _ in range(how_many))
    if symbol.sort is Sort.CONTEXT:
        return {name: value_of(encoder, entry, model) for name, entry in symbol.term.items()}
    return encoder.simple(symbol.sort, solver.read(model, symbol.term))


def read(encoder: Encoder, ground: Ground, model: Term) -> tuple[dict[str, object], bool]:
    """Return the facts of a subject that a model of the terms shows, and whether some number had to be made to fit its scale."""
    reading = _Reading(encoder, model)
    facts = {name: reading.value(fact.symbol, fact.item) for name, fact in ground.facts.items()}
    return facts, reading.misfits


def on_grid(ground: Ground) -> list[Term]:
    """Return that all numbers have no more decimal places than are kept."""
    found = []
    for fact in ground.facts.values():
        if fact.symbol.sort is Sort.NUMBER and fact.item.scale:
            fine = times(Fraction(10) ** fact.item.scale, fact.symbol.term)
            found.append(same_number(fine, whole(fine)))
    return found


def elsewhere(ground: Ground, model: Term) -> Term:
    """Return that some fact is not as a model of the terms has it."""
    found = []
    for fact in ground.facts.values():
        symbol = fact.symbol
        if symbol.sort in {Sort.LIST, Sort.CONTEXT}:
            continue
        was_null, was = solver.read(model, symbol.null), solver.read(model, symbol.term)
        same = same_truth(symbol.term, was) if symbol.sort is Sort.BOOLEAN else same_number(symbol.term, was)
        found.append(symbol.null if was_null else both(opposite(symbol.null), same))
    return opposite(both(*found))


class _Reading:
    """Facts read from a model of the terms."""

    def __init__(self, encoder: Encoder, model: Term) -> None:
        self.encoder = encoder
        self.model = model
        self.misfits = False

    def value(self, symbol: Symbol, item: ItemDefinition) -> object:
        """Return the value of a fact."""
        if solver.read(self.model, symbol.null):
            return None
        if symbol.sort is Sort.LIST:
            return self.elements(symbol, item)
        if symbol.sort is Sort.CONTEXT:
            return {entry.name: self.value(symbol.term[entry.name], entry) for entry in components_of(item)}
        term = solver.read(self.model, symbol.term)
        if symbol.sort is Sort.NUMBER:
            number = scaled(Fraction(term), item.scale)
            self.misfits = self.misfits or Fraction(number) != term
            return number
        if symbol.sort is Sort.STRING:
            return self.text(Fraction(term), item)
        return self.encoder.simple(symbol.sort, term)

    def elements(self, symbol: Symbol, item: ItemDefinition) -> tuple[object, ...]:
        """Return the elements of a list."""
        if symbol.term is None:
            return ()
        element_type = item.type.arguments[0] if item.type.arguments else item.type
        element = item if components_of(item) else ItemDefinition(item.name, element_type, scale=item.scale)
        found: list[object] = []
        for part in symbol.term:
            how_many = int(solver.read(self.model, part.times))
            found += [self.value(part.value, element)] * how_many
        return tuple(found)

    def text(self, code: Fraction, item: ItemDefinition) -> str:
        """Return the string of a number; one that nobody named where it is no string's."""
        if 0 < code < len(self.encoder.texts):
            return self.encoder.text(code)
        beginnings = item.allowed_beginnings or ()
        unnamed = (text for text in beginnings if not any(known.startswith(text) for known in self.encoder.texts))
        return next(unnamed, "") or other_text(item)
