"""The built-in agent: a researcher without a language model that writes real edits of train.py."""

from researcher.proposal import Suggestion, propose

__all__ = ["Suggestion", "propose"]
