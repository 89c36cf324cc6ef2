"""Writes Arrow and Avro files with the usual tools, and checks what became of them.

    columnar_peer.py write DIR    DIR/source/*
    columnar_peer.py check DIR    DIR/target/* against DIR/source

Every number 138xxxxxxxx must have become 139xxxxxxxx, every value of a column `void` NULL, every value of a column `mask`
the same text, and nothing else may differ.
"""

import datetime
import decimal
import itertools
import json
import pathlib
import sys
import uuid

import fastavro
import numpy
import pandas
import polars
import pyarrow as pa
import pyarrow.feather
import pyarrow.ipc

from parquet_peer import ORIGINAL, ROWS, expected, phone, table

MASK = "***"


def arrow_table():
    n = range(ROWS)
    gap = lambda i, value: None if i % 7 == 3 else value
    data = table()
    more = {
        "view": pa.array([gap(i, f"{phone(i)}" if i % 2 else f"客户电话{phone(i)}请勿外传") for i in n], pa.string_view()),
        "bytesview": pa.array([gap(i, str(phone(i)).encode()) for i in n], pa.binary_view()),
        "largebinary": pa.array([gap(i, str(phone(i)).encode()) for i in n], pa.large_binary()),
        "largelist": pa.array([gap(i, [str(phone(i))] * (i % 3)) for i in n], pa.large_list(pa.string())),
        "pair": pa.array([gap(i, [phone(i), None]) for i in n], pa.list_(pa.int64(), 2)),
        "fixed": pa.array([gap(i, b"abcdefgh") for i in n], pa.binary(8)),
        "wide": pa.array([gap(i, decimal.Decimal(phone(i))) for i in n], pa.decimal256(40, 0)),
        "short": pa.array([gap(i, str(phone(i % 5))) for i in n]).cast(pa.dictionary(pa.int8(), pa.string())),
        "mask": pa.array([gap(i, f"机密{i % 9}") for i in n]).cast(pa.dictionary(pa.uint16(), pa.large_string())),
        "keyed": pa.array([gap(i, phone(i % 6)) for i in n], pa.int64()).dictionary_encode(),
        "half": pa.array([1.5] * ROWS, pa.float16()),
        "month": pa.array([gap(i, (1, 2, 3)) for i in n], pa.month_day_nano_interval()),
        "gone": pa.nulls(ROWS),
    }
    for name, array in more.items():
        data = data.append_column(name, array)
    # A column of its own for NULL in place of shared values.
    index = data.column_names.index("void")
    keyed = data.append_column("void", pa.array([gap(i, f"机密{i % 4}") for i in n]).dictionary_encode())
    return keyed.remove_column(index).replace_schema_metadata({"origin": "shop", "more": json.dumps({"a": [1]})})


def write_stream(path, data, batch=400, **options):
    options = pa.ipc.IpcWriteOptions(**options)
    with pa.ipc.new_stream(path, data.schema, options=options) as writer:
        writer.write_table(data, max_chunksize=batch)


def write_file(path, data, batch=400, **options):
    options = pa.ipc.IpcWriteOptions(**options)
    with pa.ipc.new_file(path, data.schema, options=options) as writer:
        writer.write_table(data, max_chunksize=batch)


def hidden():
    """Phones behind NULLs, and between what slices refer to: as buffers, so that no writer tidies up."""
    texts = [str(phone(i)).encode() for i in range(64)]
    offsets = numpy.cumsum([0] + [len(text) for text in texts]).astype("<i4")
    validity = pa.py_buffer(numpy.packbits([i % 3 != 0 for i in range(64)], bitorder="little").tobytes())
    text = pa.Array.from_buffers(pa.string(), 64, [validity, pa.py_buffer(offsets), pa.py_buffer(b"".join(texts))])
    numbers = numpy.array([phone(i) for i in range(64)], "<i8")
    number = pa.Array.from_buffers(pa.int64(), 64, [validity, pa.py_buffer(numbers)])
    return pa.table({"text": text, "number": number, "n": pa.array(range(64), pa.int32())})


