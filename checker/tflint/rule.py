"""A rule: one documented check, with its examples, as a value."""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast, get_args

from tflint.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tflint.findings import Severity
    from tflint.fixer.edits.edit import Applicability

Scope = Literal["ModelFile", "Model", "Subgraph", "Op", "Tensor", "Target", "Notice"]
Status = Literal["stable", "preview"]
Check = Any  # a generator function of hits; its first parameter's annotation is the scope

CODE = re.compile(r"[A-Z]{2,5}[0-9]{3}")
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
_SCOPES = get_args(Scope)
_GENERATOR = 0x20  # inspect.CO_GENERATOR
_INJECTED = {"model", "options", "contracts", "weights"}


class Example(NamedTuple):
    """A model to flag and the model to have instead, both as sketches, judged against `target`."""

    bad: str
    good: str
    target: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Rule:
    """One check. Its docstring is its page: a sentence, then `##` sections."""

    code: str
    name: str
    severity: Severity
    since: str
    status: Status
    message: str
    docstring: str
    scope: Scope
    on: frozenset[str]
    group: tuple[str, ...] | None
    wants: tuple[str, ...]
    options: Mapping[str, Any]
    reads: Literal["graph", "weights"]
    fix: Applicability | None
    on_refusal: bool
    mandatory: bool
    sketches: tuple[tuple[str, ...], ...]
    check: Check

    def __repr__(self) -> str:
        """Short: each finding has its rule."""
        return f"<Rule {self.code} {self.name}>"

    def __reduce__(self) -> tuple[Callable[[str, str], Rule], tuple[str, str]]:
        """Travel to another process by name: it is an attribute of its module, called as its check."""
        return named, (self.check.__module__, self.check.__name__)

    @property
    def doc(self) -> str:
        """Its page."""
        import inspect  # noqa: PLC0415 - takes as long as reading a model

        return inspect.cleandoc(self.docstring)

    @property
    def examples(self) -> tuple[Example, ...]:
        """Models to flag, each with the one to have instead."""
        import inspect  # noqa: PLC0415 - same

        return tuple(Example(inspect.cleandoc(s[0]), inspect.cleandoc(s[1]), *s[2:]) for s in self.sketches)

    @property
    def summary(self) -> str:
        """The first sentence of its page."""
        return " ".join(self.doc.partition("\n\n")[0].split())

    @property
    def sections(self) -> dict[str, str]:
        """Heading -> text of its page."""
        parts = _SECTION.split(self.doc)
        return {title: text.strip() for title, text in zip(parts[1::2], parts[2::2], strict=True)}

    @property
    def remedy(self) -> str:
        """What to do next: the first sentence of `What to do`."""
        return " ".join(self.sections.get("What to do", "").partition("\n\n")[0].split())

    def arguments(self, options: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        """What its check asks for beside a subject; `given` is all that it may ask for by name, but its options."""
        given = {**given, "options": {**self.options, **options}}
        return {name: given[name] for name in self.wants}


def named(module: str, attribute: str) -> Rule:
    """Import a rule."""
    found: Rule = getattr(importlib.import_module(module), attribute)
    return found


def rule(
    code: str,
    name: str,
    severity: Severity,
    *,
    since: str,
    message: str,
    examples: Iterable[tuple[str, str] | tuple[str, str, str]],
    on: Iterable[str] = (),
    group: Iterable[str] | None = None,
    options: Mapping[str, Any] | None = None,
    status: Status = "stable",
    reads: Literal["graph", "weights"] = "graph",
    fix: Applicability | None = None,
    on_refusal: bool = False,
    mandatory: bool = False,
) -> Callable[[Check], Rule]:
    """Make a rule of the decorated check; its docstring is the rule's page.

    The check is a generator function of hits. Its first parameter is annotated with what it looks at (`ModelFile`,
    `Model`, `Subgraph`, `Op`, `Tensor` or `Target`); it may also ask by name for `model`, `options`, `contracts` (the
    interfaces that the file has to have, mostly none) and `weights` (None without `--deep`). `on` names the ops that an
    `Op` rule looks at, all without it. `group` names the data keys that tell one reason from another: hits that agree
    in them are one finding; all keys without it. `on_refusal` says that a `Target` rule only explains refusals of its
    own code, and is not run, nor imported, where the verdict has none. A rule that `reads` weights can do nothing
    without them and runs under `--deep` only. `fix` says what `tflint fix` can do about its hits at best: those that it
    can mend carry edits. No file can silence a `mandatory` rule, neither configuration nor baseline: flags can.

    Raises ValueError for a bad code, name or signature.
    """
    if not CODE.fullmatch(code) or not NAME.fullmatch(name):
        raise ValueError(f"bad rule id: {code} {name}")

    def wrap(check: Check) -> Rule:
        where = f"{check.__module__}.{check.__qualname__}"
        first, *rest = check.__code__.co_varnames[: check.__code__.co_argcount]
        annotation = check.__annotations__.get(first, "")
        scope = annotation if isinstance(annotation, str) else annotation.__name__
        if scope not in _SCOPES:
            raise ValueError(f"{where}: the first parameter of a check is annotated with one of {', '.join(_SCOPES)}")
        if not set(rest) <= _INJECTED:
            wanted = ", ".join(sorted(_INJECTED))
            raise ValueError(f"{where}: a check may ask for {wanted}, not {', '.join(rest)}")
        if not check.__code__.co_flags & _GENERATOR:
            raise ValueError(f"{where}: a check is a generator function")
        return Rule(
            code=code,
            name=name,
            severity=severity,
            since=since,
            status=status,
            message=message,
            docstring=check.__doc__ or "",
            scope=cast("Scope", scope),
            on=frozenset(on),
            group=None if group is None else tuple(group),
            wants=tuple(rest),
            options=options or {},
            reads=reads,
            fix=fix,
            on_refusal=on_refusal,
            mandatory=mandatory,
            sketches=tuple(examples),
            check=check,
        )

    return wrap
