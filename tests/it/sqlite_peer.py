"""Makes SQLite databases with Python's own sqlite3, and holds the rewritten ones against them.

    sqlite_peer.py write FOLDER          databases to FOLDER/in, by an older SQLite than the program has
    sqlite_peer.py check FOLDER OUT      FOLDER/OUT against FOLDER/in
    sqlite_peer.py same FOLDER OUT       every value of FOLDER/OUT is that of FOLDER/in
"""
import pathlib
import sqlite3
import sys

PHONES = [f"1391234{n:04d}" for n in range(400)]
NEVER = [phone.encode(coding) for phone in PHONES + ["13987654321"] for coding in ("utf-8", "utf-16-le", "utf-16-be")]


def people(connection, mixed=True):
    connection.executescript("""
        CREATE TABLE people(
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            mobile TEXT UNIQUE,
            number INTEGER,
            remark TEXT,
            loose,
            amount REAL,
            masked TEXT GENERATED ALWAYS AS (substr(mobile, 1, 3) || '****') STORED,
            tail TEXT GENERATED ALWAYS AS (substr(mobile, -4)) VIRTUAL
        );
        CREATE INDEX by_number ON people(number);
        CREATE INDEX by_start ON people(substr(mobile, 1, 7)) WHERE remark IS NOT NULL;
        CREATE TABLE log(what TEXT);
        CREATE TRIGGER spy AFTER UPDATE ON people BEGIN INSERT INTO log VALUES (old.mobile); END;
        CREATE TABLE orders(phone TEXT NOT NULL, no INTEGER, PRIMARY KEY (phone, no)) WITHOUT ROWID;
        CREATE TABLE exact(id INTEGER PRIMARY KEY, mobile TEXT NOT NULL, loose ANY) STRICT;
        CREATE TABLE calls(id INTEGER PRIMARY KEY, mobile TEXT REFERENCES people(mobile) ON UPDATE CASCADE);
        CREATE VIEW both AS SELECT p.mobile, o.no FROM people p JOIN orders o ON o.phone = p.mobile;
    """)
    for n, phone in enumerate(PHONES):
        remark = [None, "", "无", f"电话{phone}，下午打"][n % 4]
        loose = [phone, int(phone), phone.encode(), None, 1.25][n % 5]
        row = (phone if n % 7 else None, int(phone) if n % 3 or not mixed else f"{phone[:3]}-{phone[3:7]}-{phone[7:]}", remark, loose, n / 8)
        connection.execute("INSERT INTO people(mobile, number, remark, loose, amount) VALUES (?,?,?,?,?)", row)
        connection.execute("INSERT INTO orders VALUES (?,?)", (phone, n))
        connection.execute("INSERT INTO exact(mobile, loose) VALUES (?,?)", (phone, [phone, n, None][n % 3]))
        connection.execute("INSERT INTO calls(mobile) VALUES (?)", (phone if n % 7 else None,))
    connection.execute("CREATE TABLE gone AS SELECT '13987654321' AS mobile")
    connection.execute("DROP TABLE gone")
    connection.commit()
    connection.execute("ANALYZE")


def exact(connection):
    people(connection, mixed=False)


def search(connection):
    connection.executescript("""
        CREATE TABLE notes(id INTEGER PRIMARY KEY, body TEXT);
        CREATE VIRTUAL TABLE found USING fts5(body, content='notes', content_rowid='id');
        CREATE TRIGGER notes_ai AFTER INSERT ON notes BEGIN INSERT INTO found(rowid, body) VALUES (new.id, new.body); END;
        CREATE TRIGGER notes_au AFTER UPDATE ON notes BEGIN
            INSERT INTO found(found, rowid, body) VALUES ('delete', old.id, old.body);
            INSERT INTO found(rowid, body) VALUES (new.id, new.body);
        END;
        CREATE VIRTUAL TABLE own USING fts5(title, body);
        CREATE VIRTUAL TABLE old USING fts4(title, body);
    """)
    for n, phone in enumerate(PHONES):
        connection.execute("INSERT INTO notes(body) VALUES (?)", (f"call {phone} number {n}",))
        connection.execute("INSERT INTO own VALUES (?,?)", (f"t{n}", f"call {phone} now"))
        connection.execute("INSERT INTO old VALUES (?,?)", (f"t{n}", f"call {phone} now"))
    connection.commit()


