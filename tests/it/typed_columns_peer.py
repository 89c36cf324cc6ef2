"""Files with dates and positions in columns of their own types, and what must be in them once they were rewritten."""
import datetime
import decimal
import sqlite3
import sys

import fastavro
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq

FOLDER = sys.argv[2]
ROWS = range(1, 21)
UTC = datetime.timezone.utc


def day(n):
    return datetime.date(1960 + n, n % 12 + 1, n % 28 + 1)


def moment(n, zone=None):
    return datetime.datetime.combine(day(n), datetime.time(16, 0, 0, 500_000), zone)


def lat(n):
    return (30_274_085 + n * 1_013) / 1_000_000


def lng(n):
    return (120_155_071 + n * 977) / 1_000_000


def exact(value):
    return decimal.Decimal(str(value)).quantize(decimal.Decimal("0.000001"))


def table(day, moment, lat, lng):
    column = lambda of, kind: pa.array([None] + [of(n) for n in ROWS], kind)
    return pa.table({
        "birthday": column(day, pa.date32()),
        "birth_date": column(day, pa.date64()),
        "dob": column(moment, pa.timestamp("us")),
        "born_at": column(moment, pa.timestamp("ns")),
        "date_of_birth": column(moment, pa.timestamp("ms", tz="Asia/Shanghai")),
        "lat": column(lat, pa.float64()),
        "lng": column(lambda n: exact(lng(n)) if lng(n) is not None else None, pa.decimal128(9, 6)),
        "latitude": column(lat, pa.float32()),
        "longitude": column(lambda n: exact(lng(n)) if lng(n) is not None else None, pa.decimal128(38, 6)),
        "level": column(lambda n: n + 0.5, pa.float64()),
        "created_at": column(lambda n: datetime.datetime(2026, 1, n), pa.timestamp("us")),
    })


AVRO = fastavro.parse_schema({"type": "record", "name": "r", "fields": [
    {"name": "birthday", "type": ["null", {"type": "int", "logicalType": "date"}]},
    {"name": "dob", "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}]},
    {"name": "lat", "type": ["null", "double"]},
    {"name": "lng", "type": ["null", {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 6}]},
    {"name": "latitude", "type": ["null", "float"]},
    {"name": "level", "type": "double"},
]})


def records(day, moment, lat, lng):
    for n in ROWS:
        place = lng(n)
        yield {"birthday": day(n), "dob": moment(n), "lat": lat(n), "lng": None if place is None else exact(place),
               "latitude": lat(n), "level": n + 0.5}


def write():
    whole = table(day, moment, lat, lng)
    # Plain values and those of a dictionary, with statistics, page indexes and bloom filters of the old ones.
    pq.write_table(whole, f"{FOLDER}/a.parquet", row_group_size=7, write_page_index=True)
    feather.write_feather(whole, f"{FOLDER}/a.arrow", compression="lz4")
    with open(f"{FOLDER}/a.avro", "wb") as out:
        fastavro.writer(out, AVRO, records(day, lambda n: moment(n, UTC), lat, lng))
    base = sqlite3.connect(f"{FOLDER}/a.db")
    base.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, birthday TEXT, lat REAL, lng DOUBLE, latitude, level REAL)")
    base.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?)",
                     [(n, str(day(n)), lat(n), lng(n), lat(n), n + 0.5) for n in ROWS])
    base.commit()
    base.close()


def check():
    year = lambda n: datetime.date(1960 + n, 1, 1)
    hour = lambda n, zone=None: datetime.datetime(1960 + n, 1, 1, 16, 0, 0, 500_000, zone)
    none = lambda n: None
    for kind, new in [("masked", (year, hour, lambda n: 30.0, lambda n: 120.0)), ("emptied", (none,) * 4)]:
        expected = table(*new)
        for found in [pq.read_table(f"{FOLDER}/{kind}-a.parquet"), feather.read_table(f"{FOLDER}/{kind}-a.arrow")]:
            assert found.schema.equals(expected.schema) or found.schema.types[2:] == expected.schema.types[2:], found.schema
            for name in expected.column_names:
                values = found.column(name).cast(expected.column(name).type).to_pylist()
                assert values == expected.column(name).to_pylist(), (kind, name, values)
        day_of, moment_of, lat_of, lng_of = new
        zoned = (lambda n: hour(n, UTC)) if kind == "masked" else none
        with open(f"{FOLDER}/{kind}-a.avro", "rb") as source:
            found = list(fastavro.reader(source))
        assert found == list(records(day_of, zoned, lat_of, lng_of)), (kind, found[:2])
        rows = sqlite3.connect(f"{FOLDER}/{kind}-a.db").execute("SELECT * FROM people ORDER BY id").fetchall()
        for n, (row, birthday, *places, level) in zip(ROWS, rows, strict=True):
            assert (row, level) == (n, n + 0.5)
            if kind == "masked":
                assert birthday == f"{1960 + n}-**-**" and places == [30.0, 120.0, 30.0], (birthday, places)
            else:
                # SQLite's column is text: the policy's template stands there.
                assert birthday != str(day(n)) and places == [None] * 3, (birthday, places)
    # Statistics tell nothing of the old values.
    for group in range(pq.ParquetFile(f"{FOLDER}/masked-a.parquet").num_row_groups):
        metadata = pq.ParquetFile(f"{FOLDER}/masked-a.parquet").metadata.row_group(group)
        for at in range(metadata.num_columns):
            chunk = metadata.column(at)
            if chunk.path_in_schema == "birthday" and chunk.statistics and chunk.statistics.has_min_max:
                assert (chunk.statistics.min.month, chunk.statistics.min.day) == (1, 1), chunk.statistics


{"write": write, "check": check}[sys.argv[1]]()
