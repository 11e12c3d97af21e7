"""Models of PyTorch that litert-torch fails on, one function a failure, for `--source failing_torch:NAME`.

Run in the converter's environment, as failing_sources.py is.
"""
# ruff: noqa: PLC0415

from __future__ import annotations

from typing import Any


def torch_model(forward: Any, **samples: Any) -> Any:
    import torch

    class Own(torch.nn.Module):  # type: ignore[misc] # torch is not here
        def forward(self, x: Any) -> Any:
            return forward(x)

    return Own(), samples


def mask() -> Any:
    """A shape that depends on values."""
    import torch

    class Own(torch.nn.Module):  # type: ignore[misc] # torch is not here
        def forward(self, x: Any) -> Any:
            return x[x > 0]

    return Own(), {"x": torch.ones(4)}


def power() -> Any:
    """An operator on a type that it does not take."""
    import torch

    return torch_model(lambda x: torch.pow(x, 3), x=torch.arange(4))


def bessel() -> Any:
    """An operator that litert-torch does not know."""
    import torch

    return torch_model(torch.special.bessel_j0, x=torch.ones(4))


def spectrum() -> Any:
    """Complex numbers."""
    import torch

    return torch_model(lambda x: torch.fft.fft(x).real, x=torch.ones(4))


def branch() -> Any:
    """A branch that depends on values."""
    import torch

    return torch_model(lambda x: x if x.sum() > 0 else -x, x=torch.ones(4))


def no_samples() -> Any:
    """A torch module alone."""
    import torch

    return torch.nn.Linear(4, 4)
