"""Writes Parquet files with columns that are to be dropped, and checks what became of them.

    drop_peer.py write DIR     DIR/in/*.parquet, DIR/refused/*.parquet
    drop_peer.py check DIR     DIR/out against DIR/in
    drop_peer.py others DIR    DIR/arrow, DIR/avro, and files in DIR that are to be refused
    drop_peer.py arrow DIR     DIR/out-arrow against DIR/arrow
    drop_peer.py fields DIR    DIR/out against DIR/avro
"""

import datetime
import io
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
    user = pa.struct([("phone", pa.string()), ("size", pa.int32())])
    return pa.table(
        {
            "id": pa.array(n, pa.int64()),
            "mobile": pa.array([None if i % 9 == 4 else str(phone(i)) for i in n], pa.large_string()),
            "kind": pa.array([f"k{i % 5}" for i in n]).dictionary_encode(),
            "user": pa.array([{"phone": str(phone(i)), "size": i % 90} for i in n], user),
            "at": pa.array([datetime.datetime(2024, 1, 1) + datetime.timedelta(hours=i) for i in n], pa.timestamp("us", "Asia/Shanghai")),
            "note": pa.array([f"call {phone(i)}" if i % 10 == 1 else "-" for i in n]),
            "all": pa.array([[{"phone": str(phone(i)), "size": i}] * (i % 3) for i in n], pa.list_(user)),
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
    # As an index of pandas it is one, too.
    data = data.drop_columns(["mobile"])
    note = pa.array(["call " if text.startswith("call") else text for text in data["note"].to_pylist()], data["note"].type)
    data = data.set_column(data.column_names.index("note"), "note", note)
    age = pa.struct([("size", pa.int32())])
    if "user" in data.column_names:
        user = pa.array([{"size": value["size"]} for value in data["user"].to_pylist()], age)
        data = data.set_column(data.column_names.index("user"), "user", user)
        several = pa.array([[{"size": one["size"]} for one in value] for value in data["all"].to_pylist()], pa.list_(age))
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
        assert duckdb.sql(f"select count(*), sum(id) from '{written}'").fetchall() == [(ROWS, sum(range(ROWS)))]
        assert len(duckdb.sql(f"select * exclude (\"at\") from '{written}'").fetchall()) == ROWS
        frame = pandas.read_parquet(written)
        assert len(frame) == ROWS and "mobile" not in frame.columns and frame.index.name is None
    spark = json.loads(pq.ParquetFile(folder / "out/spark.parquet").metadata.metadata[b"org.apache.spark.sql.parquet.row.metadata"])
    assert [one["name"] for one in spark["fields"]] == [name for name in table().column_names if name != "mobile"]
    assert pq.ParquetFile(folder / "out/spark.parquet").metadata.metadata[b"note"] == b"kept"


FIELDS = [
    {"name": "id", "type": "long"},
    {"name": "mobile", "type": ["null", "string"], "doc": "whom to call"},
    {"name": "note", "type": {"type": "array", "items": "string"}},
    {"name": "kind", "type": {"type": "enum", "name": "kind", "symbols": ["a", "b"]}},
]


def rows(gone=False):
    for i in range(ROWS):
        row = {"id": i, "note": [f"n{i}"] * (i % 3), "kind": "ab"[i % 2]}
        yield row if gone else row | {"mobile": None if i % 9 == 4 else str(phone(i))}


def arrow_tables():
    data = table().drop_columns(["user", "all"])
    noted = pa.field("tel", pa.string(), metadata={"comment": "whom to call"})
    keyed = data.set_column(1, "mobile", data["mobile"].cast(pa.string()).combine_chunks().dictionary_encode())
    keyed = keyed.append_column(noted, [[str(phone(i)) for i in range(ROWS)]])
    views = pa.table({"mobile": data["mobile"].cast(pa.string_view()), "v": data["note"].cast(pa.string_view()), "n": [None] * ROWS})
    return {"pandas": pa.Table.from_pandas(data.to_pandas().set_index("mobile")), "keyed": keyed, "views": views, "plain": data}


def check_arrow(folder):
    import polars

    files = sorted((folder / "arrow").iterdir())
    assert len(files) == 24
    for path in files:
        written = folder / "out-arrow" / path.name
        with pa.OSFile(str(written)) as file:
            reader = pa.ipc.open_file(file) if path.suffix == ".arrow" else pa.ipc.open_stream(file)
            after = reader.read_all()
        with pa.OSFile(str(path)) as file:
            before = (pa.ipc.open_file(file) if path.suffix == ".arrow" else pa.ipc.open_stream(file)).read_all()
        wanted = before.drop_columns([name for name in before.column_names if name in ("mobile", "tel")])
        for name in ("note", "v"):
            if name in wanted.column_names:
                text = ["call " if text.startswith("call") else text for text in wanted[name].to_pylist()]
                wanted = wanted.set_column(wanted.column_names.index(name), name, pa.array(text, wanted[name].type))
        after.validate(full=True)
        assert after.column_names == wanted.column_names, (path.name, after.column_names)
        for name in wanted.column_names:
            assert after[name].type == wanted[name].type and after[name].to_pylist() == wanted[name].to_pylist(), (path.name, name)
        assert [len(one) for one in after.to_batches()] == [len(one) for one in before.to_batches()]
        raw = written.read_bytes()
        assert b"mobile" not in raw and b"whom to call" not in raw, path.name
        if "uncompressed" in path.name:
            assert not any(str(phone(i)).encode() in raw for i in range(ROWS)), path.name
        assert len(after.to_pandas()) == ROWS
        read = polars.read_ipc if path.suffix == ".arrow" else polars.read_ipc_stream
        if "plain" in path.name:
            assert read(io.BytesIO(raw)).columns == wanted.column_names


def others(folder):
    import fastavro
    import pyarrow.feather

    (folder / "arrow").mkdir()
    for name, data in arrow_tables().items():
        for codec in ["uncompressed", "lz4", "zstd"]:
            options = pa.ipc.IpcWriteOptions(compression=None if codec == "uncompressed" else codec)
            with pa.ipc.new_file(folder / f"arrow/{name}-{codec}.arrow", data.schema, options=options) as writer:
                writer.write_table(data, max_chunksize=200)
            with pa.ipc.new_stream(folder / f"arrow/{name}-{codec}.arrows", data.schema, options=options) as writer:
                writer.write_table(data, max_chunksize=200)
    pyarrow.feather.write_feather(table().select(["mobile"]), str(folder / "only.arrow"))
    pyarrow.feather.write_feather(table().select(["id", "user"]), str(folder / "inner.arrow"))
    (folder / "avro").mkdir()

    def record(fields):
        return {"type": "record", "name": "people", "fields": fields}

    for codec in ["null", "deflate"]:
        with open(folder / f"avro/{codec}.avro", "wb") as file:
            fastavro.writer(file, record(FIELDS), rows(), codec=codec, metadata={"team": "shop"}, sync_interval=2000)
    who = {"name": "who", "type": record(FIELDS[1:2]) | {"name": "who"}}
    with open(folder / "inner.avro", "wb") as file:
        fastavro.writer(file, record([FIELDS[0], who]), [{"id": i, "who": {"mobile": str(phone(i))}} for i in range(ROWS)])
    with open(folder / "only.avro", "wb") as file:
        fastavro.writer(file, record(FIELDS[1:2]), [{"mobile": str(phone(i))} for i in range(ROWS)])


def fields(folder):
    import fastavro

    for codec in ["null", "deflate"]:
        path = folder / f"out/{codec}.avro"
        with open(path, "rb") as file:
            reader = fastavro.reader(file)
            assert reader.codec == codec and reader.metadata["team"] == "shop"
            assert [field["name"] for field in reader.writer_schema["fields"]] == ["id", "note", "kind"]
            assert list(reader) == list(rows(gone=True))
        raw = path.read_bytes()
        assert b"mobile" not in raw and b"whom to call" not in raw
        assert not any(str(phone(i)).encode() in raw for i in range(ROWS))


{"write": write, "check": check, "others": others, "arrow": check_arrow, "fields": fields}[sys.argv[1]](pathlib.Path(sys.argv[2]))
