// Writes tests/prometheus/numbers.txt: floating-point numbers, by their bits, as
// Go's strconv writes them.
//
//	go run tests/prometheus/numbers.go > tests/prometheus/numbers.txt
package main

import (
	"fmt"
	"math"
	"math/rand"
	"strconv"
)

func main() {
	values := []float64{
		0, math.Copysign(0, -1), 1, -1, math.Inf(1), math.Inf(-1), math.NaN(),
		math.MaxFloat64, math.SmallestNonzeroFloat64, 0x1p-1022,
		1e-5, 5e-5, 0.0001, 0.00099, 0.001, 0.3, 65536, 262144, 1048576, 4294967296,
		999999, 999999.5, 1e6, 1e21, 1e22, 1e100, 9007199254740993, 52.09275054499999,
	}
	random := rand.New(rand.NewSource(7))
	for i := 0; i < 1000; i++ {
		values = append(values, math.Float64frombits(random.Uint64()))
		values = append(values, math.Pow(10, float64(random.Intn(24)-9))*random.Float64())
		values = append(values, float64(random.Int63n(1<<uint(1+random.Intn(60)))))
	}
	for _, value := range values {
		text := strconv.FormatFloat(value, 'g', -1, 64)
		fmt.Printf("%016x %s\n", math.Float64bits(value), text)
	}
}
