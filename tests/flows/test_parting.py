"""A child of the embedded system that does not end when it is told to."""

import os
import signal
import subprocess
import sys

import psutil

MUTE = """
import os, signal, subprocess, sys, time
from deployments.parting import end_with_parent
signal.signal(signal.SIGTERM, signal.SIG_IGN)
run = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
end_with_parent(within=0.1)
print(os.getpid(), run.pid, flush=True)
time.sleep(600)
"""
PARENT = f"""
import sys, time
from deployments.embedded import start_child
import os
start_child(["-c", {MUTE!r}], os.environ)
time.sleep(600)
"""


def test_a_child_that_waits_for_ever_is_gone_with_its_runs_soon_after_its_parent() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        family = [psutil.Process(int(word)) for word in parent.stdout.readline().split()]
        assert len(family) == 2
        os.kill(parent.pid, signal.SIGKILL)
    _, alive = psutil.wait_procs(family, timeout=240)
    assert not alive
