"""The measuring part of compare.sh, which sets everything up: run that."""

import datetime
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import time

DATA = pathlib.Path(os.environ["DATA"])
ROUNDS, SLOW_ROUNDS = int(os.environ["ROUNDS"]), int(os.environ["SLOW_ROUNDS"])
TUOMIN, PATTERNS = "target/release/tuomin", "benches/patterns.txt"
MIX, TENFOLD, DENSE = DATA / "mix.log", DATA / "mix-tenfold.log", DATA / "dense.log"
DUMP, TABLE, EMPTY, OUTPUT = DATA / "dump.sql", DATA / "table.parquet", DATA / "empty", DATA / "output"
MEMORY_LIMIT = 256  # MB

DUCKDB = """
import sys, time, duckdb
table, pattern = sys.argv[1:]
connection = duckdb.connect()
connection.execute("SET threads = 1; SET enable_progress_bar = false")
columns = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [table]).fetchall()
texts = [name for name, kind, *_ in columns if kind == "VARCHAR"]
quoted = pattern.replace("'", "''")
counts = ", ".join(f"count(*) FILTER (WHERE regexp_matches({name}, '{quoted}'))" for name in texts)
begun = time.perf_counter()
connection.execute(f"SELECT {counts} FROM read_parquet(?)", [table]).fetchall()
print(time.perf_counter() - begun)
"""


class Command:
    """A command with its runs."""

    def __init__(self, name, arguments, file, reports_time=False, output=None):
        self.name, self.arguments, self.reports_time = name, [str(argument) for argument in arguments], reports_time
        self.bytes = file.stat().st_size
        self.output = output
        self.seconds, self.peak, self.exit = [], 0.0, 0

    def run(self):
        if self.output:
            for path in (self.output, pathlib.Path(f"{self.output}.manifest.json")):
                path.unlink(missing_ok=True)
        read_end, write_end = os.pipe() if self.reports_time else (None, os.open(os.devnull, os.O_WRONLY))
        begun = time.perf_counter()
        child = os.posix_spawnp(
            self.arguments[0], self.arguments, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, write_end, 1)]
        )
        os.close(write_end)
        _, status, usage = os.wait4(child, 0)
        elapsed = time.perf_counter() - begun
        self.exit = self.exit or os.waitstatus_to_exitcode(status)
        if self.reports_time:
            with os.fdopen(read_end) as pipe:
                elapsed = float(pipe.read())
        self.seconds.append(elapsed)
        self.peak = max(self.peak, usage.ru_maxrss * 1024 / 1e6)

    @property
    def least(self):
        return min(self.seconds)

    @property
    def median(self):
        return statistics.median(self.seconds)

    def line(self):
        """As one would type it; the script and the pattern of DuckDB are in this file."""
        return " ".join(argument if "\n" not in argument and len(argument) < 200 else "…" for argument in self.arguments)


def tuomin(name, verb, file, *options, threads=1):
    arguments = [TUOMIN, verb, "-q", "--threads", threads, *options, file]
    output = None
    if verb == "deidentify":
        output = OUTPUT
        arguments += ["-o", OUTPUT, "--key-file", DATA / "key"]
    return Command(name, arguments, file, output=output)


def ripgrep(name, file):
    return Command(name, ["rg", "-j1", "--no-unicode", "-o", "--count-matches", "-f", PATTERNS, file], file)


def take_turns(rounds, *commands):
    """Runs the commands in turn; every file is read once before."""
    for path in {argument for command in commands for argument in command.arguments}:
        if os.path.isfile(path):
            subprocess.run(["cat", path], stdout=subprocess.DEVNULL, check=True)
    for _ in range(rounds):
        for command in commands:
            if command.exit == 0:
                command.run()
    for command in commands:
        if command.exit != 0:
            print(f"exit {command.exit}: {command.line()}", file=sys.stderr)
        print(f"{command.name}: {command.least:.3f} s, median {command.median:.3f}, {command.peak:.0f} MB", flush=True)
    return commands


def alternation():
    """The twelve patterns as one, in characters instead of bytes."""

    def characters(found):
        return bytes.fromhex(found.group().replace("\\x", "")).decode()

    patterns = pathlib.Path(PATTERNS).read_text().splitlines()
    text = "|".join(f"(?:{pattern})" for pattern in patterns)
    text = text.replace(r"(?:[\xe4-\xe9][\x80-\xbf][\x80-\xbf])", "[\u4e00-\u9fa5]")
    return re.sub(r"(?:\\x[0-9a-f]{2})+", characters, text)


