"""What a run is told: each key once, with its kind and its documentation.

Parsing, the JSON Schema, `tflint config` and the reference of the documentation are derived from these fields.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from tflint.config.kinds import (
    FUNCTION,
    Choice,
    Day,
    File,
    Flag,
    Kind,
    List,
    Number,
    OpenTable,
    Pattern,
    Record,
    Selector,
    Table,
    TableOrFile,
    Text,
)
from tflint.config.place import Origin
from tflint.config.requirement import PATTERN
from tflint.config.size import Size
from tflint.dataclass import dataclass, field, fields
from tflint.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from tflint.findings import Threshold
    from tflint.patterns import Glob

LEVELS = tuple(severity.value for severity in Severity)
SELECTORS = List(Selector(), "a list of rules: codes, prefixes of codes, names, ALL")
PATTERNS = List(Pattern(), "a list of globs")
DEFAULT = Origin("default")


class Suppression:
    """A finding that somebody chose to live with, and why. `where` and `expires` may be left out."""

    __slots__ = ("expires", "origin", "path", "reason", "rule", "where")

    def __init__(
        self,
        *,
        path: Glob,
        rule: str,
        reason: str,
        where: str | None = None,
        expires: date | None = None,
        origin: Origin = DEFAULT,
    ) -> None:
        self.path, self.rule, self.where, self.reason = path, rule, where, reason
        self.expires, self.origin = expires, origin


SUPPRESSION = Record(
    {
        "path": Pattern(),
        "rule": Selector(),
        "where": Text("text: a glob for the place of a finding"),
        "reason": Text("text: why it is all right", pattern=r"\S"),
        "expires": Day(),
    },
    required=("path", "rule", "reason"),
    make=Suppression,
    docs={
        "path": "The models it is about.",
        "rule": "The rule or rules that it silences.",
        "where": "The place in the model, such as `op:*/Softmax`; without it the whole model.",
        "reason": "Why the finding is all right. Required: who reads it next was not there.",
        "expires": "The last day it holds (YYYY-MM-DD).",
    },
)
GATE = Record(
    {
        "metric": Text("text such as 'cosine:0.999'"),
        "output": Text("text: the name of an output"),
        "reason": Text("text: why it is right"),
    },
    required=("metric", "reason"),
)
PARITY = Record(
    {
        "inputs": File(),
        "inputs-from": Text("text such as 'module:function'", FUNCTION),
        "samples": Number(whole=True),
        "seed": Number(whole=True),
        "ranges": Table(
            Text("the name of an input"),
            List(Number(whole=False), "a list of the least and the largest value"),
            "a table of inputs and [least, largest] values",
        ),
        "metrics": List(GATE, "an array of tables"),
    },
    docs={
        "inputs": "Recorded samples: a `.npz`, a folder of them, or a `.jsonl`.",
        "inputs-from": "A Python function that gives samples.",
        "samples": "How many random samples, where none are recorded.",
        "seed": "The seed of random samples.",
        "ranges": "The least and the largest value of random inputs.",
        "metrics": "Gates in place of those of the quantization scheme: `metric` as `tflint verify --metric` has it, "
        "the `output` that it is for (without it all), and the `reason` why it is right.",
    },
)
MODEL = Record(
    {
        "source": File("a path, or module:function", only=f"^(?!{FUNCTION})"),
        "recipe": File(),
        "contract": TableOrFile(),
        "parity": PARITY,
    },
    docs={
        "source": "What the model was converted from: `tflint fix` converts it again from this.",
        "recipe": "The recipe that converts it: `tflint fix` does as it says.",
        "contract": "The interface that it must keep: a table, or the path of a TOML file.",
        "parity": "How `tflint verify` proves that it answers as its source does.",
    },
)


def key(kind: Kind, default: Any, doc: str, example: str, *, run: bool = False, adds: bool = False) -> Any:
    """Give a field of Settings.

    `run`: of the run as a whole, and not of each model. `adds`: what a nearer layer sets is added to what a farther
    one set, and does not replace it.
    """
    meta = {"kind": kind, "doc": doc, "example": example, "run": run, "adds": adds}
    return field(default_factory=dict, metadata=meta) if default == {} else field(default=default, metadata=meta)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Settings:
    """What a run is told of a model (and, in the keys marked `run`, of itself). Paths in it are absolute."""

    target: tuple[str, ...] = key(
        List(File("a target", only=r"\.toml$"), "a list of targets"),
        (),
        "Runtimes to judge models against: ids of `tflint target list`, parts of them, or paths of TOML profiles. "
        "Without one, the newest LiteRT is assumed, and reports say so.",
        'target = ["litert-2.1", "targets/board.toml"]',
    )
    select: tuple[str, ...] = key(
        SELECTORS,
        ("TFL",),
        "Rules that run: codes, prefixes of codes, names, or ALL. The longest prefix that fits a rule decides, and "
        "`ignore` wins over `select` of the same length. Where a nearer layer sets `select`, the `ignore` and "
        "`extend-select` of those behind it are forgotten.",
        'select = ["TFL2", "TFL3"]',
    )
    ignore: tuple[str, ...] = key(
        SELECTORS,
        (),
        "Rules that do not run. No file can ignore a mandatory rule: that takes `--ignore`.",
        'ignore = ["TFL108"]',
        adds=True,
    )
    extend_select: tuple[str, ...] = key(
        SELECTORS,
        (),
        "Rules that run beside those of `select`.",
        'extend-select = ["TFL404"]',
        adds=True,
    )
    preview: bool = key(
        Flag(),
        False,
        "Run preview rules that are selected by prefix. One that is selected by its whole code or name runs anyway.",
        "preview = true",
    )
    deep: bool = key(Flag(), False, "Run the rules that read weights too.", "deep = true")
    severity: Mapping[str, str] = key(
        Table(Selector(), Choice(LEVELS), "a table of rules and severities"),
        {},
        "Severities of rules, in place of their own. The longest prefix that fits a rule decides. No file can lower "
        "an error of a mandatory rule.",
        '[tool.tflint.severity]\nTFL203 = "error"',
    )
    rules: Mapping[str, Mapping[str, Any]] = key(
        Table(Selector(), OpenTable(), "a table of rules and their options", ref="options"),
        {},
        "Options of rules, by code or name; a rule's page says which it has.",
        "[tool.tflint.rules.TFL108]\nmax-outputs = 12",
    )
    per_file_ignores: Mapping[Glob, tuple[str, ...]] = key(
        Table(Pattern(), SELECTORS, "a table of globs and rules"),
        {},
        "Rules whose findings are suppressed in models that a glob matches. They are kept in reports as such; those "
        "of mandatory rules are not suppressed.",
        '[tool.tflint.per-file-ignores]\n"models/legacy/*.tflite" = ["TFL5"]',
    )
    suppress: tuple[Suppression, ...] = key(
        List(SUPPRESSION, "an array of tables"),
        (),
        "Findings to live with, each with the reason.",
        '[[tool.tflint.suppress]]\npath = "models/asr.tflite"\nrule = "TFL516"\nwhere = "op:*/Softmax"\n'
        'reason = "measured: no loss on our data"\nexpires = 2027-01-31',
        adds=True,
    )
    models: Mapping[Glob, Mapping[str, Any]] = key(
        Table(Pattern(), MODEL, "a table of paths and tables"),
        {},
        "What is known of a model: where it came from and what it must keep.",
        '[tool.tflint.models."models/asr.tflite"]\nrecipe = "recipes/asr.json"',
    )
    exclude: tuple[Glob, ...] = key(
        PATTERNS,
        (),
        "Models and folders that are left out of a search. Files named on the command line are checked all the same, "
        "unless under `--force-exclude`.",
        'exclude = ["models/legacy", "*-draft.tflite"]',
    )
    extend_exclude: tuple[Glob, ...] = key(
        PATTERNS,
        (),
        "Models and folders to leave out beside those of `exclude`, for a configuration that extends another.",
        'extend-exclude = ["third_party"]',
        adds=True,
    )
    max_file_size: int | None = key(
        Size(),
        None,
        "The largest model that is read: a larger one is an error (TFL001), and nothing of it is looked at. "
        "`--max-file-size` wins over files, which can neither raise nor lower what it says.",
        'max-file-size = "500MB"',
    )
    extend: str | None = key(
        File("the path of a TOML file"),
        None,
        "A configuration to start from. Its values hold where this file sets none: lists are replaced (`ignore`, "
        "`suppress` and `extend-...` are added to), tables are merged key by key.",
        'extend = "../tflint.toml"',
    )
    required_version: str | None = key(
        Text("version specifiers such as '>=0.1,<1'", PATTERN),
        None,
        "Versions of tflint that may read this file: release numbers compared as PEP 440 has it, "
        "without regard to pre-releases.",
        'required-version = ">=0.1,<1"',
    )
    fail_on: str = key(
        Choice((*LEVELS, "none")),
        "warning",
        "The least severity that fails the run. Errors of mandatory rules fail it whatever a file says: that takes "
        "`--fail-on none`.",
        'fail-on = "error"',
        run=True,
    )
    baseline: str | None = key(
        File("the path of a JSON file"),
        None,
        "A file of findings that were there before, made by `tflint check --write-baseline`.",
        'baseline = "tflint-baseline.json"',
        run=True,
    )
    source: str = ""  # the file they were read from, "" for none
    origins: Mapping[str, Origin] = field(default_factory=dict)  # key path -> where it was set

    @property
    def threshold(self) -> Threshold:
        """Findings at or above it fail the run; None: nothing does. No file has errors of mandatory rules pass."""
        if self.fail_on == "none":
            return "mandatory" if self.origin("fail-on").file else None
        return Severity(self.fail_on)

    def origin(self, key: str, item: object = None) -> Origin:
        """Where a key, an item of a list that adds up, or a key of a table was set."""
        return self.origins.get(key if item is None else f"{key}.{item}", DEFAULT)

    def inputs(self, path: str | os.PathLike[str]) -> Iterator[str]:
        """Files that say something of a model beside itself, there or not: when one changes, so may the findings."""
        where = os.path.abspath(path)
        yield f"{where}.toml"
        yield from (self.source,) if self.source else ()
        yield from (os.path.abspath(origin.name) for origin in set(self.origins.values()) if origin.file)
        yield from (target for target in self.target if target.endswith(".toml"))
        yield from (self.baseline,) if self.baseline else ()
        facts = (known for glob, known in self.models.items() if glob.matches(where))
        yield from (known["contract"] for known in facts if isinstance(known.get("contract"), str))

    def excludes(self, path: str) -> bool:
        """Whether an absolute path is to be left out."""
        return any(glob.matches(path) for glob in (*self.exclude, *self.extend_exclude))


KEYS = {each.name.replace("_", "-"): each for each in fields(Settings) if each.metadata}
TABLE = Record({name: each.metadata["kind"] for name, each in KEYS.items()})
