"""The built-in agent: a researcher without a language model that writes real edits of train.py."""

from researcher.proposal import Proposal, propose

__all__ = ["Proposal", "propose"]