class Results:
    """Rows of the table of figures."""

    def __init__(self):
        self.rows = []

    def add(self, work, wanted, measured, by_median, reached):
        self.rows.append(f"| {work} | {wanted} | {measured} | {by_median} | {'yes' if reached else '**no**'} |")
        print(f"  {work}: {measured} ({by_median} by medians), wanted {wanted}", flush=True)

    def ratio(self, work, top, bottom, limit, at_least):
        """`top` in units of `bottom`: the times of two commands."""
        least, median = top.least / bottom.least, top.median / bottom.median
        reached = (least >= limit if at_least else least <= limit) and top.exit == bottom.exit == 0
        if top.exit or bottom.exit:
            work += f" (**exit {top.exit or bottom.exit}**)"
        self.add(work, f"{'≥' if at_least else '≤'} {limit:g} ×", f"{least:.2f} ×", f"{median:.2f} ×", reached)


def measure(results):
    """Runs everything; returns the commands, for the table of times."""
    done = []

    def turns(rounds, *commands):
        done.extend(take_turns(rounds, *commands))
        return commands

    # What Python itself weighs is counted to a command before it begins: no peak is below that.
    floor = Command("nothing (`true`)", ["true"], EMPTY)
    turns(ROUNDS, floor)

    wc, cat, rg, one, two, more = turns(
        ROUNDS,
        Command("wc -l, mix", ["wc", "-l", MIX], MIX),
        Command("cat, mix", ["cat", MIX], MIX),
        ripgrep("rg, mix", MIX),
        tuomin("scan, mix", "scan", MIX),
        tuomin("scan, mix, 2 threads", "scan", MIX, threads=2),
        tuomin("scan, mix, 100 more rules", "scan", MIX, "--rules", DATA / "rules"),
    )
    results.ratio("scan mix: time against `wc -l`", one, wc, 4, at_least=False)
    results.ratio("scan mix: speed against ripgrep", rg, one, 15, at_least=True)
    results.ratio("2 threads against 1, mix", one, two, 1.8, at_least=True)
    results.ratio("100 custom rules: time against none", more, one, 1.1, at_least=False)

    wc, rg, dense = turns(
        ROUNDS,
        Command("wc -l, dense", ["wc", "-l", DENSE], DENSE),
        ripgrep("rg, dense", DENSE),
        tuomin("scan, dense", "scan", DENSE),
    )
    results.ratio("scan dense: time against `wc -l`", dense, wc, 20, at_least=False)
    results.ratio("scan dense: speed against ripgrep", rg, dense, 4, at_least=True)

    work = [floor, one, two, more, dense]
    for name, file in (("mix", MIX), ("COPY", DUMP)):
        scan, rewrite = turns(
            SLOW_ROUNDS, tuomin(f"scan, {name} (again)", "scan", file), tuomin(f"deidentify, {name}", "deidentify", file)
        )
        results.ratio(f"deidentify {name}: time against scan", rewrite, scan, 5, at_least=False)
        work += [scan, rewrite]

    scan, duckdb = turns(
        SLOW_ROUNDS,
        tuomin("scan, Parquet", "scan", TABLE),
        Command("DuckDB, Parquet (query only)", [os.path.relpath(sys.executable), "-c", DUCKDB, TABLE, alternation()], TABLE, reports_time=True),
    )
    results.ratio("scan Parquet: speed against DuckDB", duckdb, scan, 25, at_least=True)
    work.append(scan)

    (start,) = turns(4 * ROUNDS, tuomin("scan, empty file", "scan", EMPTY))
    results.add("start-up: scan an empty file", "≤ 20 ms", f"{start.least * 1e3:.1f} ms", f"{start.median * 1e3:.1f} ms", start.least <= 0.02)

    once, tenfold = turns(
        SLOW_ROUNDS, tuomin("scan, mix (again)", "scan", MIX), tuomin("scan, ten times mix", "scan", TENFOLD)
    )
    growth, by_median = tenfold.least / once.least, tenfold.median / once.median
    factor = tenfold.bytes / once.bytes
    results.add(
        f"{factor:.2f} × the data: time", f"{factor * 0.9:.1f} to {factor * 1.1:.1f} ×", f"{growth:.2f} ×", f"{by_median:.2f} ×",
        abs(growth / factor - 1) <= 0.1,
    )
    peaks = f"{once.peak:.0f} → {tenfold.peak:.0f} MB"
    results.add(f"{factor:.2f} × the data: memory", "flat", peaks, "", tenfold.peak <= once.peak * 1.1)

    worst = max(work, key=lambda command: command.peak)
    results.add("peak memory of any of these", f"≤ {MEMORY_LIMIT} MB", f"{worst.peak:.0f} MB ({worst.name})", "", worst.peak <= MEMORY_LIMIT)
    small = []
    for verb, file in [("scan", MIX), ("scan", DENSE), ("scan", DUMP), ("scan", TABLE), ("deidentify", MIX), ("deidentify", DUMP)]:
        name = f"{verb}, {file.name}, --max-memory 64M"
        small += turns(1, tuomin(name, verb, file, "--max-memory", "64M"))
    worst = max(small, key=lambda command: command.peak)
    works = all(command.exit == 0 for command in small)
    told = "works" if works else "exit codes " + ", ".join(str(command.exit) for command in small)
    results.add("`--max-memory 64M`", "works", f"{told}; peak {worst.peak:.0f} MB ({worst.name})", "", works)
    return done


