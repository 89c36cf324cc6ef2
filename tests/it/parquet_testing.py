"""Measures a run of a program, and holds Parquet files against their copies with pyarrow.

    parquet_testing.py measure PROGRAM ARGUMENT...    the run, as JSON: status, peak of memory, processor time, output
    parquet_testing.py compare SOURCE COPY            both folders: each file of COPY says the same as that of SOURCE
"""

import json
import os
import pathlib
import subprocess
import sys


def measure(arguments):
    child = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    print(
        json.dumps(
            {
                "code": os.waitstatus_to_exitcode(status),
                "peak_mb": usage.ru_maxrss * 1024 / 1e6,
                "seconds": usage.ru_utime + usage.ru_stime,
                "output": output.decode("utf-8", "replace"),
            }
        )
    )


# Its footer counts no rows, so that pyarrow reads none of the six; that of the copy counts them.
MISCOUNTED = "repeated_no_annotation.parquet"


def described(path):
    import pyarrow.parquet as parquet

    try:
        file = parquet.ParquetFile(path)
        groups = [file.read_row_group(number) for number in range(file.num_row_groups)]
    except (OSError, NotImplementedError, ValueError) as error:
        return None, f"{type(error).__name__}: {error}"
    # As text: NaN equals itself, and so do values of types that pyarrow cannot compare.
    values = [(group.schema.to_string(), group.num_rows, repr(group.to_pylist())) for group in groups]
    return (file.schema.to_arrow_schema().to_string(), file.metadata.num_rows, values), ""


def compare(source, copy):
    same, unread = 0, []
    for path in sorted(pathlib.Path(copy).glob("*.parquet")):
        (before, reason), (after, then) = described(pathlib.Path(source) / path.name), described(path)
        if before is None and after is None:
            unread.append(f"{path.name}: {reason}")
            continue
        assert before == after or path.name == MISCOUNTED, f"{path.name}: {reason or then or 'other values'}"
        same += 1
    print(json.dumps({"same": same, "unread": unread}))


if __name__ == "__main__":
    if sys.argv[1] == "measure":
        measure(sys.argv[2:])
    else:
        compare(*sys.argv[2:])
