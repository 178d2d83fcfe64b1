// Package given reads what Authelia's server is given when it starts.
package given

import (
	"os"
	"strings"

	"github.com/authelia/authelia/v4/internal/configuration"
	"github.com/authelia/authelia/v4/internal/configuration/schema"
)

// Configuration reads files with their filters, variables and secret files. It returns the keys that were set, too; what
// it finds wrong is the judge's.
func Configuration(files []string, judge *schema.StructValidator) (*schema.Configuration, []string, error) {
	filters, err := configuration.NewFileFilters(strings.Fields(os.Getenv("X_AUTHELIA_CONFIG_FILTERS")))
	if err != nil {
		return nil, nil, err
	}
	sources := configuration.NewDefaultSourcesWithDefaults(
		files, filters, configuration.DefaultEnvPrefix, configuration.DefaultEnvDelimiter, nil)
	definitions, err := configuration.LoadDefinitions(judge, sources...)
	if err != nil {
		return nil, nil, err
	}
	config := &schema.Configuration{}
	keys, err := configuration.LoadAdvanced(judge, "", config, definitions, sources...)
	return config, keys, err
}
