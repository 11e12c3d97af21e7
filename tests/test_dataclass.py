"""The frozen dataclasses of what every check imports behave as those of `dataclasses`."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from tflint import dataclass as ours
from tflint.config.settings import Settings
from tflint.model.view import Model

if TYPE_CHECKING:
    from types import ModuleType


def point(module: ModuleType, **options: Any) -> Any:
    """The same class, made by either module."""

    class Point:
        """A point."""

        x: int
        y: int = 2
        tags: dict[str, int] = module.field(default_factory=dict, metadata={"doc": "named"})
        secret: str = module.field(default="s", repr=False)

        @property
        def total(self) -> int:
            """Their sum."""
            return self.x + self.y

    Point.__qualname__ = "Point"
    return module.dataclass(frozen=True, eq=False, **options)(Point)


@pytest.mark.parametrize("slots", [True, False])
@pytest.mark.parametrize("kw_only", [True, False])
def test_it_is_made_alike(slots: bool, kw_only: bool) -> None:
    """Defaults, factories, text, patterns, copies, refusals: whichever module made the class."""
    mine, theirs = (point(module, slots=slots, kw_only=kw_only) for module in (ours, dataclasses))
    for Point in (mine, theirs):  # noqa: N806 - a class
        frozen: Any = Point(x=1)
        with pytest.raises(dataclasses.FrozenInstanceError):
            frozen.x = 2
        with pytest.raises(dataclasses.FrozenInstanceError):
            del frozen.x
        one, other = Point(x=1), Point(x=1, y=3, tags={"a": 1})
        assert (one.x, one.y, one.tags, one.secret, one.total) == (1, 2, {}, "s", 3)
        assert one.tags is not Point(x=1).tags
        assert one != Point(x=1)
        assert len({one, Point(x=1)}) == 2
        assert repr(other) == "Point(x=1, y=3, tags={'a': 1})"
        assert getattr(Point, "__match_args__", ()) == (() if kw_only else ("x", "y", "tags", "secret"))
        assert hasattr(one, "__dict__") is not slots
        assert copy.copy(other).tags is other.tags
        assert dataclasses.is_dataclass(one)
        assert dataclasses.replace(other, y=5).total == 6
        assert dataclasses.asdict(other) == {"x": 1, "y": 3, "tags": {"a": 1}, "secret": "s"}
        assert [each.name for each in dataclasses.fields(Point)] == ["x", "y", "tags", "secret"]
        assert dataclasses.fields(Point)[2].metadata == {"doc": "named"}
        with pytest.raises(TypeError, match="missing 1 required"):
            Point()
        with pytest.raises(TypeError, match="unexpected keyword"):
            Point(x=1, z=1)
    assert list(inspect.signature(mine).parameters) == list(inspect.signature(theirs).parameters)
    assert ours.replace(mine(x=1, y=3), x=2).total == 5


def test_what_dataclasses_asks_for_is_made_once() -> None:
    """It takes a millisecond, and baselines ask for each finding of a run."""
    made = point(ours)
    assert dataclasses.fields(made)[0] is dataclasses.fields(made(x=1))[0]


def test_parts_of_a_model_travel() -> None:
    """A frozen class with slots is pickled by its fields, one without by its dictionary."""
    settings = pickle.loads(pickle.dumps(Settings(preview=True)))  # noqa: S301 - made here
    assert settings.preview
    assert settings.fail_on == "warning"
    assert "consumers" in vars(Model)


@pytest.mark.parametrize("module", [ours, dataclasses])
@pytest.mark.parametrize("slots", [True, False])
def test_bases_and_equality(module: Any, slots: bool) -> None:
    """Fields of a base come first; what is of one class and has the same values is equal, and one key."""

    class Nothing:
        kind: ClassVar[str] = "nothing"

    nothing: Any = module.dataclass(frozen=True, slots=slots)(Nothing)
    assert nothing() == nothing()

    class Base(nothing, ABC):  # type: ignore[misc] # made when it runs
        kind = "base"
        x: int

        @abstractmethod
        def total(self) -> int:
            """Their sum."""

    base: Any = module.dataclass(frozen=True, slots=slots)(Base)

    class Point(base):  # type: ignore[misc] # made when it runs
        kind = "point"
        y: int = 2

        def total(self) -> int:
            return int(self.x + self.y)

    class Other(Point):
        pass

    point, other = (module.dataclass(frozen=True, slots=slots)(each) for each in (Point, Other))
    assert [each.name for each in dataclasses.fields(point)] == ["x", "y"]
    assert (point(1).total(), point(1, y=3).total(), point.kind, base.kind) == (3, 4, "point", "base")
    assert point(1) == point(1, 2)
    assert point(1) != point(1, 3)
    assert point(1) != other(1)
    assert len({point(1), point(1, 2), point(2), other(1)}) == 3
    assert dataclasses.replace(point(1), x=5) == point(5)
    assert repr(point(1)).endswith("Point(x=1, y=2)")
    with pytest.raises(TypeError, match="abstract"):
        base(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        point(1).x = 2


def test_what_it_does_not_make_it_refuses() -> None:
    """Classes that may change are those of `dataclasses`."""
    with pytest.raises(TypeError, match="there is `dataclasses`"):
        ours.dataclass(frozen=False)
