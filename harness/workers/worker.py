"""The untrusted side: one process that runs one task and exits.

It runs train.py, so none of its output is trusted: the harness reads a fixed number of bytes from it as numbers. It
never gets a label of a row that it has to score. It is a new interpreter (`worker.py fresh FOLDER`) or forked by the
launcher (`worker.py launch FD HOME`), which has imported the libraries and gets neither data nor train.py.

Covered: state of an earlier fold (the process is new), prints (they go to a log), early exits.
Not covered: the sandbox (harness/sandbox) and the honesty of train.py (harness/checks).
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import os
import shutil
import signal
import socket
import struct
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from harness.workers.jobs import BlockReader

HERE = b"!"  # first message of a worker; the kernel attaches its process id
MAX_FILES = 16  # of one task: job, result, log, and blocks of rows
PROBABILITY, DECISION, FAILURE = b"P", b"D", b"E"  # first byte of an answer: threshold 0.5, threshold 0, or failed
FEATURES_HEADER = struct.Struct("<qq")  # rows, columns
FAMILIES = """calibration cluster decomposition discriminant_analysis ensemble feature_selection gaussian_process
    kernel_approximation mixture model_selection naive_bayes neighbors neural_network random_projection svm tree"""
# every fold needs these and would compile them again
OURS = ("harness.workers.advice", "harness.workers.jobs", "harness.sandbox.policy")
N_FRAMES = 20  # of a traceback in the log, the last ones
PRELOAD = ("lightgbm", "xgboost", "flaml", *(f"sklearn.{family}" for family in FAMILIES.split()), *OURS)
TASK_MODULES = {  # what one task needs beside them, imported before the sandbox is applied
    "describe_sandbox": "harness.sandbox.self_test",
    **dict.fromkeys(("keep_model", "use_model", "list_types"), "harness.workers.modelfile"),
}
TEMPORARY = ("TMPDIR", "TEMP", "TMP", "HOME", "USERPROFILE", "JOBLIB_TEMP_FOLDER", "MPLCONFIGDIR", "XDG_CACHE_HOME")


def run_task(job_fd: int, result_fd: int, log_fd: int, folder: str, reader: BlockReader | None = None) -> None:
    """Read a job, apply the sandbox, run the job, and write the answer to the result file."""
    from harness.workers import jobs

    job = jobs.read(job_fd)
    os.close(job_fd)
    if reader is not None and reader.files:
        job["blocks"] = reader.blocks()
    _redirect(log_fd)
    try:
        _settle(folder, job)
        for piece in TASKS[job["task"]](job):
            _write(result_fd, piece)
    except BaseException as error:
        os.ftruncate(result_fd, 0)
        os.lseek(result_fd, 0, os.SEEK_SET)
        _write(result_fd, FAILURE + _explain(error).encode(errors="replace"))
        with contextlib.suppress(BaseException):
            traceback.print_exception(error, limit=-N_FRAMES)  # for the log of the experiment
    with contextlib.suppress(BaseException):
        sys.stdout.flush()
        sys.stderr.flush()


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _redirect(log_fd: int) -> None:
    """Send all prints to the log, and close standard input."""
    null = os.open(os.devnull, os.O_RDWR)
    for source, target in ((null, 0), (log_fd, 1), (log_fd, 2)):
        os.dup2(source, target)
    os.close(null)
    if log_fd > 2:
        os.close(log_fd)


def _settle(folder: str, job: dict[str, Any]) -> None:
    """Change to the temporary folder, apply the sandbox, and seed the global random generators."""
    os.chdir(folder)  # noqa: TID251 - this process runs nothing else
    os.environ.update(dict.fromkeys(TEMPORARY, folder))
    tempfile.tempdir = folder
    if module := TASK_MODULES.get(job["task"]):
        importlib.import_module(module)
    from harness import sandbox
    from harness.sandbox.policy import KernelLimits, Policy, readable

    if job["guarded"]:
        sandbox.apply(Policy(readable(), folder), KernelLimits(*job["limits"]))
    import random

    import numpy as np

    random.seed(job["seed"])  # noqa: TID251 - as above
    np.random.seed(job["seed"])


def _load(source: str) -> ModuleType:
    """Execute train.py as the module `train`, so that pickles, clones and stored models find its classes."""
    module = ModuleType("train")
    module.__file__ = "train.py"
    sys.modules["train"] = module
    exec(compile(source, "train.py", "exec"), module.__dict__)
    return module


def score(job: dict[str, Any]) -> Iterator[bytes]:
    """Fit on the given rows and score each block of other rows: float64, one row of scores for each row."""
    module = _load(job["source"])
    fit_X, fit_y = job.pop("X"), job.pop("y")
    model = module.build_pipeline()
    model.fit(_features(module, fit_X), fit_y)
    del fit_X, fit_y
    yield from _block_scores(module, model, job)


def featurize(job: dict[str, Any]) -> list[bytes]:
    """Return the features of the rows as float64; text and categories become hashes of their text."""
    import numpy as np

    module = _load(job["source"])
    frame = _as_frame(_features(module, job.pop("X")))
    columns = [_as_numbers(frame.iloc[:, i]) for i in range(frame.shape[1])]
    values = np.column_stack(columns) if columns else np.empty((len(frame), 0))
    return [PROBABILITY + FEATURES_HEADER.pack(*values.shape), np.ascontiguousarray(values, dtype="<f8").tobytes()]


def describe_sandbox(job: dict[str, Any]) -> list[bytes]:
    """Try what the sandbox forbids and return the outcomes."""
    from harness.sandbox.self_test import attempt_all

    return [PROBABILITY, json.dumps(attempt_all(job["targets"])).encode()]


def keep_model(job: dict[str, Any]) -> list[bytes]:
    """Fit on all rows and return the model as bytes, with its scores of some blocks for a later comparison."""
    from harness.workers import modelfile

    module = _load(job["source"])
    model = module.build_pipeline()
    model.fit(_features(module, job["X"]), job["y"])
    kind, *scores = _block_scores(module, model, job)
    return [kind, modelfile.HEADER.pack(sum(map(len, scores))), *scores, modelfile.write(model)]


def use_model(job: dict[str, Any]) -> Iterator[bytes]:
    """Score each block of rows with a stored model; its train.py runs first, since it may define classes."""
    from harness.workers import modelfile

    module = _load(job["source"])
    return _block_scores(module, modelfile.read(job["model"]), job)


def list_types(job: dict[str, Any]) -> list[bytes]:
    """Return the types that a stored model contains; train.py does not run."""
    from harness.workers import modelfile

    return [PROBABILITY, modelfile.types_in(job["model"])]


def _block_scores(module: ModuleType, model: Any, job: dict[str, Any]) -> Iterator[bytes]:
    """Yield the kind of the scores (probabilities if the model has them), then the scores of each block."""
    method = "predict_proba" if hasattr(model, "predict_proba") else "decision_function"
    yield PROBABILITY if method == "predict_proba" else DECISION
    for block in job.pop("blocks"):
        yield _scores(model, method, _features(module, block), job["n_classes"])


def _features(module: ModuleType, X: pd.DataFrame) -> Any:
    features = module.feature_fn(X)
    n_rows = getattr(features, "shape", (None,))[0]
    if n_rows != len(X):
        raise ValueError(f"feature_fn must return the same {len(X)} rows, not {n_rows}")
    return features


def _scores(model: Any, method: str, features: Any, n_classes: int) -> bytes:
    """Return the scores of the positive class, or of each class if there are more than two."""
    import numpy as np

    values = np.asarray(getattr(model, method)(features), dtype="<f8")
    n_rows = features.shape[0]
    wanted = (n_rows,) if method == "decision_function" and n_classes == 2 else (n_rows, n_classes)
    if values.shape != wanted:
        raise ValueError(f"{method} must return scores of shape {wanted}, not {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError("the scores must be finite, not NaN or infinity")
    return np.ascontiguousarray(values[:, 1] if values.ndim == 2 and n_classes == 2 else values).tobytes()


def _as_frame(features: Any) -> pd.DataFrame:
    import pandas as pd

    if hasattr(features, "toarray"):
        features = features.toarray()
    return features if isinstance(features, pd.DataFrame) else pd.DataFrame(features)


def _as_numbers(column: pd.Series[Any]) -> np.ndarray[Any, Any]:
    import numpy as np
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype="float64", na_value=np.nan)
    text = column.astype("object").map(str)
    return (pd.util.hash_array(text.to_numpy(dtype=object)) >> np.uint64(12)).astype("float64")


def _explain(error: BaseException) -> str:
    """Return the exception and the line of train.py that raised it, as one line."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "train.py"]
    line = error.lineno if isinstance(error, SyntaxError) and error.filename == "train.py" else None
    line = line or (frames[-1].lineno if frames else None)
    try:
        text = str(error)
    except BaseException:
        text = "(unprintable)"
    place = f" (train.py:{line})" if line else ""
    explained = f"{type(error).__name__}: {text}"[:2000] + place
    advice = _advise(text)
    return f"{explained.removesuffix('.')}. {advice}" if advice else explained


