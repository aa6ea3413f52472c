"""A server that measures the toy project and answers studies with what a test wrote down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SERVER = """import json, pathlib, sys
FOLDER = pathlib.Path({folder!r})
answers = json.loads((FOLDER / "answers.json").read_text())
print(json.dumps({{"ready": True, "parts": {{"libraries": "one"}}, "asks": list(answers)}}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    (FOLDER / "requests").open("a").write(line)
    if "ask" in request:
        print(json.dumps({{"progress": "half way"}}), flush=True)
        answer = answers[request["ask"]]
        print(json.dumps({{"error": answer}} if isinstance(answer, str) else {{"answer": answer}}), flush=True)
        continue
    names = {{}}
    exec(pathlib.Path(request["file"]).read_text(), names)
    out = f"hypothesis: {{names['HYPOTHESIS']}}\\nscore: {{names['SCORE']}}\\ntest_score: 0.777\\ntest_other: 0.777\\n"
    print(json.dumps({{"exit": 0, "stdout": out + "status: ok\\n", "extra": {{"delta_se": 0.05}}}}), flush=True)
"""


class Asked:
    """What the server answers, and what it was asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.say()

    def say(self, **answers: Any) -> None:
        (self.folder / "answers.json").write_text(json.dumps(answers))

    def requests(self, name: str = "") -> list[dict[str, Any]]:
        path = self.folder / "requests"
        lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return [line for line in lines if line.get("ask", "") == name]


def serve(project: Any, folder: Path, *keys: str) -> Asked:
    """Have the project measured by the server, with more keys in its config."""
    folder.mkdir()
    project.write("server.py", SERVER.format(folder=str(folder)))
    project.configure("\n".join(['serve = "python server.py"', *keys]))
    return Asked(folder)
