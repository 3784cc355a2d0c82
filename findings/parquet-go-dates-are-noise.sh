#!/bin/sh
# parquet-go 0.32.0 (Go), read by itself and by pyarrow 26.0.1.
#
# Guessed: a field of type time.Time with the tag `parquet:"day,date"`, which its documentation names for DATE, is
# written as days since 1970.
# Seen: it writes the lower 32 bits of the nanoseconds since 1970: 14 November 2025 becomes a day 3.7 million years
# ago, and the day after it one in 2.9 million years. There is no error, whoever reads gets the same number, and what
# day it was is lost. It is the same with *time.Time; the tag `timestamp` on the same type is right.
#
# Needs Go and Python. Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export GOPATH="$folder/go" GOCACHE="$folder/cache" GOFLAGS="-mod=mod -modcacherw"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyarrow==26.0.1
cat >go.mod <<'GO'
module days

go 1.24

require github.com/parquet-go/parquet-go v0.32.0
GO
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/parquet-go/parquet-go"
)

type row struct {
	Day     time.Time  `parquet:"day,date"`
	Pointer *time.Time `parquet:"pointer,date,optional"`
	Time    time.Time  `parquet:"time,timestamp(millisecond)"`
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	file, err := os.Create("days.parquet")
	must(err)
	writer := parquet.NewGenericWriter[row](file)
	for _, day := range []int{14, 15} {
		time := time.Date(2025, 11, day, 0, 0, 0, 0, time.UTC)
		_, err := writer.Write([]row{{time, &time, time}})
		must(err)
	}
	must(writer.Close())
	must(file.Close())
	rows, err := parquet.ReadFile[row]("days.parquet")
	must(err)
	for _, row := range rows {
		fmt.Println(row.Day.Year(), row.Time.Format("2006-01-02"))
	}
}
GO
go run . >seen.txt
venv/bin/python - >>seen.txt <<'PYTHON'
import pyarrow
import pyarrow.parquet

table = pyarrow.parquet.read_table("days.parquet")
print(table["day"].type, table["day"].cast(pyarrow.int32()).to_pylist())
print(table["pointer"].type, table["pointer"].cast(pyarrow.int32()).to_pylist())
PYTHON
cat seen.txt
diff seen.txt - <<'EXPECTED'
-3711185 2025-11-14
2963486 2025-11-15
date32[day] [-1356201984, 1081671680]
date32[day] [-1356201984, 1081671680]
EXPECTED
