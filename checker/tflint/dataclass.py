"""Frozen dataclasses for what every check imports: `dataclasses` took a quarter of its start-up, with `inspect`.

To type checkers they are those of `dataclasses`. So they are to whoever asks at run time: its `fields`, `replace` and
`asdict` take them. Made here are frozen ones, with fields of their bases, and quicker to fill.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ("dataclass", "field", "fields", "replace")

if TYPE_CHECKING:
    from dataclasses import dataclass, field, fields, replace
else:
    MISSING = object()
    SAID = ("default", "default_factory", "metadata", "repr")

    class field:  # noqa: N801 - as in dataclasses
        """What is said of a field."""

        __slots__ = ("name", "type", *SAID)

        def __init__(self, *, default=MISSING, default_factory=MISSING, metadata=None, repr=True) -> None:  # noqa: A002 - same
            self.default, self.default_factory, self.metadata, self.repr = default, default_factory, metadata, repr

    class _Fields:
        """The `__dataclass_fields__` of a class, made when `dataclasses` first asks for it."""

        def __get__(self, instance, owner):
            import dataclasses  # noqa: PLC0415 - what this module does without

            def real(each):
                said = {name: getattr(each, name) for name in SAID}
                return dataclasses.field(**{name: value for name, value in said.items() if value is not MISSING})

            made = [(each.name, each.type, real(each)) for each in fields(owner)]
            found = dataclasses.make_dataclass(owner.__name__, made, kw_only=True).__dataclass_fields__
            owner.__dataclass_fields__ = found
            return found

    def dataclass(*, frozen, eq=True, slots=False, repr=True, kw_only=False):  # noqa: A002 - as in dataclasses
        """Make a dataclass of the decorated class, whose annotations are text."""
        if not frozen:
            raise TypeError("frozen dataclasses alone: for others there is `dataclasses`")

        def made(cls):
            namespace = {name: value for name, value in vars(cls).items() if name not in ("__dict__", "__weakref__")}
            kinds = cls.__annotations__.items()
            own = tuple(_field(name, kind, namespace) for name, kind in kinds if "ClassVar" not in kind)
            found = (*getattr(cls, "__tflint_fields__", ()), *own)
            namespace |= {"__dataclass_fields__": _Fields(), "__tflint_fields__": found}
            namespace |= {"__setattr__": _frozen, "__delattr__": _frozen}
            if eq:
                namespace |= {"__eq__": _equal, "__hash__": _hash}
            if repr:
                namespace["__repr__"] = _repr
            if not kw_only:
                namespace["__match_args__"] = tuple(each.name for each in found)
            if slots:
                for each in own:
                    namespace.pop(each.name, None)
                namespace |= {"__slots__": tuple(each.name for each in own)}
                namespace |= {"__getstate__": _state, "__setstate__": _restored}
            whole = type(cls)(cls.__name__, cls.__bases__, namespace)
            whole.__qualname__ = cls.__qualname__
            whole.__init__ = _init(whole, found, kw_only=kw_only)
            return whole

        return made

    def fields(of):
        """The fields of a class or an object."""
        return of.__tflint_fields__

    def replace(value, **changes):
        """Another one that differs in these fields."""
        return type(value)(**{each.name: getattr(value, each.name) for each in fields(value)} | changes)

    def _field(name, kind, namespace):
        given = namespace.get(name, MISSING)
        found = given if isinstance(given, field) else field(default=given)
        found.name, found.type = name, kind
        return found

    def _init(cls, found, *, kw_only):
        """The `__init__`: it sets each field by the descriptor of its slot, which a frozen class has open."""
        names = {"_missing": MISSING}
        head, body = ["self", *("*" * kw_only)], []
        for each in found:
            name = each.name
            slot = getattr(cls, name, None)
            names[f"_set_{name}"] = getattr(slot, "__set__", None) or _setter(name)
            if each.default_factory is not MISSING:
                names[f"_new_{name}"] = each.default_factory
                head.append(f"{name}=_missing")
                body.append(f" _set_{name}(self, _new_{name}() if {name} is _missing else {name})")
                continue
            if each.default is not MISSING:
                names[f"_default_{name}"] = each.default
            head.append(name if each.default is MISSING else f"{name}=_default_{name}")
            body.append(f" _set_{name}(self, {name})")
        exec(f"def __init__({', '.join(head)}):\n" + "\n".join(body or [" pass"]), names)  # noqa: S102 - of our own classes
        return names["__init__"]

    def _setter(name):
        return lambda self, value: object.__setattr__(self, name, value)

    def _frozen(_, name, *__):
        from dataclasses import FrozenInstanceError  # noqa: PLC0415 - what this module does without

        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def _equal(self, other):
        if type(other) is not type(self):
            return NotImplemented
        return _state(self) == _state(other)

    def _hash(self):
        return hash(tuple(_state(self)))

    def _repr(self):
        shown = (f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def _state(self):
        return [getattr(self, each.name) for each in fields(self)]

    def _restored(self, state):
        for each, value in zip(fields(self), state, strict=True):
            object.__setattr__(self, each.name, value)
