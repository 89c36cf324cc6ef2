#!/usr/bin/env python3
"""Writes fuzz/seeds: a few small files for each target. They are committed; run this only to change them.

Needs the packages of .ci/requirements.txt, and gzip, bzip2, xz, zstd and lz4. Only well-known test values.
"""

import io
import pathlib
import sqlite3
import subprocess
import tarfile
import tempfile
import zipfile

import fastavro
import openpyxl
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet

SEEDS = pathlib.Path(__file__).parent / "seeds"
FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures"
PHONE, OTHER, RESIDENT_ID = "13912345678", "13800138000", "11010519491231002X"
LOG = f"2024-01-01 用户手机{PHONE}已绑定\r\n\tIP=10.1.2.3 id={RESIDENT_ID}\n"
CSV = f'id,mobile,remark\n1,{PHONE},"说：""好"",\n第二行"\n2,,{OTHER}\n'


def put(target, name, content):
    folder = SEEDS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def texts():
    put("text", "utf8.log", LOG)
    put("text", "gb18030.log", LOG.encode("gb18030"))
    put("text", "mixed.log", LOG.encode() + LOG.encode("gb18030") + b"\xef\xbb\xbf\x81\x30\x81\x30\xff\n\n")
    put("csv", "quoted.csv", CSV)
    put("csv", "semicolon.csv", b"\xef\xbb\xbf" + CSV.replace(",", ";").replace("\n", "\r\n").encode())
    put("csv", "gb18030.tsv", CSV.replace(",", "\t").encode("gb18030"))
    put("ndjson", "lines.ndjson", '{"手机":"%s","n":%s,"a":[1e3,null,{"x":"\\u5f20\\ud83d\\ude00"}]}\n[]\n' % (PHONE, OTHER))
    put("ndjson", "document.json", '[\n {"mobile": "%s"},\n {"mobile": "\\u0031%s"}\n]\n' % (PHONE, PHONE[1:]))
    put(
        "pgdump",
        "copy.sql",
        "--\n-- PostgreSQL database dump\n--\n\nSET standard_conforming_strings = on;\n"
        "CREATE TABLE public.t (\n    id integer NOT NULL,\n    mobile character varying(20),\n    tags text[]\n);\n"
        "COPY public.t (id, mobile, tags) FROM stdin;\n1\t%s\t{a,\"b\\\\\\\\c\"}\n2\t\\N\t\\\\N\\t\n\\.\n\n"
        "INSERT INTO public.t VALUES (3, '%s', E'it''s\\n'), (4, NULL, $x$%s$x$);\n" % (PHONE, OTHER, PHONE),
    )
    put(
        "mysqldump",
        "insert.sql",
        "-- MySQL dump 10.13\n/*!40101 SET NAMES utf8mb4 */;\n"
        "CREATE TABLE `t` (\n  `id` int NOT NULL,\n  `mobile` varchar(32) DEFAULT NULL,\n  `b` blob\n) ENGINE=InnoDB;\n"
        "INSERT INTO `t` VALUES (1,'%s',0xDEADBEEF),(2,NULL,_binary 'a\\0\\'\\\\''');\n" % PHONE,
    )


