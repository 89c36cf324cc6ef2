"""Writes Parquet files with pyarrow, pandas and DuckDB, and checks what became of them.

    parquet_peer.py write DIR    DIR/source/*.parquet
    parquet_peer.py check DIR    DIR/target/*.parquet against DIR/source

Every number 138xxxxxxxx must have become 139xxxxxxxx, every value of a column `void` NULL, and nothing else may differ.
"""

import datetime
import decimal
import itertools
import json
import pathlib
import re
import sys

import duckdb
import numpy
import pandas
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 1000
PHONE = re.compile(r"138\d{8}")
ORIGINAL = re.compile(rb"13800138\d{3}")


def phone(i):
    return 13800138000 + i * 7 % 900


def table():
    n = range(ROWS)
    gap = lambda i, value: None if i % 11 == 3 else value
    return pa.table(
        {
            "id": pa.array(n, pa.int64()),
            "mobile": pa.array([gap(i, str(phone(i))) for i in n], pa.string()),
            "remark": pa.array([f"客户{i}电话{phone(i)}，勿扰" for i in n], pa.large_string()),
            "unique": pa.array([f"{i:05d}:{phone(i)}" for i in n], pa.string()),
            "category": pa.array([str(phone(i % 5)) for i in n], pa.string()).dictionary_encode(),
            "number": pa.array([gap(i, phone(i)) for i in n], pa.int64()),
            "unsigned": pa.array([phone(i) for i in n], pa.uint64()),
            "amount": pa.array([gap(i, decimal.Decimal(phone(i))) for i in n], pa.decimal128(20, 0)),
            "small": pa.array([decimal.Decimal(phone(i)) for i in n], pa.decimal128(11, 0)),
            "float": pa.array([gap(i, float(phone(i))) for i in n], pa.float64()),
            "raw": pa.array([str(phone(i)).encode() for i in n], pa.binary()),
            "void": pa.array([gap(i, f"机密{i}") for i in n], pa.string()),
            "person": pa.array(
                [gap(i, {"name": f"张{i}", "contact": gap(i + 1, {"tel": str(phone(i)), "n": i})}) for i in n],
                pa.struct([("name", pa.string()), ("contact", pa.struct([("tel", pa.string()), ("n", pa.int32())]))]),
            ),
            "phones": pa.array(
                [gap(i, [None if j == 1 else str(phone(i + j)) for j in range(i % 4)]) for i in n],
                pa.list_(pa.string()),
            ),
            "numbers": pa.array([[phone(i + j) for j in range(i % 3)] for i in n], pa.list_(pa.int64())),
            "deep": pa.array(
                [gap(i, [gap(j, [str(phone(i)), None]) for j in range(i % 5)]) for i in n],
                pa.list_(pa.list_(pa.string())),
            ),
            "book": pa.array(
                [gap(i, [(f"k{j}", str(phone(i + j))) for j in range(i % 3)]) for i in n],
                pa.map_(pa.string(), pa.string()),
            ),
            "score": pa.array([i / 7 for i in n], pa.float32()),
            "day": pa.array([gap(i, datetime.date(2024, 1, 1)) for i in n], pa.date32()),
            "time": pa.array([datetime.datetime(2024, 1, 1, 8)] * ROWS, pa.timestamp("us", tz="Asia/Shanghai")),
            "note": pa.array([f"第{i % 40}行" for i in n], pa.string()),
            "empty": pa.array([gap(i, "") for i in n], pa.string()),
            "nothing": pa.array([None] * ROWS, pa.string()),
            "flag": pa.array([i % 2 == 0 for i in n], pa.bool_()),
        }
    )