def first_line(*arguments):
    told = subprocess.run(arguments, capture_output=True, text=True)
    return next(iter((told.stdout + told.stderr).splitlines()), "?").strip()


def machine():
    """Lines about where this was measured."""

    def field(path, name):
        lines = pathlib.Path(path).read_text().splitlines()
        return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(name)), "?")

    memory = int(field("/proc/meminfo", "MemTotal").split()[0]) * 1024 / 1e9
    yield f"CPU: {field('/proc/cpuinfo', 'model name')}, {os.cpu_count()} cores"
    yield f"memory: {memory:.1f} GB; kernel: {platform.release()}"
    yield f"load before the run: {os.environ['LOAD']}, at its end: {os.getloadavg()[0]:.2f} (1 is this run itself)"
    yield f"tuomin {first_line('git', 'describe', '--always', '--dirty')}, {first_line('rustc', '--version')}"
    wc = [line for line in subprocess.run(["wc", "--debug", "-l", EMPTY], capture_output=True, text=True).stderr.splitlines()]
    yield f"{first_line('wc', '--version')} ({'; '.join(wc) or 'does not say how it counts'})"
    yield first_line("rg", "--version")
    duckdb = first_line(sys.executable, "-c", "import duckdb; print(duckdb.__version__)")
    yield f"DuckDB {duckdb}"


def main():
    os.environ["LOAD"] = f"{os.getloadavg()[0]:.2f}"
    results = Results()
    done = measure(results)
    out = ["# Benchmark results", ""]
    out += [f"Written by `benches/compare.sh` on {datetime.date.today()}, with"]
    settings = [f"{name}={os.environ[name]}" for name in ("MEGABYTES", "TABLE_MEGABYTES", "ROUNDS", "SLOW_ROUNDS", "SEED")]
    out += [f"`{' '.join(settings)}`. Ratios are of the least times; those of the medians stand beside them.", ""]
    out += [f"- {line}" for line in machine()]
    table = (DATA / "table.txt").read_text().strip().split(": ", 1)[1]
    out += [f"- the Parquet table: {table}, {TABLE.stat().st_size} in the file", ""]
    out += ["| work, one thread | wanted | measured | by medians | reached |", "|---|---|---|---|---|", *results.rows, ""]
    out += ["## Times", "", "MB/s are of the file as stored, peaks in MB. No peak is below that of `true`.", ""]
    out += ["| command | least s | median s | runs | MB/s | peak MB |", "|---|---|---|---|---|---|"]
    for command in done:
        speed = f"{command.bytes / 1e6 / command.least:.0f}" if command.bytes else ""
        times = f"{command.least:.4f} | {command.median:.4f} | {len(command.seconds)}"
        name = f"{command.name} (**exit {command.exit}**)" if command.exit else command.name
        out.append(f"| {name} | {times} | {speed} | {command.peak:.0f} |")
    out += ["", "## Commands", "", "```sh", *dict.fromkeys(command.line() for command in done), "```", ""]
    pathlib.Path(os.environ["RESULTS"]).write_text("\n".join(out))
    OUTPUT.unlink(missing_ok=True)
    print(f"written: {os.environ['RESULTS']}")


if __name__ == "__main__":
    main()
