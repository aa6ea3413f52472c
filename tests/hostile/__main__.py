"""Print a file of this folder with all that it stands for: `uv run python -m tests.hostile [NAME]`."""

from pathlib import Path

from tests.payloads import main

main(Path(__file__).parent)
