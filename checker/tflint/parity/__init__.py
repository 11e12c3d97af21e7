"""Parity: two models are given the same samples, and their answers are judged."""
