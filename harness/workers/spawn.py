"""Run workers as new interpreters, on systems where a process cannot fork them: about one second for each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile

from harness.workers.launcher import WORKER, Exit, Files, environment, reap, running


class SpawnSlot:
    """A slot whose workers are new interpreters."""

    has_row_blocks = False

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.folder = ""

    def wait_until_ready(self) -> None:
        """Do nothing; every task imports the libraries itself."""

    def start(self, files: Files) -> int:
        """Start the task and return its process id."""
        self.folder = tempfile.mkdtemp(prefix="fold_")
        command = [sys.executable, "-sPB", str(WORKER), "fresh", self.folder]
        self.process = subprocess.Popen(
            command, stdin=files.job, stdout=files.result, stderr=files.log, env=environment()
        )
        return self.process.pid

    def poll(self) -> Exit | None:
        """Return how the task ended; None while it runs."""
        ended = self._ended(running(self.process))
        if ended is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
        return ended

    def kill(self) -> None:
        """Kill the running task."""
        running(self.process).kill()

    def close(self) -> None:
        """Kill the running task, if any, and release the slot."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _ended(self, process: subprocess.Popen[bytes]) -> Exit | None:
        if not hasattr(os, "wait4"):
            status = process.poll()
            return None if status is None else Exit(status, None, None)
        ended = reap(process.pid, os.WNOHANG)
        if ended is not None:
            process.returncode = os.waitstatus_to_exitcode(ended.status)
        return ended
