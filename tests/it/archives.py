"""Makes and reads archives with Python's own modules: `make FOLDER`, `hostile FOLDER`, `dump ARCHIVE` (JSON of names, contents, heads)."""

import gzip, hashlib, io, json, os, sys, tarfile, zipfile

CSV = "name,mobile\n张伟,13800138000\n李娜,13912345678\n"
LOG = "2024-01-01 用户手机13912345678已绑定\n身份证 11010519491231002X\n"


def members():
    big = "".join(f"{n},13912345678,张伟\n" for n in range(60000))
    return [
        ("data/people.csv", CSV.encode()),
        ("data/empty.csv", b""),
        ("日志/app.log", LOG.encode()),
        ("big.csv", ("id,mobile,name\n" + big).encode()),
        ("packed/app.log.gz", gzip.compress(LOG.encode())),
        ("x" * 120 + "/long.log", LOG.encode()),
    ]


def tar_bytes(format, names=None):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as archive:
        folder = tarfile.TarInfo("data")
        folder.type, folder.mode, folder.mtime = tarfile.DIRTYPE, 0o750, 1_700_000_001
        archive.addfile(folder)
        for name, content in members() if names is None else names:
            info = tarfile.TarInfo(name)
            info.size, info.mode, info.mtime = len(content), 0o640, 1_700_000_000 + (0.25 if format == tarfile.PAX_FORMAT else 0)
            info.uid, info.gid, info.uname, info.gname = 1000, 100, "app", "users"
            archive.addfile(info, io.BytesIO(content))
        for name, kind, target in [("link", tarfile.SYMTYPE, "/etc/passwd"), ("hard", tarfile.LNKTYPE, "data/people.csv")]:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            archive.addfile(info)
    return out.getvalue()


def zip_bytes(method, streamed=False, names=None, comment=b"a comment"):
    out = io.BytesIO()
    target = out
    if streamed:
        class Pipe(io.RawIOBase):
            def writable(self): return True
            def write(self, data): return out.write(data)
        target = Pipe()
    with zipfile.ZipFile(target, "w", method) as archive:
        archive.comment = comment
        if names is None:
            archive.writestr(zipfile.ZipInfo("data/"), b"")
        for name, content in members() if names is None else names:
            info = zipfile.ZipInfo(name, (2024, 1, 2, 3, 4, 6))
            info.external_attr, info.compress_type, info.comment = 0o640 << 16, method, b"of a member"
            with archive.open(info, "w", force_zip64=name == "big.csv") as file:
                file.write(content)
        if names is None:
            link = zipfile.ZipInfo("link")
            link.create_system, link.external_attr = 3, 0o120777 << 16
            archive.writestr(link, "/etc/passwd")
    return out.getvalue()


def make(folder):
    def put(name, content):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)

    for name, format in [("gnu", tarfile.GNU_FORMAT), ("pax", tarfile.PAX_FORMAT)]:
        put(f"{name}.tar", tar_bytes(format))
    short = members()[:5]
    put("ustar.tar", tar_bytes(tarfile.USTAR_FORMAT, short))
    put("stored.zip", zip_bytes(zipfile.ZIP_STORED))
    put("deflated.zip", zip_bytes(zipfile.ZIP_DEFLATED))
    put("streamed.zip", zip_bytes(zipfile.ZIP_DEFLATED, streamed=True))
    inner = zip_bytes(zipfile.ZIP_DEFLATED, names=members()[:1])
    put("nested.tar", tar_bytes(tarfile.GNU_FORMAT, [("in.zip", inner), ("in.tar.gz", gzip.compress(tar_bytes(tarfile.GNU_FORMAT, short)))]))


def hostile(folder):
    """Archives that one program reads in this way and another in that."""
    import struct, warnings

    def put(name, content):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)

    one = [("a.csv", CSV.encode())]
    two = one + [("b.log", LOG.encode())]
    plain = zip_bytes(zipfile.ZIP_STORED, names=two)
    directory = plain.index(b"PK\1\2")
    end = plain.rindex(b"PK\5\6")

    def with_gap(at, filler):
        # Bytes that no entry leads to, before the directory.
        moved = bytearray(plain[:at] + filler + plain[at:])
        struct.pack_into("<I", moved, end + len(filler) + 16, directory + len(filler))
        return bytes(moved)

    put("gap.zip", with_gap(directory, b"\0" * 16))
    put("hidden.zip", with_gap(directory, zip_bytes(zipfile.ZIP_STORED, names=one)[:-22 - len(b"a comment")]))
    overlap = bytearray(plain)
    second = plain.index(b"PK\1\2", directory + 4)
    struct.pack_into("<I", overlap, second + 42, 0)
    put("overlap.zip", bytes(overlap))
    inner = zip_bytes(zipfile.ZIP_STORED, names=[], comment=b"")
    put("two-ends.zip", zip_bytes(zipfile.ZIP_STORED, names=one, comment=inner))
    put("comment.zip", zip_bytes(zipfile.ZIP_STORED, names=one, comment="手机 13812345678".encode()))
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("a.csv", CSV)
            archive.writestr("a.csv", CSV)
    put("twice.zip", out.getvalue())
    put("folder.zip", zip_bytes(zipfile.ZIP_STORED, names=[("data/", b"13800138000")]))
    put("lzma.zip", zip_bytes(zipfile.ZIP_LZMA, names=one))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("a.csv")
        info.comment = "手机 13812345678".encode()
        archive.writestr(info, CSV)
    put("member-comment.zip", out.getvalue())


def heads_of_tar(data):
    found = []
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for info in archive:
            content = archive.extractfile(info).read() if info.isreg() else b""
            head = [info.name, info.type.decode(), info.mode, info.uid, info.gid, info.uname, info.gname, float(info.mtime), info.linkname]
            found.append((head, content))
    return found


def heads_of_zip(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        found = []
        for info in archive.infolist():
            head = [info.filename, info.date_time, info.compress_type, info.external_attr, info.create_system, info.comment.hex()]
            found.append((head, archive.read(info)))
        found.append((["the archive", archive.comment.hex()], b""))
        return found


def dump(path):
    with open(path, "rb") as file:
        data = file.read()

    def walk(data):
        if data[:2] == b"\x1f\x8b":
            yield from walk(gzip.decompress(data))
        elif data[:2] == b"PK":
            for head, content in heads_of_zip(data):
                yield head, content
                yield from walk(content)
        elif data[257:262] == b"ustar":
            for head, content in heads_of_tar(data):
                yield head, content
                yield from walk(content)
        elif data:
            yield ["text"], data

    shown = []
    for head, content in walk(data):
        is_packed = content[:2] in (b"PK", b"\x1f\x8b") or content[257:262] == b"ustar"
        shown.append({"head": head, "sha256": None if is_packed else hashlib.sha256(content).hexdigest(),
                      "text": content.decode("utf-8", "replace") if not is_packed and len(content) < 4000 else "",
                      "holds": [v for v in ("13800138000", "13912345678", "11010519491231002X", "张伟") if v.encode() in content]})
    json.dump(shown, sys.stdout)


if __name__ == "__main__":
    {"make": make, "hostile": hostile, "dump": dump}[sys.argv[1]](sys.argv[2])