def _advise(text: str) -> str:
    from harness.workers.advice import advise

    return advise(text)


TASKS: dict[str, Callable[[dict[str, Any]], Iterable[bytes]]] = {
    "score": score,
    "featurize": featurize,
    "describe_sandbox": describe_sandbox,
    "keep_model": keep_model,
    "use_model": use_model,
    "list_types": list_types,
}


def serve_launcher(control: socket.socket, home: str) -> None:
    """Import the libraries once, then fork one worker for each request of the harness, until the harness ends.

    Every worker inherits the memory of this process, so this process must receive nothing of any task. A request is one
    constant byte and one socket, whose other end the harness holds; nothing is read from it before the fork. The worker
    is not a child of this process, which therefore never gets its id, its exit status or its resource usage.
    """
    tempfile.tempdir = home
    try:
        _import_libraries()
        control.send(b"ready")
        _fork_workers(control)
    except BrokenPipeError:
        pass  # the harness ended first
    finally:
        _remove(home)


def _import_libraries() -> None:
    for name in PRELOAD:
        importlib.import_module(name)
    import gc

    from harness import sandbox
    from harness.workers.warmup import warm_up

    warm_up()
    sys.dont_write_bytecode = True  # the imports of train.py leave nothing behind
    sandbox.prepare()
    gc.collect()
    gc.freeze()


