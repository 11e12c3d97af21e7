"""A user's own target in TOML: what it means, and messages that name the line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tflint.errors import TflintError
from tflint.runtimes import toml_profile
from tflint.runtimes.profile import RuntimeProfile, resolve

if TYPE_CHECKING:
    from pathlib import Path


def load(folder: Path, text: str, name: str = "board.toml") -> RuntimeProfile:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return resolve(str(path))


def test_limits_on_a_shipped_profile(tmp_path: Path) -> None:
    profile = load(
        tmp_path,
        """
name = "board"
extends = "litert-1.4.0+no-xnnpack"
custom_ops = ["MyOp"]
removed_ops = ["CONV_3D"]
dtypes = ["int8", "int32"]
io_dtypes = ["int8"]
batch = "fixed"
[budgets]
max_size = 1000000
[kernels]
ADD = [1, 3]
[custom]
Other = [1, 2]
""",
    )
    base = resolve("litert-1.4.0")
    assert (profile.id, profile.family, profile.generation) == ("board", "litert", base.generation)
    assert profile.custom_ops == {**base.custom_ops, "MyOp": (1, 1), "Other": (1, 2)}
    assert profile.kernels == {
        **{op: versions for op, versions in base.kernels.items() if op != "CONV_3D"},
        "ADD": (1, 3),
    }
    assert profile.dtypes == frozenset({"int8", "int32"})
    assert profile.io_dtypes == frozenset({"int8"})
    assert profile.batch == "fixed"
    assert profile.budgets == {"max_size": 1000000}
    assert not profile.xnnpack
    assert profile.provenance["profile"].endswith("board.toml")


def test_a_resolvers_subset(tmp_path: Path) -> None:
    profile = load(tmp_path, 'extends = "tflm"\nops = ["CONV_2D", "SignalRfft"]\ncustom_ops = ["MyOp"]\n')
    assert profile.id == "board"
    assert set(profile.kernels) == {"CONV_2D"}
    assert set(profile.custom_ops) == {"SignalRfft", "MyOp"}
    assert profile.micro


def test_facts_can_be_stated(tmp_path: Path) -> None:
    profile = load(tmp_path, 'extends = "litert"\nflex = true\nxnnpack = false\n')
    assert profile.flex
    assert not profile.xnnpack
    assert not profile.xnnpack_custom_ops


def test_a_profile_extends_another(tmp_path: Path) -> None:
    load(tmp_path, 'extends = "litert-2.1"\nremoved_ops = ["CUMSUM"]\n[budgets]\nmax_ops = 9\n', "base.toml")
    profile = load(tmp_path, 'extends = "base.toml"\n[budgets]\nmax_tensors = 7\n')
    assert "CUMSUM" not in profile.kernels
    assert profile.budgets == {"max_ops": 9, "max_tensors": 7}


def test_the_example_in_the_docs_is_good(tmp_path: Path) -> None:
    lines = (toml_profile.__doc__ or "").splitlines()
    example = "\n".join(line[4:] for line in lines if line.startswith("    "))
    profile = load(tmp_path, example.replace('ops = ["CONV_2D", "ADD"]', ""))
    assert profile.custom_ops["MyOp"] == (1, 2)


ERRORS = {
    "unknown key": ('extends = "litert"\nremovedops = []', 2, "unknown key 'removedops' (did you mean 'removed_ops'?)"),
    "quoted key": ("extends = 'litert'\n\n'dtpyes' = []", 3, "unknown key 'dtpyes' (did you mean 'dtypes'?)"),
    "unknown budget": (
        'extends = "tflm"\n\n[budgets]\nmax_opss = 1',
        4,
        "unknown key 'max_opss' (did you mean 'max_ops'?)",
    ),
    "dotted budget": ('extends = "tflm"\nbudgets.max_opss = 1', 2, "unknown key 'max_opss' (did you mean 'max_ops'?)"),
    "budget kind": ('extends = "tflm"\n[budgets]\nmax_size = "1K"', 3, "budgets.max_size must be a positive integer"),
    "unknown base": ('name = "b"\nextends = "litert-9"', 2, "unknown target 'litert-9'"),
    "unknown op": (
        'extends = "tflm"\nremoved_ops = [\n "ADD",\n "ADDD",\n]',
        4,
        "unknown op 'ADDD' (did you mean 'ADD'?)",
    ),
    "no kernel": (
        'extends = "tflm"\nops = ["CONV_3D"]',
        2,
        "tflm has no kernel for 'CONV_3D' (did you mean 'CONV_2D'?)",
    ),
    "dtype": ('extends = "tflm"\ndtypes = ["int8", "flaot32"]', 2, "unknown dtype 'flaot32' (did you mean 'float32'?)"),
    "batch": ('extends = "tflm"\nbatch = "static"', 2, "batch must be one of 'fixed', 'dynamic', 'one'"),
    "list": ('extends = "tflm"\nops = "ADD"', 2, "ops must be a list of names"),
    "flag": ('extends = "tflm"\nflex = 1', 2, "flex must be true or false"),
    "range": ('extends = "tflm"\n[kernels]\nADD = [3, 1]', 3, "kernels.ADD must be [lowest, highest] version"),
    "range kind": ('extends = "tflm"\n[custom]\n"a.b" = 2', 3, "custom.a.b must be [lowest, highest] version"),
    "kernel name": ('extends = "tflm"\n[kernels]\nADDD = [1, 1]', 3, "unknown op 'ADDD' (did you mean 'ADD'?)"),
    "table": ('extends = "tflm"\nbudgets = 3', 2, "budgets must be a table"),
    "release": ('extends = "tflm"\nrelease = "1.2"', 2, "release must be a list of integers"),
    "name": ('extends = "tflm"\nname = 3', 2, "name must be a string"),
    "syntax": ('extends = "tflm"\nops = [', 2, ""),
    "bare": ('name = "b"', 1, "no `extends`, and no buffer_offset, builtin_options2"),
    "itself": ('name = "b"\nextends = "board.toml"', 2, "board.toml extends itself"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors_name_the_line(tmp_path: Path, case: str) -> None:
    text, line, words = ERRORS[case]
    with pytest.raises(TflintError) as caught:
        load(tmp_path, text)
    assert caught.value.message.startswith(f"{tmp_path / 'board.toml'}:{line}: "), caught.value.message
    assert words in caught.value.message


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe9"')
    with pytest.raises(TflintError, match="not UTF-8"):
        resolve(str(tmp_path / "latin.toml"))
    with pytest.raises(TflintError, match="No such file"):
        resolve(str(tmp_path / "none.toml"))
