"""Export a model: refit a train.py on all rows, and write a folder with the model, its card and its receipt.

The folder is written under a temporary name and renamed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.analyses.base import Answer, Request, path_of
from harness.analyses.model_card import render
from harness.analyses.refit import Model, refit
from harness.checks import CHECKS, CheckResult
from harness.data.config import card_text
from harness.data.table import Table
from harness.errors import UserError
from harness.evaluate import Result, read_file
from harness.harness import PACKAGES, Harness
from harness.problem import Problem
from harness.stats import auc, delong_interval, noise_floor, val_auc_se

MODEL, SOURCE, TABLE, CARD, RECEIPT = "model.skops", "train.py", "dataset.toml", "MODEL_CARD.md", "receipt.json"
MAX_CATEGORIES = 100  # a column with more is likely free text or names, which do not belong in a receipt


def export(harness: Harness, request: Request) -> Answer:
    """Evaluate a train.py, refit it on all rows, and write the export.

    The request holds `file`, `folder`, `tag`, `n`, `commit`, `at`, `use`, and from the journal `n_tries`, `delta_ses`,
    `baseline`, `conclusion`, `upto`, `sealed`. With `force` an existing export is replaced.
    """
    folder = path_of(request, "folder")
    check_place(folder, is_forced=bool(request.get("force")))
    source = read_file(path_of(request, "file"))
    workers = harness.workers()
    measured = harness.evaluate(source)
    if not measured.is_ok:
        raise UserError(
            f"train.py: the evaluation ended with {measured.status} ({measured.reason}). Export another experiment."
        )
    model = refit(workers, source)
    facts = gather_facts(harness, request, measured, model)
    files = {
        MODEL: model.data,
        SOURCE: source.text.encode(),
        TABLE: card_text(harness.table.card).encode(),
        CARD: render(facts).encode(),
    }
    receipt = make_receipt(harness, request, model, files)
    write_folder(folder, {**files, RECEIPT: json.dumps(receipt, indent=2, ensure_ascii=False).encode() + b"\n"})
    fields = {"val_auc": facts["val_auc"], "test_auc": facts["test_auc"], "n_rows": model.n_rows, "cpu_s": model.cpu_s}
    kept = {key: receipt[key] for key in ("tag", "experiment", "commit", "is_committee", "fingerprint", "files")}
    return {"folder": str(folder), **fields, **kept, "n_bytes": len(model.data), "types": list(model.types)}


def check_place(folder: Path, *, is_forced: bool) -> None:
    """Raise UserError if the folder exists, unless it is an export that may be replaced."""
    if not folder.exists() and not folder.is_symlink():
        return
    if not is_forced:
        raise UserError(f"{folder}: the folder exists. Replace an export with --force, or choose another folder.")
    if folder.is_symlink() or not (folder / RECEIPT).is_file():
        raise UserError(f"{folder}: this is no export, so --force does not replace it. Choose another folder.")


def gather_facts(harness: Harness, request: Request, measured: Result, model: Model) -> dict[str, Any]:
    """Return the facts of the model card: None if not measured, `test` also None if the test set is sealed."""
    problem, is_sealed = harness.workers().problem, bool(request.get("sealed"))
    y, scores = problem.y[problem.test], None if is_sealed else measured.test_scores
    n_tries, findings = int(request.get("n_tries") or 0), dict(measured.findings)
    return {
        **{name: request.get(name) for name in ("n", "baseline", "conclusion", "upto")},
        **{name: str(request.get(name) or "") for name in ("tag", "commit", "at")},
        "hypothesis": measured.source.hypothesis or "",
        "use": str(request.get("use") or "uv run ratchet predict FILE.csv"),
        "is_committee": bool(request.get("is_committee")),
        "is_sealed": is_sealed,
        "table": _table_facts(harness.table, problem),
        "val_auc": measured.val_auc,
        "val_auc_se": val_auc_se(*problem.out_of_fold(measured.scores)),
        "fold_aucs": measured.fold_aucs,
        "test_auc": None if scores is None else auc(y, scores),
        "test": None if scores is None else delong_interval(y, scores),
        "n_test": len(y),
        "n_tries": n_tries,
        "noise": noise_floor(request.get("delta_ses") or [], n_tries),
        "leaks": [(check.NAME, _leak_fact(findings.get(check.NAME))) for check in CHECKS],
        "sandbox": harness.sandbox,
        "fingerprint": harness.fingerprint,
        "versions": versions(harness.parts),
        "types": model.types,
        "is_probability": model.is_probability,
    }


def versions(parts: Mapping[str, str]) -> dict[str, str]:
    """Return the parts of the fingerprint that loading a model depends on: Python and the packages."""
    return {name: parts[name] for name in ("python", *PACKAGES) if name in parts}


def make_receipt(harness: Harness, request: Request, model: Model, files: Mapping[str, bytes]) -> Mapping[str, Any]:
    """Return the hashes of the files, and what prediction needs besides them."""
    known = harness.table.features.categories
    return {
        "at": request.get("at"),
        "tag": request.get("tag"),
        "experiment": request.get("n"),
        "commit": request.get("commit"),
        "is_committee": bool(request.get("is_committee")),
        "fingerprint": harness.fingerprint,
        "parts": dict(harness.parts),
        "classes": list(harness.table.classes),
        "score": "probability" if model.is_probability else "decision",
        "n_rows": model.n_rows,
        "categories": {name: list(texts) for name, texts in known.items() if len(texts) <= MAX_CATEGORIES},
        "types": list(model.types),
        "files": {name: digest(data) for name, data in files.items()},
    }


def digest(data: bytes) -> str:
    """Return the sha256 of a file's bytes."""
    return hashlib.sha256(data).hexdigest()


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write all files to `folder` or none; an existing export is replaced. Raises UserError."""
    part, old = (folder.with_name(f".{folder.name}.{word}-{os.getpid()}") for word in ("part", "old"))
    try:
        part.mkdir(parents=True)
        for name, data in files.items():
            with (part / name).open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        if folder.exists():
            folder.rename(old)
        part.rename(folder)
    except OSError as error:
        if old.exists() and not folder.exists():
            old.rename(folder)
        raise UserError(f"{folder}: the folder cannot be written ({error.strerror}). Choose another with -o.") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _table_facts(table: Table, problem: Problem) -> dict[str, str]:
    card = table.card
    counts = [f"{name}: {int((table.y == place).sum())} rows" for place, name in enumerate(table.classes)]
    named = [("drop", ", ".join(card.drop)), ("group", card.group), ("time", card.time)]
    return {
        "name": card.name,
        "source": f"{card.source}, sha256 {card.sha256}",
        "target": f"{card.target} ({'; '.join(counts)})"
        + (f", positive: {table.classes[1]}" * (problem.n_classes == 2)),
        "rows": f"{len(table.y)}: {len(problem.train)} training rows and {len(problem.test)} held-out rows",
        "columns": ", ".join(f"{name} ({card.kinds[name]})" for name in card.features),
        **{name: text for name, text in named if text},
    }


def _leak_fact(finding: CheckResult | None) -> str:
    return "not run" if finding is None else f"{'ok' if finding.passed else 'LOOK'}: {finding.evidence}"