def write(folder):
    source = folder / "source"
    source.mkdir()
    data = table()
    for codec, version, dictionary, index in itertools.product(
        ["none", "snappy", "gzip", "zstd", "brotli", "lz4"], ["1.0", "2.0"], [True, False], [True, False]
    ):
        if codec in ("gzip", "brotli", "lz4") and index != dictionary:
            continue
        name = f"{codec}-v{version[0]}-{'dictionary' if dictionary else 'plain'}-{'index' if index else 'bare'}"
        pq.write_table(
            data,
            source / f"{name}.parquet",
            compression=codec,
            data_page_version=version,
            use_dictionary=dictionary,
            write_page_index=index,
            write_page_checksum=index,
            write_statistics=index or dictionary,
            data_page_size=1024,
            row_group_size=400,
        )
    for encoding in ["DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"]:
        pq.write_table(
            data,
            source / f"none-{encoding.lower()}.parquet",
            compression="none",
            use_dictionary=False,
            column_encoding={"mobile": encoding, "unique": encoding, "number": "DELTA_BINARY_PACKED"},
        )
    pq.write_table(
        data,
        source / "none-bloom.parquet",
        compression="none",
        row_group_size=400,
        bloom_filter_options={"mobile": {"ndv": 1000, "fpp": 0.01}, "note": {"ndv": 1000, "fpp": 0.01}},
        sorting_columns=[pq.SortingColumn(0)],
    )
    pq.write_table(
        data.sort_by("unique"),
        source / "none-sorted.parquet",
        compression="none",
        sorting_columns=[pq.SortingColumn(3), pq.SortingColumn(0)],
    )
    pq.write_table(data.slice(0, 0), source / "none-norows.parquet", compression="none")
    frame = pandas.DataFrame({"手机": [str(phone(i)) for i in range(50)], "n": [phone(i) if i else None for i in range(50)]})
    frame.to_parquet(source / "none-pandas.parquet", compression=None)
    flat = data.select(["id", "mobile", "remark", "category", "number", "amount", "note", "phones", "person"])
    duckdb.register("flat", flat)
    duckdb.sql(
        f"copy (select id, mobile, remark, category::varchar as category, number, amount, note, phones, person from flat)"
        f" to '{source}/duckdb.parquet' (format parquet, compression uncompressed, row_group_size 2048)"
    )
    duckdb.sql(f"copy flat to '{source}/duckdb-v2.parquet' (format parquet, compression zstd, parquet_version v2)")
    # Identifiers in metadata.
    frame.attrs = {"负责人": "13800138000"}
    (folder / "notes").mkdir()
    frame.to_parquet(folder / "notes" / "attrs.parquet")
    field = pa.field("a", pa.string(), metadata={"comment": "问 13800138000"})
    pq.write_table(pa.table([pa.array(["x"])], schema=pa.schema([field])), folder / "notes" / "comment.parquet")
    pq.write_table(pa.table({"13800138000": ["x"]}), folder / "notes" / "name.parquet")


def expected(value):
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, str):
        return PHONE.sub(lambda m: "139" + m.group()[3:], value)
    if isinstance(value, bytes):
        return expected(value.decode()).encode()
    if isinstance(value, (int, float, decimal.Decimal)):
        return value + 100000000 if 13800000000 <= value < 13900000000 else value
    if isinstance(value, list):
        return [expected(item) for item in value]
    if isinstance(value, tuple):
        return tuple(expected(item) for item in value)
    if isinstance(value, dict):
        return {key: expected(item) for key, item in value.items()}
    return value


