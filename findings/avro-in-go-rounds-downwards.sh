#!/bin/sh
# goavro 2.15.0 (of LinkedIn) and hamba/avro 2.31.0: Avro's two libraries for Go.
#
# Guessed: a number of more digits than the scale of its decimal is refused, as Java and Python refuse it, or rounded to
# the nearest.
# Seen: both take it and round towards minus infinity, without an error: 1.009 of scale 2 becomes 1.00, and -1.009
# becomes -1.01. A debit of 0.001 becomes nothing, the credit that cancels it a whole cent, so that entries which add up
# to zero in the source do not in the lake, by up to a cent an entry and always to the same side.
#
# Needs Go. Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export GOPATH="$folder/go" GOCACHE="$folder/cache" GOFLAGS="-mod=mod -modcacherw"
cat > go.mod <<'GO'
module rounds

go 1.24

require (
	github.com/hamba/avro/v2 v2.31.0
	github.com/linkedin/goavro/v2 v2.15.0
)
GO
cat > main.go <<'GO'
package main

import (
	"fmt"
	"math/big"

	hamba "github.com/hamba/avro/v2"
	"github.com/linkedin/goavro/v2"
)

const schema = `{"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}`

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	codec, err := goavro.NewCodec(schema)
	must(err)
	parsed := hamba.MustParse(schema)
	for _, text := range []string{"1.25", "-1.25", "1.009", "-1.009", "0.001", "-0.001"} {
		number, _ := new(big.Rat).SetString(text)
		bytes, err := codec.BinaryFromNative(nil, number)
		must(err)
		first, _, err := codec.NativeFromBinary(bytes)
		must(err)
		bytes, err = hamba.Marshal(parsed, number)
		must(err)
		var second *big.Rat
		must(hamba.Unmarshal(parsed, bytes, &second))
		fmt.Println(text, first.(*big.Rat).FloatString(4), second.FloatString(4))
	}
}
GO
go run . > seen.txt
cat seen.txt
diff seen.txt - <<'EXPECTED'
1.25 1.2500 1.2500
-1.25 -1.2500 -1.2500
1.009 1.0000 1.0000
-1.009 -1.0100 -1.0100
0.001 0.0000 0.0000
-0.001 -0.0100 -0.0100
EXPECTED
