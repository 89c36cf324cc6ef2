#!/usr/bin/env bash
# Measures tuomin against its peers, side by side in one run, and writes benches/RESULTS.md.
#
#     benches/compare.sh                                   # as the figures are published: takes about half an hour
#     MEGABYTES=60 TABLE_MEGABYTES=120 ROUNDS=3 RESULTS=/tmp/results.md benches/compare.sh
#
# The commands of a comparison take turns (A B A B …), because machines get faster and slower; the least time of each is
# compared, and the median is given beside it. Files are in the page cache. See `generate` for what is in them.
#
# The peers: `wc -l` (what reading costs), ripgrep and DuckDB with the twelve patterns of benches/patterns.txt, one a
# line, in the order mobile, ID of 18, ID of 15, card, IMEI, MAC, IPv4, IPv6, e-mail, landline, address, name behind a
# label. They are raw: no checksum, no register, no boundary, no label, so they find far more, and less that is true.
# Characters outside ASCII are written as UTF-8 bytes there, for --no-unicode; DuckDB gets them as characters.
#
# MEGABYTES        size of mix, dense and the dump (500)      ROUNDS       turns of quick commands, at least 5 (7)
# TABLE_MEGABYTES  Parquet table, in memory (1000)            SLOW_ROUNDS  turns of slow ones (3)
# RESULTS          where the table goes (benches/RESULTS.md)  SEED         of the data (20260312)
# DATA             where the data goes (target/bench)
#
# Needs wc, rg and python3; puts DuckDB into target/bench-venv. Installs nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."

export MEGABYTES=${MEGABYTES:-500} TABLE_MEGABYTES=${TABLE_MEGABYTES:-1000} SEED=${SEED:-20260312}
export ROUNDS=${ROUNDS:-7} SLOW_ROUNDS=${SLOW_ROUNDS:-3}
export RESULTS=${RESULTS:-benches/RESULTS.md} DATA=${DATA:-target/bench}

for program in cargo wc python3; do
    command -v "$program" >/dev/null || { echo "$program is missing" >&2; exit 1; }
done
command -v rg >/dev/null || { echo 'rg is missing: apt-get install ripgrep, or cargo install ripgrep' >&2; exit 1; }

cargo build --locked --release --quiet --bin tuomin
cargo build --locked --release --quiet --example generate

venv=target/bench-venv
if ! "$venv/bin/python" -c 'import duckdb' 2>/dev/null; then
    python3 -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$(grep '^duckdb==' .ci/requirements.txt)"
fi

mkdir -p "$DATA"
generate() {
    target/release/examples/generate "$@" --seed "$SEED"
}
generate mix --megabytes "$MEGABYTES" --output "$DATA/mix.log"
# Growth is measured upwards: in a tenth of mix the start-up alone would be a fifth of the time.
generate mix --megabytes $((MEGABYTES * 10)) --output "$DATA/mix-tenfold.log"
generate dense --megabytes "$MEGABYTES" --output "$DATA/dense.log"
generate copy --megabytes "$MEGABYTES" --output "$DATA/dump.sql"
generate table --megabytes "$TABLE_MEGABYTES" --output "$DATA/table.parquet" | tee "$DATA/table.txt"
rm -rf "$DATA/rules"
generate rules --output "$DATA/rules"
target/release/tuomin rules test --rules "$DATA/rules"
: >"$DATA/empty"
[ -e "$DATA/key" ] || target/release/tuomin key new "$DATA/key"

exec "$venv/bin/python" benches/compare.py
