#!/bin/sh
# daft 0.7.26 (Python), beside polars 2.1.0.
#
# A Zstandard file may have several frames, one after the other (RFC 8878, 3.1), as a gzip file may have members.
# Whoever appends to a compressed file, or joins the files of an hour, writes such files.
#
# Guessed: a reader of CSV and JSON lines reads all frames, as it reads all members of a gzip file.
# Seen: daft reads all members of a gzip file, and of a Zstandard file the first frame only: 2 of 4 rows, without a
# word. Polars reads all of both.
#
# Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet daft==0.7.26 polars==2.1.0 zstandard==0.25.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import gzip

import daft
import polars
import zstandard

JSON = (b'{"id": 1}\n{"id": 2}\n', b'{"id": 3}\n{"id": 4}\n')
CSV = (b"id\n1\n2\n", b"3\n4\n")
for name, parts in (("rows.jsonl", JSON), ("rows.csv", CSV)):
    for ending, compress in (("gz", gzip.compress), ("zst", zstandard.ZstdCompressor().compress)):
        with open(f"{name}.{ending}", "wb") as file:
            file.write(b"".join(map(compress, parts)))

READERS = {
    "daft": {
        "jsonl": lambda path: daft.read_json(path).to_pydict()["id"],
        "csv": lambda path: daft.read_csv(path).to_pydict()["id"],
    },
    "polars": {
        "jsonl": lambda path: polars.read_ndjson(path)["id"].to_list(),
        "csv": lambda path: polars.read_csv(path)["id"].to_list(),
    },
}
for kind in ("jsonl", "csv"):
    for ending in ("gz", "zst"):
        path = f"rows.{kind}.{ending}"
        found = {name: reader[kind](path) for name, reader in READERS.items()}
        print(path, found)
        assert found["polars"] == [1, 2, 3, 4]
        assert found["daft"] == ([1, 2] if ending == "zst" else [1, 2, 3, 4])
PYTHON