def write(folder):
    for name, pragma, fill in [
        ("plain", "PRAGMA page_size = 4096", people),
        ("small", "PRAGMA page_size = 512; PRAGMA auto_vacuum = FULL; PRAGMA user_version = 9; PRAGMA application_id = 3", exact),
        ("utf16", "PRAGMA encoding = 'UTF-16le'", people),
        ("wal", "PRAGMA journal_mode = WAL", exact),
        ("search", "PRAGMA page_size = 1024", search),
        ("search16", "PRAGMA encoding = 'UTF-16be'", search),
    ]:
        connection = sqlite3.connect(folder / f"{name}.db")
        connection.executescript(pragma)
        fill(connection)
        connection.close()


def tables(connection):
    names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").fetchall()
    # The parts of an index are made anew; their number may differ.
    return [name for (name,) in names if not name.startswith(("sqlite_stat", "found_", "own_", "old_"))]


def rows(connection, table):
    order = "ORDER BY no" if table == "orders" else "ORDER BY rowid"
    return connection.execute(f'SELECT * FROM "{table}" {order}').fetchall()


def fixed(connection):
    names = ["page_size", "encoding", "auto_vacuum", "user_version", "application_id", "journal_mode"]
    schema = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%'")
    return [connection.execute(f"PRAGMA {name}").fetchall() for name in names] + sorted(map(str, schema))


def check(source, target):
    names = sorted(path.name for path in target.glob("*.db"))
    assert len(names) > 2, names
    for path in [source / name for name in names]:
        content = (target / path.name).read_bytes()
        left = [needle for needle in NEVER if needle in content]
        assert not left, f"{path.name}: {len(left)} originals are left"
        old, new = sqlite3.connect(path), sqlite3.connect(target / path.name)
        assert fixed(old) == fixed(new), path.name
        assert new.execute("PRAGMA integrity_check").fetchall() == [("ok",)], path.name
        assert new.execute("PRAGMA foreign_key_check").fetchall() == [], path.name
        tokens = {}
        for table in tables(old):
            before, after = rows(old, table), rows(new, table)
            assert len(before) == len(after), (path.name, table)
            for one, other in zip(before, after):
                for value, token in zip(one, other):
                    assert type(value) is type(token), (path.name, table)
                    assert (value in (None, "", b"")) == (token in (None, "", b"")), (path.name, table)
                    if isinstance(value, str) and value in PHONES:
                        assert tokens.setdefault(value, token) == token != value, (path.name, table)
        assert len(set(tokens.values())) == len(tokens), path.name
        if "people" in tables(old):
            assert len(new.execute("SELECT * FROM both").fetchall()) == len(old.execute("SELECT * FROM both").fetchall())
            assert new.execute("SELECT count(*) FROM log").fetchone() == (0,)
            assert new.execute("SELECT count(*) FROM sqlite_stat1").fetchone()[0] > 0
        else:
            for table in ["found", "own", "old"]:
                body = new.execute(f"SELECT body FROM {table} WHERE rowid = 7").fetchone()[0].split()[1]
                hit = new.execute(f"SELECT rowid FROM {table} WHERE {table} MATCH ?", (f'"{body}"',)).fetchall()
                assert hit == [(7,)], (table, hit)
                new.execute(f"INSERT INTO {table}({table}) VALUES ('integrity-check')")
        print(path.name, "is right")


def same(source, target):
    for path in sorted(source.glob("*.db")):
        assert path.read_bytes() == (target / path.name).read_bytes(), path.name


if __name__ == "__main__":
    command, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    (folder / "in").mkdir(exist_ok=True)
    if command == "write":
        write(folder / "in")
    else:
        {"check": check, "same": same}[command](folder / "in", folder / sys.argv[3])
