"""Mutants of a module: each differs from it in one small way that some test should notice.

Left alone are prose (docstrings, messages, sketches), tables of names, what a rule says of itself in its head,
annotations and imports.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import CodeType

BODIES = {"body", "orelse", "handlers", "finalbody"}
LONGEST = 100  # characters of source that name a mutant, at best
HEAD = {"on", "mandatory", "on_refusal", "options"}  # what is mutated of a rule's head
TOLD = {"related", "severity", "fix"}  # keywords of a hit that are no data for its message

COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.Pow: ast.Mult,
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """`where`: the function; `was` and `now`: source before and after. `code` is the whole module's."""

    where: str
    was: str
    now: str
    code: CodeType

    @property
    def name(self) -> str:
        """What it is listed by: it outlives changes elsewhere in the file."""
        return f"{self.where}: {self.was}  =>  {self.now}"


def mutants(source: str, path: str) -> Iterator[Mutant]:
    """All mutants of a module's source, each under a name of its own."""
    tree = ast.parse(source)
    seen: dict[str, int] = {}
    for site in _sites(tree):
        shown = site.shown()
        was = shown()
        for new in _replacements(site):
            site.put(new)
            now, code = shown(), compile(ast.fix_missing_locations(tree), path, "exec")
            site.put(site.node)
            mutant = Mutant(site.where, was, now, code)
            seen[mutant.name] = again = seen.get(mutant.name, 0) + 1
            yield mutant if again == 1 else Mutant(site.where, f"{was} (#{again})", now, code)


@dataclass(frozen=True, slots=True)
class _Site:
    """A node that can be replaced: `parents` from the module down, with the field and index of each child."""

    node: ast.AST
    parents: tuple[tuple[ast.AST, str, int | None], ...]

    @property
    def where(self) -> str:
        named = (parent for parent, _, _ in self.parents if isinstance(parent, ast.FunctionDef | ast.ClassDef))
        return ".".join(parent.name for parent in named) or "(module)"

    def put(self, node: ast.AST) -> None:
        parent, field, index = self.parents[-1]
        if index is None:
            setattr(parent, field, node)
        else:
            getattr(parent, field)[index] = node

    def shown(self) -> Callable[[], str]:
        """What gives the text of the largest expression or simple statement around it that is short, or its own."""
        parent, field, index = self.parents[-1]
        best = partial(_child, parent, field, index)
        for level in range(len(self.parents) - 1, 0, -1):
            if isinstance(self.parents[level][0], ast.stmt | ast.Module) and self.parents[level][1] in BODIES:
                break
            above = partial(_child, *self.parents[level - 1])
            if len(above()) > LONGEST:
                break
            best = above
        return best


def _child(parent: ast.AST, field: str, index: int | None) -> str:
    held = getattr(parent, field)
    return _unparsed(held if index is None else held[index])


def _unparsed(node: ast.AST) -> str:
    if isinstance(node, ast.If | ast.While):
        return f"{type(node).__name__.lower()} {ast.unparse(node.test)}"
    if isinstance(node, ast.For):
        return f"for {ast.unparse(node.target)} in {ast.unparse(node.iter)}"
    return " ".join(ast.unparse(node).split())


def _sites(tree: ast.Module) -> Iterator[_Site]:
    def walk(node: ast.AST, parents: tuple[tuple[ast.AST, str, int | None], ...]) -> Iterator[_Site]:
        for field, value in ast.iter_fields(node):
            children = value if isinstance(value, list) else [value]
            for index, child in enumerate(children):
                if not isinstance(child, ast.AST) or _left_alone(node, field, child):
                    continue
                here = (*parents, (node, field, index if isinstance(value, list) else None))
                yield _Site(child, here)
                yield from walk(child, here)

    return walk(tree, ())


