"""`tflint rule --new CODE NAME`: the files of a rule that keeps its contracts as it stands, to be made one's own.

The pack is found by its pyproject.toml, ours and other people's alike: the entry point `tflint.rules` names the
package, and the package lies in the project's folder or in one of its folders.
"""

from __future__ import annotations

import keyword
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tflint.entry_points import OWN
from tflint.errors import TflintError
from tflint.registry import GROUP, RESERVED, catalogue
from tflint.report import write
from tflint.rule import CODE, NAME
from tflint.testing import names_a_remedy
from tflint.toml import read_toml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

RULE = '''"""{code}: say in a few words what it looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Op, Severity, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

BAD = """
x: float32[1,4]
y: float32[1,4] = ABS(x)
"""
GOOD = """
x: float32[1,4]
y: float32[1,4] = NEG(x)
"""


@rule(
    "{code}",
    "{name}",
    Severity.WARNING,
    since="{since}",
    status="preview",
    on={{"ABS"}},
    message="{{op}} makes {{elements}} elements, and that is too many",
    examples=[(BAD, GOOD)],
)
def {function}(op: Op) -> Iterator[Hit]:
    """Say in one sentence what is wrong.

    ## Why is this bad?
    Say what happens to whom, and quote the message that users meet.

    ## What to do
    Say what to change where the model is made.
    """
    for tensor in op.outputs:
        if tensor is not None:
            yield hit(op, op=op.name, elements=tensor.elements)
'''
PAGE = """# {name}

What is flagged:

```tflint
x: float32[1,4]
y: float32[1,4] = ABS(x)  # {code}
```

What looks like it and is not:

```tflint
x: float32[1,4]
y: float32[1,4] = NEG(x)
```
"""
FRAGMENT = "{code} {name}: say in a sentence what it finds.\n"
_RULE = re.compile(r'@rule\(\s*"([A-Z]{2,5}[0-9]{3})",\s*"([a-z0-9-]+)"')


@dataclass(frozen=True, slots=True)
class Pack:
    """A project that brings rules."""

    folder: Path
    package: Path
    project: dict[str, Any]

    @property
    def rules(self) -> Iterator[tuple[str, str, Path]]:
        """(code, name, file) of each rule, read and not imported."""
        for path in sorted(self.package.rglob("*.py")):
            for code, name in _RULE.findall(path.read_text(encoding="utf-8")):
                yield code, name, path


def new_rule_command(arguments: Sequence[str], family: str | None, folder: Path) -> None:
    """Write the files and say what comes next. Raises TflintError when it cannot be done; then nothing is written."""
    if len(arguments) != 2:
        raise TflintError("write `tflint rule --new CODE NAME`, such as --new ACM101 slow-activation")
    code, name = arguments
    pack = _pack(folder)
    _check(code, name, pack)
    home = pack.package / _family(code, family, pack)
    function = name.replace("-", "_")
    words = {"code": code, "name": name, "function": function, "since": pack.project.get("version", "0.1.0")}
    files = {home / f"{function}.py": RULE, folder / "tests" / "rules" / f"{code}.md": PAGE}
    if (folder / "changelog.d").is_dir():
        files[folder / "changelog.d" / f"{code}.added.md"] = FRAGMENT
    if not (home / "__init__.py").exists():
        files[home / "__init__.py"] = f'"""Rules about {home.name.replace("_", " ")}."""\n'
    for path in files:
        if path.exists():
            raise TflintError(f"{path} is there already")
    for path, text in files.items():
        write(path, text.format(**words))
        sys.stdout.write(f"{path}\n")
    indexed = (folder / "scripts" / "generate_index.py").exists()
    steps = ["make them yours", *(["run `python scripts/generate_index.py`"] if indexed else []), "run the tests"]
    sys.stdout.write(f"The rule keeps its contracts as it stands. Next: {', '.join(steps)}.\n")


def _pack(folder: Path) -> Pack:
    source = folder / "pyproject.toml"
    if not source.exists():
        raise TflintError(f"no pyproject.toml in {folder}: name the folder of a pack by --pack")
    project = read_toml(str(source)).get("project", {})
    modules = list(project.get("entry-points", {}).get(GROUP, {}).values())
    if len(modules) != 1:
        raise TflintError(f'{source}: a pack has one entry point under [project.entry-points."{GROUP}"]')
    inside = Path(*modules[0].split("."))
    for root in (folder, *sorted(path for path in folder.iterdir() if path.is_dir())):
        if (root / inside / "__init__.py").is_file():
            return Pack(folder, root / inside, project)
    raise TflintError(f"{source}: there is no package {modules[0]!r} in {folder} or one of its folders")


def _check(code: str, name: str, pack: Pack) -> None:
    if not CODE.fullmatch(code):
        raise TflintError(f"{code!r} is no code: two to five capitals and three digits")
    own = pack.project.get("name") == OWN
    if own != code.startswith(RESERVED):
        raise TflintError(f"{code}: codes of tflint's own rules begin with {RESERVED}, and no others do")
    function = name.replace("-", "_")
    if not NAME.fullmatch(name) or not function.isidentifier() or keyword.iskeyword(function):
        raise TflintError(f"{name!r} is no name: words in lower case with hyphens, the first beginning with a letter")
    if names_a_remedy(name):
        raise TflintError(f'{name!r} names a remedy; name the flaw ("allow ___")')
    taken = {code: name for code, name, _ in pack.rules} | {e.code: e.name for e in catalogue().values()}
    if code in taken:
        raise TflintError(f"{code} is {taken[code]!r}")
    if name in taken.values():
        raise TflintError(f"{name!r} is the name of another rule")


def _family(code: str, family: str | None, pack: Pack) -> str:
    """The folder within the package: the one given, or the one where the codes with the same hundreds are."""
    if family is not None:
        if not family.isidentifier():
            raise TflintError(f"--family {family!r}: a folder's name, such as custom_ops")
        return family
    homes = [(other, path.parent.relative_to(pack.package).as_posix()) for other, _, path in pack.rules]
    near = sorted({home for other, home in homes if other[:-2] == code[:-2]} or {home for _, home in homes} or {"."})
    if len(near) > 1:
        raise TflintError(f"{code}: name its family by --family, one of {', '.join(near)}, or a new one")
    return near[0]