def _fork_workers(control: socket.socket) -> None:
    from harness.sandbox.linux import fork_sibling

    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not message:
            return
        if fork_sibling():
            control.close()
            _serve_task(socket.socket(fileno=descriptors[0]))
        os.close(descriptors[0])


def _serve_task(line: socket.socket) -> None:
    """Run as the worker: send the first message, receive one task from the harness, run it, and exit."""
    from harness.workers.jobs import BlockReader

    try:
        _die_with_parent()
        os.setsid()
        line.send(HERE)
        message, descriptors, _, _ = socket.recv_fds(line, 4096, MAX_FILES)
        if message:
            job_fd, result_fd, log_fd, *blocks = descriptors
            run_task(job_fd, result_fd, log_fd, message.decode(), BlockReader(blocks, line.fileno()))
    finally:
        os._exit(0)


def _try_fork(line: socket.socket) -> None:
    """Fork a sibling that sends one message and exits."""
    from harness.sandbox.linux import fork_sibling

    if fork_sibling():
        line.send(HERE)
    os._exit(0)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)  # PR_SET_PDEATHSIG, SIGKILL


def _remove(home: str) -> None:
    """Remove the folders of the folds. The workers of a killed harness may end a moment later, so try again."""
    for _ in range(20):
        shutil.rmtree(home, ignore_errors=True)
        if not os.path.exists(home):  # noqa: PTH110 - a str, as rmtree gets it
            return
        time.sleep(0.05)


def _import_own_harness() -> None:
    """Import the package that contains this file, and nothing else from its parent folder.

    Without sys.path, which could find another installed copy first, or a json.py beside the package.
    """
    folder = Path(__file__).resolve().parents[1]
    spec = importlib.util.spec_from_file_location(
        "harness", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder}: the harness package cannot be imported")
    sys.modules["harness"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["harness"])


def main(mode: str, *arguments: str) -> None:
    """Serve as the launcher, try to fork once, or run the one task in standard input."""
    _import_own_harness()
    if mode == "launch":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        serve_launcher(socket.socket(fileno=int(arguments[0])), arguments[1])
        return
    if mode == "try_fork":
        _try_fork(socket.socket(fileno=int(arguments[0])))
    _die_with_parent()
    run_task(os.dup(0), os.dup(1), 2, arguments[0])
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