def _left_alone(parent: ast.AST, field: str, child: ast.AST) -> bool:
    """Nothing in it is mutated."""
    if field in {"annotation", "returns", "keywords"} and not isinstance(child, ast.keyword):
        return True
    if field == "decorator_list":
        return not (isinstance(child, ast.Call) and isinstance(child.func, ast.Name) and child.func.id == "rule")
    if isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name):
        if parent.func.id == "rule":
            return not (isinstance(child, ast.keyword) and child.arg in HEAD)
        if parent.func.id in {"cast", "TypeVar"}:
            return field == "args" and child is parent.args[0]
        if parent.func.id == "hit" and isinstance(child, ast.keyword) and isinstance(child.value, ast.Constant):
            return True  # words for the message
    if isinstance(child, ast.Constant) and child.value == "_":
        return True  # of a pattern: anything
    if isinstance(child, ast.keyword) and child.arg in {"strict", "encoding"}:
        return True  # zip's assertion; UTF-8 is what systems have
    if isinstance(parent, ast.Call) and isinstance(parent.func, ast.Attribute) and parent.func.attr == "decode":
        return True
    if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
        return True
    if isinstance(parent, ast.Module) and isinstance(child, ast.AnnAssign | ast.Assign) and _is_table(child.value):
        return True
    if isinstance(child, ast.Import | ast.ImportFrom | ast.JoinedStr | ast.MatchValue):
        return True
    if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
        return True  # a docstring
    if isinstance(child, ast.Assign) and isinstance(child.targets[0], ast.Name):
        return child.targets[0].id.startswith(("BAD", "GOOD", "__", "INDEX"))
    return (
        isinstance(child, ast.Constant) and isinstance(child.value, str) and (" " in child.value or "\n" in child.value)
    )


def _is_table(node: ast.AST | None) -> bool:
    """It is made of names: facts with their source, and nothing that is computed."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "frozenset" and all(map(_is_table, node.args))
    if isinstance(node, ast.Dict):
        return all(key is not None and _is_table(key) for key in node.keys) and all(map(_is_table, node.values))
    if isinstance(node, ast.Set | ast.Tuple | ast.List):
        return all(map(_is_table, node.elts))
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.BitOr) and _is_table(node.right)
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _replacements(site: _Site) -> Iterator[ast.AST]:
    node, (parent, field, _) = site.node, site.parents[-1]
    if isinstance(node, ast.expr):
        yield from _expressions(node, parent, field)
    elif isinstance(node, ast.stmt):
        yield from _statements(node)


def _expressions(node: ast.expr, parent: ast.AST, field: str) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        for index, op in enumerate(node.ops):
            for other in COMPARED[type(op)]:
                ops = [*node.ops[:index], other(), *node.ops[index + 1 :]]
                yield ast.Compare(node.left, ops, node.comparators)
    elif isinstance(node, ast.BoolOp):
        for index in range(len(node.values)):
            rest = [*node.values[:index], *node.values[index + 1 :]]
            yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield node.operand
    elif isinstance(node, ast.BinOp) and type(node.op) in COMPUTED and not _joins(node):
        yield ast.BinOp(node.left, COMPUTED[type(node.op)](), node.right)
    elif isinstance(node, ast.Constant):
        yield from _constants(node.value)
    elif isinstance(node, ast.Call):
        yield from _calls(node)
    if field in {"test", "ifs"} and not isinstance(node, ast.Compare | ast.BoolOp | ast.UnaryOp):
        yield ast.UnaryOp(ast.Not(), node)
    if field == "ifs" and isinstance(parent, ast.comprehension):
        yield ast.Constant(True)


def _joins(node: ast.BinOp) -> bool:
    """It is a text put together, or a format."""
    return any(isinstance(part, ast.JoinedStr) or _text(part) for part in (node.left, node.right))


def _text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)


def _constants(value: Any) -> Iterator[ast.AST]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
    elif isinstance(value, float):
        yield ast.Constant(value * 2 if value else 1.0)
    elif isinstance(value, str):
        yield ast.Constant(f"{value}~")


def _calls(node: ast.Call) -> Iterator[ast.AST]:
    """The call without one of its keywords."""
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name == "rule":
        return
    for index, keyword in enumerate(node.keywords):
        if keyword.arg in {None, "strict", "encoding"} or (name == "hit" and keyword.arg not in TOLD):
            continue
        yield ast.Call(node.func, node.args, [*node.keywords[:index], *node.keywords[index + 1 :]])


def _statements(node: ast.stmt) -> Iterator[ast.AST]:
    if isinstance(node, ast.Expr | ast.AugAssign | ast.Raise):
        yield ast.Pass()
    elif isinstance(node, ast.Assign) and not all(isinstance(target, ast.Name) for target in node.targets):
        if not any(isinstance(target, ast.Tuple) for target in node.targets):
            yield ast.Pass()
    elif isinstance(node, ast.Continue):
        yield ast.Break()
    elif isinstance(node, ast.Break):
        yield ast.Continue()
    elif isinstance(node, ast.Return):
        if node.value is None:
            yield ast.Pass()
        elif not isinstance(node.value, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.Constant):
            yield ast.Return(ast.Constant(None))
