#!/usr/bin/env bash
# Instructions per byte of a scan, counted by valgrind's callgrind: times mean nothing on a shared machine, these counts
# repeat to half a percent (the seeds of hash tables are drawn anew in each run). The count of scanning the first megabyte
# of the sample by itself is taken off, and with it start-up and what is built when it is first needed: what is left is
# what each further byte costs. Start-up, the scan of an empty file, is printed by itself.
#
#     benches/instructions.sh             # prints the table: whole scan, and the functions of which it is made
#     benches/instructions.sh --check     # fails when scanning `mix` costs over 5 % more than benches/instructions.txt says
#     benches/instructions.sh --update    # writes benches/instructions.txt
#
# valgrind runs as a processor with AVX2 and without AVX-512, so it is the AVX2 path that is counted, on any machine that
# has AVX2. Counts change a little with the compiler, the C library and the reference tables: update the file, by
# itself, when those change.
#
# `quiet` are the lines of `mix` without a match: what a scan costs that finds nothing.
#
# The functions are those of the crate that were not inlined; what was inlined counts to its caller. Each count includes
# what the function calls, so the lines do not add up.
#
# MEGABYTES  size of the samples (5)     SEED  of the samples (20260312)     DATA  where they go (target/bench)
set -euo pipefail
cd "$(dirname "$0")/.."

action=${1:---print}
case $action in --print | --check | --update) ;; *) echo "usage: benches/instructions.sh [--check|--update]" >&2; exit 2 ;; esac
command -v valgrind >/dev/null || { echo 'valgrind is missing: apt-get install valgrind' >&2; exit 1; }

built=${CARGO_TARGET_DIR:-target}
megabytes=${MEGABYTES:-5} seed=${SEED:-20260312} data=${DATA:-target/bench}/instructions
mkdir -p "$data"
cargo build --locked --quiet --example generate
cargo build --locked --profile profiling --quiet --bin tuomin
# Without line numbers: with them, callgrind counts a function once for each file that it has inlined code of.
strip --strip-debug -o "$data/tuomin" "$built/profiling/tuomin"
for kind in mix dense; do
    "$built/debug/examples/generate" $kind --megabytes "$megabytes" --seed "$seed" --output "$data/$kind.log" >/dev/null
    head -c 1000000 "$data/$kind.log" | sed '$d' >"$data/$kind-head.log"
done
# What is paid for finding nothing: the lines of `mix` without a match.
"$data/tuomin" scan -q --threads 1 --format text --matches - "$data/mix.log" | grep -o '"line":[0-9]*' | cut -d : -f 2 |
    awk 'NR == FNR { held[$1]; next } !(FNR in held)' - "$data/mix.log" >"$data/quiet.log"
head -c 1000000 "$data/quiet.log" | sed '$d' >"$data/quiet-head.log"
: >"$data/empty.log"

# Counts the scan of a sample: sets `counted`.
count() {
    local profile=$data/$1.callgrind
    rm -f "$profile"*
    valgrind --tool=callgrind --callgrind-out-file="$profile" --log-file="$data/$1.valgrind" \
        "$data/tuomin" scan -q --threads 1 --format text "$data/$1.log" >/dev/null
    counted=$(awk '/^(summary|totals):/ { print $2; exit }' "$profile")
}

per_byte() {
    LC_ALL=C awk -v count="$1" -v bytes="$2" 'BEGIN { printf "%.2f", count / bytes }'
}

# Counts of the crate's functions.
functions() {
    callgrind_annotate --inclusive=yes --threshold=100 --auto=no "$data/$1.callgrind" |
        LC_ALL=C awk '
            /tuomin::/ {
                count = name = $0
                sub(/ *\(.*/, "", count)
                gsub(/[ ,]/, "", count)
                sub(/^[^)]*\) +/, "", name)
                sub(/^[^:]*:/, "", name)
                sub(/ \[[^]]*\]$/, "", name)
                if (count > counts[name]) counts[name] = count + 0
            }
            END { for (name in counts) printf "%.0f\t%s\n", counts[name], name }'
}

# The functions that cost most, with what they call and without what they cost in the first megabyte.
stages() {
    functions "$1-head" >"$data/head.functions"
    functions "$1" |
        LC_ALL=C awk -F '\t' -v bytes="$2" '
            NR == FNR { before[$2] = $1; next }
            $2 ~ /tuomin::(detect|format|pipeline|report|rule|source|validate)::/ {
                each = ($1 - before[$2]) / bytes
                if (each >= 0.2) printf "%.2f\t| `%s` | %.2f |\n", each, $2, each
            }' "$data/head.functions" - |
        LC_ALL=C sort -rn | awk -F '\t' 'NR <= 40 { print $2 }'
}

count empty
echo "start-up: $counted instructions"
declare -A cost
for kind in mix dense quiet; do
    count $kind-head
    first=$counted
    count $kind
    bytes=$(($(stat -c %s "$data/$kind.log") - $(stat -c %s "$data/$kind-head.log")))
    cost[$kind]=$(per_byte $((counted - first)) "$bytes")
    printf '\n| %s (%s bytes) | instructions a byte |\n|---|---|\n| **scan, the first megabyte taken off** | **%s** |\n' \
        "$kind" "$bytes" "${cost[$kind]}"
    [ "$action" = --check ] || stages $kind "$bytes"
done

committed=benches/instructions.txt
case $action in
--update)
    {
        echo '# Instructions a byte, the first megabyte taken off: written by benches/instructions.sh --update.'
        for kind in mix dense; do echo "$kind ${cost[$kind]}"; done
    } >"$committed"
    ;;
--check)
    held=$(awk '$1 == "mix" { print $2 }' "$committed")
    [ -n "$held" ] || { echo "$committed holds no figure for mix" >&2; exit 1; }
    LC_ALL=C awk -v now="${cost[mix]}" -v held="$held" 'BEGIN { exit !(now <= held * 1.05) }' || {
        echo "scanning mix costs ${cost[mix]} instructions a byte, over 5 % more than the $held in $committed" >&2
        exit 1
    }
    printf '\nmix: %s instructions a byte, %s committed\n' "${cost[mix]}" "$held"
    ;;
esac