def check_file(source, target):
    before, after = (pq.ParquetFile(path, page_checksum_verification=True) for path in (source, target))
    a, b = before.read(), after.read()
    assert a.schema.equals(b.schema, check_metadata=True), (a.schema, b.schema)
    assert before.schema.equals(after.schema)
    assert b.num_rows == a.num_rows
    b.validate(full=True)
    for name in a.column_names:
        want = [None] * a.num_rows if name == "void" else [expected(v) for v in a[name].to_pylist()]
        got = b[name].to_pylist()
        assert want == got, (name, next((w, g) for w, g in zip(want, got) if w != g))
    old, new = before.metadata, after.metadata
    assert new.created_by.startswith("tuomin version "), new.created_by
    assert new.metadata == old.metadata
    assert new.num_row_groups == old.num_row_groups
    old_bytes, new_bytes = source.read_bytes(), target.read_bytes()
    for g in range(old.num_row_groups):
        old_group, new_group = old.row_group(g), new.row_group(g)
        assert old_group.num_rows == new_group.num_rows
        changed = set()
        for c in range(old_group.num_columns):
            x, y = old_group.column(c), new_group.column(c)
            span = lambda k: slice(k.dictionary_page_offset or k.data_page_offset, None)
            copied = old_bytes[span(x)][: x.total_compressed_size] == new_bytes[span(y)][: y.total_compressed_size]
            values = lambda f: f.read_row_group(g, columns=[x.path_in_schema]).flatten()
            same = values(before).equals(values(after))
            assert copied == same, (x.path_in_schema, copied, same)
            if not same:
                changed.add(c)
            assert (x.compression, x.physical_type, x.num_values) == (y.compression, y.physical_type, y.num_values)
            assert x.has_dictionary_page == y.has_dictionary_page, x.path_in_schema
            if x.physical_type != "DOUBLE" or same:
                assert x.is_stats_set == y.is_stats_set, x.path_in_schema
                assert x.has_column_index == y.has_column_index, x.path_in_schema
            assert x.has_offset_index == y.has_offset_index, x.path_in_schema
            if x.is_stats_set and same:
                assert x.statistics == y.statistics, (x, y)
            if y.is_stats_set:
                text = f"{y.statistics.min!r} {y.statistics.max!r}"
                assert not PHONE.search(text), x.path_in_schema
            data_encodings = lambda k: set(k.encodings) - {"RLE", "BIT_PACKED", "RLE_DICTIONARY", "PLAIN_DICTIONARY", "PLAIN"}
            assert data_encodings(x) == data_encodings(y), (x.path_in_schema, x.encodings, y.encodings)
        kept = old_group.sorting_columns
        if any(s.column_index in changed for s in kept):
            assert not new_group.sorting_columns
        else:
            assert new_group.sorting_columns == kept
    # In any file: statistics, indexes and what compression leaves as it is.
    assert not ORIGINAL.search(new_bytes)
    if source.name.startswith("none"):
        originals = numpy.arange(13800138000, 13800138900)
        for start, kind in itertools.product(range(8), ["<i8", ">i8", "<f8"]):
            words = numpy.frombuffer(new_bytes, kind, (len(new_bytes) - start) // 8, start)
            assert not numpy.isin(words, originals.astype(kind)).any(), kind


def check_duckdb(source, target):
    query = lambda path, what: duckdb.sql(f"select {what} from '{path}'").fetchall()
    describe = lambda path: duckdb.sql(f"describe select * from '{path}'").fetchall()
    assert describe(source) == describe(target)
    columns = [row[0] for row in describe(source)]
    counts = ", ".join(["count(*)"] + [f'count("{c}")' for c in columns if c != "void"])
    assert query(source, counts) == query(target, counts)
    for column in columns:
        if column == "void":
            assert query(target, "count(void)") == [(0,)]
            continue
        what = "epoch_us(time)" if column == "time" else f'"{column}"'
        a, b = query(source, what), query(target, what)
        assert [expected(v) for v, in a] == [v for v, in b], column
    if "mobile" in columns:
        for original in (str(phone(0)), str(phone(5))):
            moved = expected(original)
            assert query(source, f"count(*) filter (mobile = '{original}')") == query(
                target, f"count(*) filter (mobile = '{moved}')"
            )
            # Pushed down through statistics, page index and bloom filter.
            found = duckdb.sql(f"select count(*) from '{target}' where mobile = '{moved}'").fetchall()
            lost = duckdb.sql(f"select count(*) from '{target}' where mobile = '{original}'").fetchall()
            assert found == duckdb.sql(f"select count(*) from '{source}' where mobile = '{original}'").fetchall()
            assert lost == [(0,)]
    blooms = lambda path: duckdb.sql(
        f"select row_group_id, path_in_schema, bloom_filter_offset is not null from parquet_metadata('{path}') order by 1, 2"
    ).fetchall()
    assert blooms(source) == blooms(target)
    with_bloom = {path for _, path, bloom in blooms(target) if bloom}
    if "mobile" in with_bloom:
        probe = lambda value: duckdb.sql(
            f"select bloom_filter_excludes from parquet_bloom_probe('{target}', 'mobile', '{value}')"
        ).fetchall()
        originals = {str(phone(i)) for i in range(900)}
        assert not all(excluded for excluded, in probe(expected(str(phone(0)))))
        excluded = sum(all(e for e, in probe(value)) for value in sorted(originals)[:50])
        assert excluded > 40, excluded
    return bool(with_bloom)


def check(folder):
    names = sorted(path.name for path in (folder / "source").iterdir())
    assert len(names) > 30 and names == sorted(path.name for path in (folder / "target").iterdir())
    blooms = 0
    for name in names:
        try:
            check_file(folder / "source" / name, folder / "target" / name)
            blooms += check_duckdb(folder / "source" / name, folder / "target" / name)
        except Exception as error:
            raise AssertionError(name) from error
    assert blooms >= 2, blooms
    print(json.dumps({"files": len(names), "with bloom filters": blooms}))


if __name__ == "__main__":
    {"write": write, "check": check}[sys.argv[1]](pathlib.Path(sys.argv[2]))
