#!/bin/bash
# Four shares beside each other on one machine, by GNU parallel:  build/cluster/parallel.sh IN OUT
# With --sshlogin (and --wd . ) the same line runs on several machines that see IN, OUT and this folder at the same places.
set -euo pipefail
in=$(realpath "$1")
mkdir -p "$2/reports"
out=$(realpath "$2")
shares=4
run=$(date +%s)
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# A share in which files failed ends with 1: the others go on, and the reports say which.
parallel --jobs "$shares" --line-buffer --tagstring "{1}/$shares" \
  npm run --silent denoise -- "{2}" --out "{3}/clean" --shard "{1}/$shares" --threads 2 --device cpu \
  --report "{3}/reports/{1}-$run.json" \
  ::: $(seq "$shares") ::: "$in" ::: "$out" || echo "Not every share went well: $? of $shares." >&2
npm run --silent denoise -- merge-reports "$out"/reports/*.json --out "$out/all.json" --out "$out/all.html"