def write_arrow(source):
    data = arrow_table()
    for codec in [None, "lz4", "zstd"]:
        name = codec or "none"
        write_file(source / f"{name}-file.arrow", data, compression=codec)
        write_stream(source / f"{name}-stream.arrows", data, compression=codec)
    pa.feather.write_feather(data.drop_columns(["gone"]), source / "lz4-feather.feather", chunksize=300)
    write_stream(source / "none-v4.arrows", data.drop_columns(["view", "bytesview"]), metadata_version=pa.ipc.MetadataVersion.V4)
    write_stream(
        source / "none-legacy.arrows",
        data.drop_columns(["view", "bytesview"]),
        metadata_version=pa.ipc.MetadataVersion.V4,
        use_legacy_format=True,
    )
    write_file(source / "none-norows.arrow", data.slice(0, 0))
    write_stream(source / "none-nobatches.arrows", data.schema.empty_table(), batch=1)
    write_file(source / "none-onebatch.arrow", data, batch=ROWS)
    write_file(source / "none-hidden.arrow", hidden())
    write_stream(source / "zstd-hidden.arrows", hidden(), compression="zstd")
    # Dictionaries that are replaced, and some that grow.
    chunks = lambda grow: pa.chunked_array(
        [pa.array([str(phone(j)) for j in range(0 if grow else i, i + 3)]).dictionary_encode() for i in range(6)]
    )
    write_stream(source / "none-replaced.arrows", pa.table({"a": chunks(False), "mask": chunks(False)}))
    grown = pa.table({"a": chunks(True), "mask": chunks(True)})
    write_stream(source / "none-deltas.arrows", grown, emit_dictionary_deltas=True)
    write_file(source / "zstd-deltas.arrow", grown, emit_dictionary_deltas=True, compression="zstd")
    frame = pandas.DataFrame(
        {
            "手机": pandas.Categorical([str(phone(i % 4)) for i in range(60)], categories=[str(phone(i)) for i in range(9)]),
            "mask": pandas.Categorical([f"机密{i % 4}" for i in range(60)]),
            "n": [phone(i) if i else None for i in range(60)],
            "day": pandas.date_range("2024-01-01", periods=60),
        }
    )
    frame.to_feather(source / "none-pandas.feather", compression="uncompressed")
    frame.to_feather(source / "lz4-pandas.feather")
    cars = polars.DataFrame(
        {
            "phone": [str(phone(i)) if i % 5 else None for i in range(ROWS)],
            "remark": [f"客户{i}电话{phone(i)}，请勿外传" for i in range(ROWS)],
            "n": [phone(i) for i in range(ROWS)],
            "tags": [[str(phone(i))] * (i % 3) for i in range(ROWS)],
            "kind": polars.Series([str(phone(i % 4)) for i in range(ROWS)], dtype=polars.Categorical),
            "who": [{"tel": str(phone(i)), "age": i} for i in range(ROWS)],
            "day": [datetime.date(2024, 1, 1)] * ROWS,
        }
    )
    for codec in ["uncompressed", "lz4", "zstd"]:
        name = "none" if codec == "uncompressed" else codec
        cars.write_ipc(source / f"{name}-polars.arrow", compression=codec)
        cars.write_ipc_stream(source / f"{name}-polars.arrows", compression=codec)


SCHEMA = """
{"type": "record", "name": "shop.Customer",  "doc": "客户", "fields": [
  {"name": "id", "type": "long"}, {"name": "mobile", "type": ["null", "string"], "default": null},
  {"name": "number", "type": ["null", "long"]}, {"name": "void", "type": ["string", "null"]},
  {"name": "mask", "type": "string"}, {"name": "raw", "type": "bytes"}, {"name": "float", "type": "double"},
  {"name": "amount", "type": {"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 0}},
  {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 2}},
  {"name": "small", "type": {"type": "fixed", "name": "Small", "size": 9, "logicalType": "decimal", "precision": 20}},
  {"name": "key", "type": {"type": "string", "logicalType": "uuid"}},
  {"name": "day", "type": {"type": "int", "logicalType": "date"}},
  {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
  {"name": "level", "type": {"type": "enum", "name": "Level", "symbols": ["GOLD", "BASIC"]}},
  {"name": "other", "type": "Level"}, {"name": "hash", "type": {"type": "fixed", "name": "Md5", "size": 16}},
  {"name": "either", "type": ["null", "long", "string"]}, {"name": "flag", "type": "boolean"},
  {"name": "score", "type": "float"},
  {"name": "phones", "type": {"type": "array", "items": ["null", "string"]}},
  {"name": "deep", "type": {"type": "array", "items": {"type": "array", "items": "long"}}},
  {"name": "book", "type": {"type": "map", "values": "string"}},
  {"name": "person", "type": ["null", {"type": "record", "name": "Person", "fields": [
     {"name": "name", "type": "string"}, {"name": "tel", "type": ["null", "string"]}]}]}
]}
"""


