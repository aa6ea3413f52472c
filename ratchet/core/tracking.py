"""The experiments of a run as other tools log them: rows with the field's names, and the files of trackers. Pure.

Sources: the file store of MLflow (mlruns/EXPERIMENT/RUN with meta.yaml, metrics, params and tags), and the files folder
of a W&B run (config.yaml, wandb-summary.json, wandb-metadata.json) with one line of history for each step.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ratchet.core.config import Config
from ratchet.core.records import Experiment, Verdict, best

FINISHED, FAILED = 3, 4  # the status of a run in MLflow
LOCAL = 4  # the type of its source in MLflow


def log_row(experiment: Experiment, config: Config, tag: str, *, with_audit: bool = False) -> dict[str, Any]:
    """Return an experiment with the names that other tools of the field use in their logs."""
    memory = experiment.peak_memory_mb
    return {
        "n": experiment.n,
        "tag": tag,
        "timestamp": experiment.at,
        "commit": experiment.commit,
        "status": str(experiment.verdict),
        "metric": config.metric.name,
        "direction": str(config.metric.direction),
        "value": experiment.metric,
        "prev": experiment.prev,
        "delta": experiment.delta,
        "memory_gb": None if memory is None else memory / 1000,
        "duration": experiment.wall_time_s,
        "metrics": numbers_of(experiment, config, with_audit=with_audit),
        "description": experiment.hypothesis,
        "reason": experiment.reason,
        "strategy": experiment.strategy,
        "agent": experiment.agent,
    }


def numbers_of(experiment: Experiment, config: Config, *, with_audit: bool = False) -> dict[str, float | None]:
    """Return the numbers of an experiment by name, without those that are hidden during a run."""
    hidden = set() if with_audit else {source.name for source in config.audit}
    return {name: value for name, value in experiment.metrics.items() if name not in hidden}


def mlflow_files(history: Sequence[Experiment], config: Config, tag: str, root: str) -> dict[str, str]:
    """Return the files of an MLflow file store by path: one experiment for the run, one run for each experiment."""
    name = f"{config.name}/{tag}"
    folder = str(int(hashlib.sha256(name.encode()).hexdigest()[:14], 16))
    times = [_milliseconds(old.at) for old in history] or [0]
    meta = {
        "artifact_location": f"{root}/{folder}",
        "creation_time": min(times),
        "experiment_id": folder,
        "last_update_time": max(times),
        "lifecycle_stage": "active",
        "name": name,
    }
    files = {f"{folder}/meta.yaml": _yaml(meta)}
    for old in history:
        files |= _mlflow_run(old, config, tag, folder, f"{root}/{folder}")
    return files


def _mlflow_run(old: Experiment, config: Config, tag: str, folder: str, root: str) -> dict[str, str]:
    run_id = hashlib.sha256(f"{config.name}/{tag}/{old.n}/{old.commit}".encode()).hexdigest()[:32]
    end, place = _milliseconds(old.at), f"{folder}/{run_id}"
    meta = {
        "artifact_uri": f"{root}/{run_id}/artifacts",
        "end_time": end,
        "entry_point_name": "",
        "experiment_id": folder,
        "lifecycle_stage": "active",
        "run_id": run_id,
        "run_name": f"iter {old.n}",
        "run_uuid": run_id,
        "source_name": "",
        "source_type": LOCAL,
        "source_version": old.commit,
        "start_time": end - int(1000 * (old.wall_time_s or 0.0)),
        "status": FINISHED if old.verdict.is_believed else FAILED,
        "tags": [],
        "user_id": old.agent or "ratchet",
    }
    tags = {
        "mlflow.runName": f"iter {old.n}",
        "mlflow.note.content": old.hypothesis,
        "mlflow.source.git.commit": old.commit,
        "status": str(old.verdict),
        "reason": old.reason,
    }
    metrics = {name: f"{end} {value!r} {old.n}\n" for name, value in _measured(old, config).items()}
    params = {"n": str(old.n), "strategy": old.strategy, "agent": old.agent, "run": config.run}
    return {
        f"{place}/meta.yaml": _yaml(meta),
        f"{place}/artifacts/description.txt": f"{old.hypothesis}\n",
        **{f"{place}/metrics/{_safe(name)}": text for name, text in metrics.items()},
        **{f"{place}/params/{name}": text for name, text in params.items() if text},
        **{f"{place}/tags/{name}": text for name, text in tags.items() if text},
    }


def wandb_files(history: Sequence[Experiment], config: Config, tag: str) -> dict[str, str]:
    """Return the files of a W&B run by path: its settings, its summary, and one line of history for each experiment."""
    run_id = hashlib.sha256(f"{config.name}/{tag}".encode()).hexdigest()[:8]
    top = best(history)
    settings = {"run": config.run, "metric": config.metric.name, "direction": str(config.metric.direction), "tag": tag}
    described = {key: {"desc": None, "value": value} for key, value in settings.items()}
    lines = [json.dumps(_step(old, config), ensure_ascii=False) for old in history]
    summary = {
        "_step": history[-1].n if history else 0,
        "best": top.metric if top else None,
        "experiments": sum(old.n > 0 for old in history),
        "kept": sum(old.verdict is Verdict.KEEP for old in history),
    }
    metadata = {"program": config.run, "git": {"commit": top.commit if top else ""}, "startedAt": _first_time(history)}
    place = f"run-{run_id}/files"
    return {
        f"{place}/config.yaml": json.dumps({"wandb_version": 1, **described}, indent=2) + "\n",  # JSON is YAML
        f"{place}/wandb-summary.json": json.dumps(summary) + "\n",
        f"{place}/wandb-metadata.json": json.dumps(metadata) + "\n",
        f"{place}/wandb-history.jsonl": "".join(f"{line}\n" for line in lines),
    }


def _step(old: Experiment, config: Config) -> dict[str, Any]:
    words = {"status": str(old.verdict), "description": old.hypothesis, "commit": old.commit}
    return {"_step": old.n, "_timestamp": _milliseconds(old.at) / 1000, **_measured(old, config), **words}


def _measured(old: Experiment, config: Config) -> dict[str, float]:
    extra = {
        "delta": old.delta,
        "cpu_time_s": old.cpu_time_s,
        "wall_time_s": old.wall_time_s,
        "peak_memory_mb": old.peak_memory_mb,
    }
    return {name: value for name, value in {**extra, **numbers_of(old, config)}.items() if value is not None}


def _first_time(history: Sequence[Experiment]) -> str:
    return history[0].at if history else ""


def _milliseconds(at: str) -> int:
    """Return the milliseconds since 1970 of a time in the journal, 0 if there is none."""
    try:
        return int(1000 * datetime.fromisoformat(at).timestamp())
    except ValueError:
        return 0


def _yaml(values: Mapping[str, object]) -> str:
    return "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())


def _safe(name: str) -> str:
    """Return the name of a number as a file name that trackers accept."""
    return re.sub(r"[^\w.\- ]", "_", name).lstrip(".") or "_"
