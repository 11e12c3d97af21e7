"""RNN and control flow (TFL6xx)."""
