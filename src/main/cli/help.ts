export const HELP = `Takes the noise out of speech recordings.

  npm run denoise -- INPUT... [options]
  npm run denoise -- merge-reports A.json B.json ... --out ALL.json

INPUT is a file or a folder; folders are taken with all that is in them.

  --out DIR                   where the clean files go, tree and names kept;
                              without it beside each source, as name.clean.ext
  --no-recursive              leave sub-folders alone
  --include PATTERN           of folders only files like this: '*.wav', 'takes/**'
  --exclude PATTERN           none like this; both may be repeated
  --on-exists WHAT            skip (default), changed (made anew where the source or
                              a setting that is heard changed), rename or overwrite
  --dry-run                   only say what would be written, and the room it takes
  --watch                     go on with what comes into the folders, each file once
                              it no longer changes, until Ctrl-C; results as with
                              --on-exists changed
  --watch-every SECONDS       how often it looks (default 2)
  --model ID|FILE.onnx        a bundled or installed model, or a model file
                              (default frcrn-lite; npm run model -- list)
  --precision NAME            fp32 (default) or fp16, where the model has it and it
                              was found as good on the device
  --data DIR                  where installed models are (default: the app's)
  --device NAME               auto (default), cpu, webgpu, cuda, dml or coreml
  --join WAY                  carried (default) or overlap
  --chunk-seconds N           audio in one run (default 1 for frcrn-lite, 0.5 for
                              other models, 2 overlapped)
  --overlap-seconds N         of it shared with the next (default 0.5; overlap only)
  --batch N                   lanes in one run (default 1)
  --budget-mb N               memory the engine may take: chunk and batch are
                              chosen to fit, and to be fast
  --threads N                 of one run (default: one a core)
  --strength PERCENT          how much of the noise is taken away (default 100)
  --floor-db N                noise is lowered by no more than N dB
  --keep-mb N                 keeps what the model gave in the data folder, up to N MB:
                              a later run with another strength, floor, format or
                              loudness takes it from there (default 0: nothing)
  --name PATTERN              what outputs are called, of {name}, {folder}, {date},
                              {n} (the file's number in this run) and {model}
                              (default {name} in DIR, else {name}.clean)
  --format NAME               source (default: what came in), wav16, wav24, wav32f,
                              flac, mp3, m4a or opus
  --quality NAME              small, standard (default) or high: of lossy formats
  --video WAY                 of films: replace (default: their sound), add (the
                              clean sound beside their own) or sound (only that)
  --audio-track N             of files with several tracks of sound the N-th (default: the
                              one that players take); other tracks of films are copied
  --above-8k WAY              of sources over 16 kHz, what lies over 8 kHz: keep (default;
                              quieter where the model lowers what is below), remove, or
                              16k (the result has a rate of 16 kHz)
  --channels WAY              linked (default: left and right share one gain, so that
                              voices stay in place), each (on its own) or mono (mixed)
  --loudness WAY              restore (default: levels as they were), match (the
                              source's loudness) or target
  --target-lufs N             of target, integrated (EBU R128; default -16)
  --true-peak-db N|off        no true peak over it: a file is turned down for that
                              (default -1 for match and target, else off)
  --new-times                 outputs get the time of now, not their sources'
  --shard K/N                 the K-th of N shares of the files, for several machines
  --ffmpeg FILE               the ffmpeg program (default: the app's, else on PATH)
  --report FILE               what became of every file, with levels, times and memory;
                              FILE ends in .json, .csv or .html; may be repeated
  --quiet                     errors only
  --doctor                    looks at the program and this machine, with a self-test,
                              and says what is wrong and what to do; no INPUT
  --json                      with --doctor: the same as JSON
  --help, --version

Exit code: 0 all done or skipped, 1 some failed or something is wrong, 2 wrong use, 130 cancelled.
`