def tables():
    table = pa.table(
        {
            "mobile": pa.array([PHONE, None, OTHER]),
            "number": pa.array([int(OTHER), 1, None], pa.int64()),
            "kind": pa.array([PHONE, "x", "x"]).dictionary_encode(),
            "list": pa.array([[PHONE], [], None], pa.list_(pa.string())),
            "person": pa.array([{"name": "张伟"}, None, {"name": None}], pa.struct([("name", pa.string())])),
        }
    )
    for name, options in {
        "plain": {"compression": "none", "use_dictionary": False},
        "pages2": {"compression": "zstd", "data_page_version": "2.0"},
        "snappy": {"compression": "snappy", "write_page_checksum": True},
    }.items():
        out = io.BytesIO()
        pa.parquet.write_table(table.drop_columns(["kind"]), out, store_schema=False, **options)
        put("parquet", f"{name}.parquet", out.getvalue())
    for name, opened, compression in [
        ("file.arrow", pa.ipc.new_file, None),
        ("packed.arrow", pa.ipc.new_file, "zstd"),
        ("stream.arrows", pa.ipc.new_stream, "lz4"),
    ]:
        out = io.BytesIO()
        with opened(out, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
            writer.write_table(table)
        put("arrow", name, out.getvalue())
    fields = [
        {"name": "mobile", "type": ["null", "string"]},
        {"name": "number", "type": "long"},
        {"name": "book", "type": {"type": "map", "values": {"type": "array", "items": "bytes"}}},
    ]
    schema = {"type": "record", "name": "a.R", "fields": fields}
    rows = [{"mobile": PHONE, "number": int(OTHER), "book": {"k": [b"x", PHONE.encode()]}}, {"mobile": None, "number": -1, "book": {}}]
    for codec in ["null", "deflate", "bzip2"]:
        out = io.BytesIO()
        fastavro.writer(out, schema, rows, codec=codec, sync_marker=b"0123456789abcdef")
        put("avro", f"{codec}.avro", out.getvalue())


def databases():
    for name, options in {"utf8": "", "utf16": "PRAGMA encoding = 'UTF-16le';"}.items():
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "a.db"
            connection = sqlite3.connect(path)
            connection.executescript(
                f"PRAGMA page_size = 512; {options}"
                "CREATE TABLE t(id INTEGER PRIMARY KEY, mobile TEXT UNIQUE, n);"
                f"INSERT INTO t VALUES (1, '{PHONE}', {OTHER}), (5, NULL, x'00ff'), (6, '{OTHER}', 1.5);"
                "CREATE TABLE w(a TEXT, b, PRIMARY KEY (a, b)) WITHOUT ROWID;"
                f"INSERT INTO w VALUES ('{PHONE}', 2);"
            )
            connection.close()
            put("sqlite", f"{name}.db", path.read_bytes())
    for path in (FIXTURES / "pgarchive").iterdir():
        if path.name.startswith("pg18"):
            put("pgarchive", path.name, path.read_bytes())


def archives():
    members = [("a.log", LOG), ("sub/b.csv", CSV), ("长" * 40 + ".txt", OTHER)]
    for kind, number in [("ustar", tarfile.GNU_FORMAT), ("pax", tarfile.PAX_FORMAT)]:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=number) as archive:
            for name, content in members:
                entry = tarfile.TarInfo(name)
                entry.size = len(content.encode())
                archive.addfile(entry, io.BytesIO(content.encode()))
            link = tarfile.TarInfo("link")
            link.type, link.linkname = tarfile.SYMTYPE, "a.log"
            archive.addfile(link)
        content = out.getvalue().rstrip(b"\0")
        put("tar", f"{kind}.tar", content + bytes(-len(content) % 512 + 1024))
    for name, method in [("stored", zipfile.ZIP_STORED), ("deflated", zipfile.ZIP_DEFLATED)]:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as archive:
            for member, content in members:
                archive.writestr(zipfile.ZipInfo(member), content, method)
        put("zip", f"{name}.zip", out.getvalue())
    for program, ending in [("gzip", "gz"), ("bzip2", "bz2"), ("xz", "xz"), ("zstd", "zst"), ("lz4", "lz4")]:
        packed = subprocess.run([program, "-c"], input=LOG.encode() * 3, capture_output=True, check=True).stdout
        put("decompress", f"log.{ending}", packed)


def workbooks():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "people"
    for row in [["name", "mobile", "note"], ["张伟", int(OTHER), "a"], ["李娜", PHONE, None]]:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    put("xlsx", "openpyxl.xlsx", out.getvalue())


texts()
tables()
workbooks()
databases()
archives()
