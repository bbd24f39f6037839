#!/bin/bash
# Four shares beside each other on one machine, by GNU parallel:  build/cluster/parallel.sh IN OUT
# With --sshlogin the same line runs on several machines that see IN and OUT at the same place.
set -euo pipefail
in=$1
out=$2
shares=4
mkdir -p "$out/reports"
# Exit code 1 of a share means that some of its files failed: the reports say which.
parallel --jobs "$shares" --line-buffer --tag \
  npm run --silent denoise -- "{2}" --out "{3}/clean" --shard "{1}/$shares" --threads 2 --device cpu \
  --report "{3}/reports/{1}.json" \
  ::: $(seq "$shares") ::: "$in" ::: "$out" || true
npm run --silent denoise -- merge-reports "$out"/reports/*.json --out "$out/all.json" --out "$out/all.html"
