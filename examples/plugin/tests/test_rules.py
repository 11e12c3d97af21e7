"""The pack's rules keep the contracts of tflint's own, and its boards are targets."""

from pathlib import Path

import acme_tflint
import pytest

from tflint.testing import RuleContract, contracts, resolve

CONTRACTS = contracts(acme_tflint, Path(__file__).parent / "rules")


@pytest.mark.parametrize("contract", CONTRACTS, ids=str)
def test_contract(contract: RuleContract) -> None:
    """One thing that one rule is held to."""
    contract()


def test_board() -> None:
    """The board is LiteRT 1.4.0, but for what its firmware leaves out and adds."""
    board = resolve("acme-board")

    assert "CONV_3D" not in board.kernels
    assert board.custom_ops["AcmeBeamSearch"] == (1, 1)
