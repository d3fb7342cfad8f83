"""The day's job over 10,000 and 100,000 commitments beside the floor, in pairs: `python benchmarks/day.py [SIZE …]`

Prints whole-process wall and CPU seconds, the largest memory, and the ratios (medians of pairs). The mail server is a
process of its own on this machine. Both run as an installation does, with the bytecode of all their modules at hand:
a pair that is not counted writes it. Timings are for people; no test depends on them.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from dataset import build_register  # noqa: E402

PAIRS = 3


def measure(script: str, register: Path, port: int) -> dict[str, float]:
    """One run of a script on a fresh copy of the register."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(register.parent / "bytecode")
    copy = register.with_suffix(".run.db")
    for leftover in register.parent.glob(f"{copy.name}*"):
        leftover.unlink()
    shutil.copy(register, copy)
    started = time.perf_counter()
    command = [sys.executable, str(HERE / script), str(copy), str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    output = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    wall = time.perf_counter() - started
    if status:
        raise SystemExit(f"{script} failed")
    figures = json.loads(output.splitlines()[-1])
    figures |= {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "mib": usage.ru_maxrss / 1024}
    return figures


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:]] or [10_000, 100_000]
    with tempfile.TemporaryDirectory(prefix="tallystick-bench-") as folder:
        sink = subprocess.Popen(
            [sys.executable, str(HERE / "sink.py"), "--port", "0", "--log", f"{folder}/mail.log"],
            stdout=subprocess.PIPE,
            text=True,
        )
        port = int(sink.stdout.readline().split()[-1]) if sink.stdout else 0
        try:
            for size in sizes:
                report(size, Path(folder), port)
        finally:
            sink.terminate()
            sink.wait()


def report(size: int, folder: Path, port: int) -> None:
    register = folder / f"register-{size}.db"
    build_register(register, size)
    pairs = [(measure("ours.py", register, port), measure("floor.py", register, port)) for _ in range(PAIRS + 1)][1:]
    print(f"\n{size:,} commitments, {int(pairs[0][0]['messages']):,} messages, {PAIRS} pairs\n")
    print("| figure | ours | floor | ratio |\n|---|---|---|---|")
    for name in ("wall", "cpu", "all", "mib"):
        ours = statistics.median(pair[0][name] for pair in pairs)
        floor = statistics.median(pair[1][name] for pair in pairs)
        ratio = statistics.median(pair[0][name] / pair[1][name] for pair in pairs)
        print(f"| {name} | {ours:.2f} | {floor:.2f} | {ratio:.2f} |")
    first = pairs[-1][0]
    loaded = statistics.median((ours["all"] + ours["load"]) / floor["all"] for ours, floor in pairs)
    print(f"\nwith what a run loads once, the job is {loaded:.2f} times the floor's")
    print("parts of ours:", ", ".join(f"{name} {first[name]:.2f} s" for name in ("load", "check", "plan", "send")))
    first = pairs[-1][1]
    print(
        "parts of the floor:", ", ".join(f"{n} {first[n]:.2f} s" for n in ("check", "plan", "write", "send", "record"))
    )


if __name__ == "__main__":
    main()
