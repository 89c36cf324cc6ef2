"""Reads folders that Spark wrote, and what became of them, as tables over a whole folder.

    spark_peer.py check DIR SOURCE TARGET    DIR/TARGET against SOURCE
"""

import pathlib
import re
import sys

import duckdb
import pyarrow.dataset as ds

PHONE = re.compile("13800138[0-9]{3}")


def rows(folder):
    table = ds.dataset(folder, format="parquet", partitioning="hive").to_table().sort_by("id")
    return table.schema.remove_metadata(), table.to_pylist()


def check(source, target):
    (schema, before), (same, after) = rows(source), rows(target)
    assert schema == same, (schema, same)
    assert len(before) == len(after) == 60
    for old, new in zip(before, after):
        assert (old["id"], old.get("city")) == (new["id"], new.get("city"))
        token = new["mobile"]
        assert len(token) == 20 and not PHONE.search(str(new)), new
        assert old["remark"].replace(old["mobile"], token) == new["remark"], new
        assert old["number"] != new["number"] and len(str(new["number"])) == 11, new
    count = duckdb.sql(f"select count(*), count(distinct mobile) from read_parquet('{target}/**/*.parquet', hive_partitioning=true)")
    assert count.fetchall() == [(60, 60)]
    print("60 rows are right")


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[2])
    check(pathlib.Path(sys.argv[3]), folder / sys.argv[4])
