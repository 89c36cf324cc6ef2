"""Runs Presidio's pattern recognizers over the corpus that `accuracy --write` wrote, and counts as accuracy does.

    python presidio.py corpus.ndjson

Presidio has no recognizer of its own for Chinese data, and models for Chinese names are nothing that a package index
holds. So what is run is every pattern recognizer that Presidio registers for all languages or for English, over the
tokens of spaCy's blank pipelines, with the telephone recognizer told that numbers are Chinese; recognizers that need a
model are left out, and dates, URLs and UUIDs passed over. A line, a row or a JSON object is one text, as Presidio has no notion of columns or keys.
"""

import json
import sys
import time
from importlib.metadata import version

import spacy
import tldextract
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine
from presidio_analyzer.predefined_recognizers import PhoneRecognizer, SpacyRecognizer

# The list of domains that the package brings; it would fetch a newer one.
tldextract.extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)

LEAST = 0.6
# Not personal data by themselves, so neither right nor wrong.
PASSED_OVER = {"DATE_TIME", "URL", "UUID"}
# Their entity types, and those of ours that they are right for.
SAME = {
    "CREDIT_CARD": {"BANK_CARD"},
    "EMAIL_ADDRESS": {"EMAIL_ADDRESS", "ALIPAY_ACCOUNT"},
    "IP_ADDRESS": {"IP_ADDRESS"},
    "PHONE_NUMBER": {"CN_MOBILE_PHONE", "CN_LANDLINE_PHONE", "SERVICE_PHONE", "ALIPAY_ACCOUNT"},
    "MAC_ADDRESS": {"MAC_ADDRESS"},
}
SHOWN = ["BANK_CARD", "EMAIL_ADDRESS", "IP_ADDRESS", "CN_MOBILE_PHONE", "CN_LANDLINE_PHONE", "MAC_ADDRESS"]


class Blank(NlpEngine):
    """spaCy's tokens without a model."""

    def __init__(self):
        self.nlp = spacy.blank("en")

    def load(self):
        pass

    def is_loaded(self):
        return True

    def process_text(self, text, language):
        tokens = self.nlp(text)
        return NlpArtifacts([], tokens, [token.idx for token in tokens], [token.text for token in tokens], self, language)

    def process_batch(self, texts, language, **_):
        return ((text, self.process_text(text, language)) for text in texts)

    def is_stopword(self, word, language):
        return False

    def is_punct(self, word, language):
        return not word.isalnum()

    def get_supported_entities(self):
        return []

    def get_supported_languages(self):
        return ["en"]


def engine():
    registry = RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(languages=["en"])
    registry.recognizers = [
        one for one in registry.recognizers if not isinstance(one, (SpacyRecognizer, PhoneRecognizer))
    ]
    registry.add_recognizer(PhoneRecognizer(supported_regions=["CN"], supported_language="en"))
    return AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["en"])


def lines(document):
    """Each line of a document with the spans in it, in characters of the line."""
    start, spans = 0, document["spans"]
    at = 0
    for line in document["text"].split("\n"):
        end = start + len(line)
        inside = []
        while at < len(spans) and spans[at]["start"] < end:
            one = spans[at]
            inside.append({**one, "start": one["start"] - start, "end": one["end"] - start})
            at += 1
        yield line, inside
        start = end + 1


def overlap(one, other):
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))


def score(corpus, least):
    analyzer = engine()
    planted, found, right, wrong = {}, {}, {}, {}
    size = leaked = characters = 0
    began = time.monotonic()
    with open(corpus, encoding="utf-8") as source:
        for document in map(json.loads, source):
            if document["half"] != "judging":
                continue
            for line, spans in lines(document):
                characters += len(line)
                results = [r for r in analyzer.analyze(line, language="en") if r.score >= least and r.entity_type not in PASSED_OVER]
                for span in spans:
                    if span["optional"]:
                        continue
                    entity, place = span["entity"], (span["start"], span["end"])
                    planted[entity] = planted.get(entity, 0) + 1
                    same = [r for r in results if entity in SAME.get(r.entity_type, ())]
                    hit = any(overlap(place, (r.start, r.end)) * 2 >= place[1] - place[0] for r in same)
                    found[entity] = found.get(entity, 0) + hit
                    covered = set()
                    for r in results:
                        covered.update(range(max(place[0], r.start), min(place[1], r.end)))
                    size += place[1] - place[0]
                    leaked += place[1] - place[0] - len(covered)
                for r in results:
                    over = [s for s in spans if overlap((s["start"], s["end"]), (r.start, r.end)) > 0]
                    good = [s for s in over if s["entity"] in SAME.get(r.entity_type, ())
                            and overlap((s["start"], s["end"]), (r.start, r.end)) * 2 >= r.end - r.start]
                    if good and all(s["optional"] for s in good):
                        continue
                    table = right if good else wrong
                    table[r.entity_type] = table.get(r.entity_type, 0) + 1
    return planted, found, right, wrong, leaked / max(size, 1), characters, time.monotonic() - began


def main():
    corpus = sys.argv[1]
    print(f"presidio-analyzer {version('presidio-analyzer')}, spaCy {version('spacy')} (blank), "
          f"phonenumbers {version('phonenumbers')}.\n")
    print("| entity type | planted | recall, score ≥ 0.6 | precision | recall, score ≥ 0.35 | precision |")
    print("|---|---|---|---|---|---|")
    runs = [score(corpus, LEAST), score(corpus, 0.35)]
    theirs = {ours: name for name, set_ in SAME.items() for ours in set_ if ours in SHOWN}
    for entity in SHOWN:
        row = [entity, str(runs[0][0].get(entity, 0))]
        for planted, found, right, wrong, *_ in runs:
            name = theirs[entity]
            all_ = right.get(name, 0) + wrong.get(name, 0)
            row.append(f"{found.get(entity, 0) / max(planted.get(entity, 0), 1):.4f}")
            row.append(f"{right.get(name, 0) / all_:.4f}" if all_ else "no match")
        print("| " + " | ".join(row) + " |")
    for (_, _, right, wrong, leaked, characters, seconds), least in zip(runs, (LEAST, 0.35)):
        total = sum(wrong.values())
        print(f"\nScore ≥ {least}: {sum(right.values())} right matches, {total} wrong or false "
              f"({', '.join(f'{name} {count}' for name, count in sorted(wrong.items(), key=lambda one: -one[1])[:6])}); "
              f"{leaked:.2%} of the characters of planted values covered by nothing; "
              f"{characters / 1e6 / seconds:.3f} million characters a second.")


main()
