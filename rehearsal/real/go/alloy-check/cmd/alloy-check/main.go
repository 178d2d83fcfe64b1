// alloy-check parses Alloy's configuration files: their syntax; the components in them are not known here.
package main

import (
	"fmt"
	"os"

	"github.com/grafana/alloy/syntax/parser"
)

func main() {
	for _, path := range os.Args[1:] {
		text, err := os.ReadFile(path)
		if err == nil {
			_, err = parser.ParseFile(path, text)
		}
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
}