def avro_rows():
    gap = lambda i, value: None if i % 11 == 3 else value
    for i in range(ROWS):
        yield {
            "id": i,
            "mobile": gap(i, str(phone(i))),
            "number": gap(i, phone(i)),
            "void": gap(i, f"机密{i}"),
            "mask": f"机密{i}",
            "raw": str(phone(i)).encode(),
            "float": float(phone(i)),
            "amount": decimal.Decimal(phone(i)),
            "price": decimal.Decimal("1.25"),
            "small": decimal.Decimal(phone(i)),
            "key": uuid.UUID(int=i),
            "day": datetime.date(2024, 1, 1),
            "at": datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc),
            "level": "GOLD" if i % 2 else "BASIC",
            "other": "GOLD",
            "hash": b"0123456789abcdef",
            "either": gap(i, phone(i) if i % 2 else f"电话{phone(i)}"),
            "flag": i % 2 == 0,
            "score": 1.5,
            "phones": [None if j == 1 else str(phone(i + j)) for j in range(i % 4)],
            "deep": [[phone(i)] * (j + 1) for j in range(i % 3)],
            "book": {f"k{j}": str(phone(i + j)) for j in range(i % 3)} | {str(phone(i)): "x"},
            "person": gap(i, {"name": f"张{i}", "tel": gap(i + 1, str(phone(i)))}),
        }


def write_avro(source):
    schema = json.loads(SCHEMA)
    for codec in ["null", "deflate", "bzip2", "xz"]:
        name = "none" if codec == "null" else codec
        with open(source / f"{name}.avro", "wb") as file:
            more = {"origin": "shop"}
            fastavro.writer(file, schema, avro_rows(), codec=codec, metadata=more, sync_interval=5000)
    with open(source / "none-norows.avro", "wb") as file:
        fastavro.writer(file, schema, [])
    flat = polars.DataFrame({"phone": [str(phone(i)) if i % 5 else None for i in range(ROWS)], "n": [phone(i) for i in range(ROWS)]})
    for codec in ["uncompressed", "snappy", "deflate"]:
        flat.write_avro(source / f"{codec}-polars.avro".replace("uncompressed", "none"), compression=codec)


def avro_blocks(path):
    with open(path, "rb") as file:
        reader = fastavro.block_reader(file)
        blocks = [(block.num_records, list(block)) for block in reader]
        return reader.metadata, reader._header["sync"], blocks


def check_avro(source, target):
    if "polars" in source.name:
        a, b = polars.read_avro(source), polars.read_avro(target)
        assert a.schema == b.schema and a.null_count().equals(b.null_count())
        assert all(wanted(name, a[name].to_list()) == b[name].to_list() for name in a.columns)
        return
    (meta, sync, before), (new_meta, new_sync, after) = avro_blocks(source), avro_blocks(target)
    assert (meta, sync) == (new_meta, new_sync)
    assert [count for count, _ in before] == [count for count, _ in after]
    head = source.read_bytes().index(sync)
    assert source.read_bytes()[:head] == target.read_bytes()[:head]
    for (_, old), (_, new) in zip(before, after):
        for a, b in zip(old, new, strict=True):
            a["book"] = {expected(key): value for key, value in a["book"].items()}
            assert list(a) == list(b)
            for name in a:
                assert wanted(name, [a[name]]) == [b[name]], (name, a[name], b[name])
                assert type(a[name]) is type(b[name]) or name == "void", name
    if source.name.startswith("none"):
        assert not ORIGINAL.search(target.read_bytes())


