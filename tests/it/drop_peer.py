"""Writes Parquet files with columns that are to be dropped, and checks what became of them.

    drop_peer.py write DIR     DIR/in/*.parquet, DIR/refused/*.parquet
    drop_peer.py check DIR     DIR/out against DIR/in
    drop_peer.py others DIR    DIR/a.arrow, DIR/a.avro
"""

import datetime
import json
import pathlib
import sys

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 500
GONE = {"mobile", "phone", "index"}


def phone(i):
    return 13800000000 + i * 7919 % 100000000


def table():
    n = range(ROWS)
    user = pa.struct([("phone", pa.string()), ("age", pa.int32())])
    return pa.table(
        {
            "id": pa.array(n, pa.int64()),
            "mobile": pa.array([None if i % 9 == 4 else str(phone(i)) for i in n], pa.large_string()),
            "kind": pa.array([f"k{i % 5}" for i in n]).dictionary_encode(),
            "user": pa.array([{"phone": str(phone(i)), "age": i % 90} for i in n], user),
            "at": pa.array([datetime.datetime(2024, 1, 1) + datetime.timedelta(hours=i) for i in n], pa.timestamp("us", "Asia/Shanghai")),
            "note": pa.array([f"call {phone(i)}" if i % 10 == 1 else "-" for i in n]),
            "all": pa.array([[{"phone": str(phone(i)), "age": i}] * (i % 3) for i in n], pa.list_(user)),
            "ratio": pa.array([i / 7 for i in n], pa.float64()),
        }
    )


def write(folder):
    (folder / "in").mkdir()
    (folder / "refused").mkdir()
    data = table()
    sorting = [pq.SortingColumn(0), pq.SortingColumn(1), pq.SortingColumn(2)]
    for codec in ["none", "snappy", "zstd"]:
        pq.write_table(
            data, folder / f"in/{codec}.parquet", compression=codec, row_group_size=200, write_page_index=True, sorting_columns=sorting
        )
    pq.write_table(data, folder / "in/v2.parquet", version="2.6", data_page_version="2.0", use_dictionary=["kind"])
    spark = {"type": "struct", "fields": [{"name": name, "type": "string", "nullable": True, "metadata": {}} for name in data.column_names]}
    noted = data.replace_schema_metadata({"org.apache.spark.sql.parquet.row.metadata": json.dumps(spark), "note": "kept"})
    pq.write_table(noted, folder / "in/spark.parquet")
    frame = data.drop_columns(["user", "all"]).to_pandas()
    frame.to_parquet(folder / "in/pandas.parquet")
    frame.set_index("mobile").to_parquet(folder / "in/index.parquet")
    pq.write_table(data.select(["mobile"]), folder / "refused/only.parquet")
    pq.write_table(pa.table({"id": range(ROWS), "mobile": [[str(phone(i))] for i in range(ROWS)]}), folder / "refused/list.parquet")


def expected(data):
    data = data.drop_columns(["mobile"])
    note = pa.array(["call " if text.startswith("call") else text for text in data["note"].to_pylist()])
    data = data.set_column(data.column_names.index("note"), "note", note)
    age = pa.struct([("age", pa.int32())])
    if "user" in data.column_names:
        user = pa.array([{"age": value["age"]} for value in data["user"].to_pylist()], age)
        data = data.set_column(data.column_names.index("user"), "user", user)
        several = pa.array([[{"age": one["age"]} for one in value] for value in data["all"].to_pylist()], pa.list_(age))
        data = data.set_column(data.column_names.index("all"), "all", several)
    return data


def check(folder):
    import duckdb
    import pandas

    files = sorted((folder / "in").glob("*.parquet"))
    assert len(files) == 7
    for path in files:
        written = folder / "out" / path.name
        before, after = pq.read_table(path), pq.read_table(written)
        wanted = expected(before)
        assert after.column_names == wanted.column_names, (path.name, after.column_names)
        for name in wanted.column_names:
            assert after[name].type == wanted[name].type, (path.name, name, after[name].type, wanted[name].type)
            assert after[name].to_pylist() == wanted[name].to_pylist(), (path.name, name)
        raw = written.read_bytes()
        file = pq.ParquetFile(written)
        assert file.metadata.num_rows == ROWS and file.metadata.num_row_groups == pq.ParquetFile(path).metadata.num_row_groups
        paths = {file.metadata.row_group(0).column(i).path_in_schema for i in range(file.metadata.num_columns)}
        assert not any(GONE & set(one.split(".")) for one in paths), paths
        for key, value in (file.metadata.metadata or {}).items():
            assert b"mobile" not in value and b"\"phone\"" not in value, (path.name, key, value)
        for text in after.schema.metadata or {}:
            assert b"mobile" not in (after.schema.metadata or {})[text], (path.name, text)
        # Nothing of the values is left in pages, dictionaries, statistics or page indexes.
        if "none" in path.name:
            for i in range(ROWS):
                assert str(phone(i)).encode() not in raw, i
        if path.name in ("none.parquet", "snappy.parquet", "zstd.parquet"):
            group, old = file.metadata.row_group(0), pq.ParquetFile(path).metadata.row_group(0)
            assert [one.column_index for one in group.sorting_columns] == [0], group.sorting_columns
            assert [one.column_index for one in old.sorting_columns] == [0, 1, 2]
            assert all(group.column(i).has_column_index for i in range(1, 3))
            assert group.column(0).statistics.max == old.column(0).statistics.max
            assert group.total_byte_size < old.total_byte_size
        assert duckdb.sql(f"select count(*), sum(id) from '{written}'").fetchone() == (ROWS, sum(range(ROWS)))
        assert len(duckdb.sql(f"select * from '{written}'").fetchall()) == ROWS
        frame = pandas.read_parquet(written)
        assert len(frame) == ROWS and "mobile" not in frame.columns and frame.index.name is None
    spark = json.loads(pq.ParquetFile(folder / "out/spark.parquet").metadata.metadata[b"org.apache.spark.sql.parquet.row.metadata"])
    assert [one["name"] for one in spark["fields"]] == [name for name in table().column_names if name != "mobile"]
    assert pq.ParquetFile(folder / "out/spark.parquet").metadata.metadata[b"note"] == b"kept"


def others(folder):
    import fastavro
    import pyarrow.feather

    rows = [{"id": i, "mobile": str(phone(i))} for i in range(ROWS)]
    pyarrow.feather.write_feather(pa.Table.from_pylist(rows), str(folder / "a.arrow"))
    schema = {"type": "record", "name": "people", "fields": [{"name": "id", "type": "long"}, {"name": "mobile", "type": ["null", "string"]}]}
    with open(folder / "a.avro", "wb") as file:
        fastavro.writer(file, schema, rows)


{"write": write, "check": check, "others": others}[sys.argv[1]](pathlib.Path(sys.argv[2]))