def open_arrow(path):
    start = path.read_bytes()[:6]
    return pa.ipc.open_file(path) if start == b"ARROW1" else pa.ipc.open_stream(path)


def batches(path):
    reader = open_arrow(path)
    if isinstance(reader, pa.ipc.RecordBatchFileReader):
        return [reader.get_batch(i) for i in range(reader.num_record_batches)]
    return list(reader)


def wanted(name, values):
    if name == "void":
        return [None] * len(values)
    if name == "mask":
        return [None if value is None else MASK for value in values]
    return [expected(value) for value in values]


def search(data, name):
    assert not ORIGINAL.search(data), name
    originals = numpy.arange(13800138000, 13800138900)
    for start, kind in itertools.product(range(min(8, len(data))), ["<i8", "<f8"]):
        words = numpy.frombuffer(data, kind, (len(data) - start) // 8, start)
        assert not numpy.isin(words, originals.astype(kind)).any(), (name, kind)


def check_arrow(source, target):
    before, after = batches(source), batches(target)
    assert open_arrow(source).schema.equals(open_arrow(target).schema, check_metadata=True)
    assert [batch.num_rows for batch in before] == [batch.num_rows for batch in after]
    for a, b in zip(before, after):
        b.validate(full=True)
        assert a.schema.equals(b.schema, check_metadata=True), (a.schema, b.schema)
        for name in a.schema.names:
            want, got = wanted(name, a[name].to_pylist()), b[name].to_pylist()
            assert want == got, (name, next((w, g) for w, g in zip(want, got) if w != g))
            if pa.types.is_dictionary(b[name].type):
                values = b[name].dictionary.to_pylist()
                assert len(values) == len(set(values)) and (None not in values), (name, values)
    # Buffers as they are, without compression.
    data = target.read_bytes()
    if source.name.startswith("none"):
        search(data, target.name)
    for batch in after:
        for column in batch.columns:
            arrays = [column] + ([column.dictionary] if pa.types.is_dictionary(column.type) else [])
            for buffer in (buffer for array in arrays for buffer in array.buffers() if buffer):
                search(buffer.to_pybytes(), target.name)
    if source.suffix == ".feather":
        frame = pandas.read_feather(target)
        assert len(frame) == sum(batch.num_rows for batch in before)
        kinds = pandas.read_feather(source).dtypes.map(lambda kind: str(kind).split("(")[0])
        assert list(kinds) == list(frame.dtypes.map(lambda kind: str(kind).split("(")[0])), frame.dtypes
    if "polars" in source.name:
        read = polars.read_ipc_stream if source.suffix == ".arrows" else polars.read_ipc
        a, b = read(source), read(target)
        assert a.schema == b.schema
        for name in a.columns:
            assert wanted(name, a[name].to_list()) == b[name].to_list(), name


def write(folder):
    source = folder / "source"
    source.mkdir()
    write_arrow(source)
    write_avro(source)


def check_same(source, same):
    if source.suffix == ".avro":
        assert source.read_bytes() == same.read_bytes()
        return
    before, same = batches(source), batches(same)
    assert len(before) == len(same) and all(a.equals(b, check_metadata=True) for a, b in zip(before, same))


def check(folder):
    names = sorted(path.name for path in (folder / "source").iterdir())
    assert len(names) >= 20 and names == sorted(path.name for path in (folder / "target").iterdir()), names
    for name in names:
        try:
            check_one = check_avro if name.endswith(".avro") else check_arrow
            check_one(folder / "source" / name, folder / "target" / name)
            check_same(folder / "source" / name, folder / "same" / name)
        except Exception as error:
            raise AssertionError(name) from error
    print(json.dumps({"files": len(names)}))


if __name__ == "__main__":
    {"write": write, "check": check}[sys.argv[1]](pathlib.Path(sys.argv[2]))
