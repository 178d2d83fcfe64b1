// authelia-check judges files with Authelia's own reader, validator and access rules, without its OpenID Connect provider.
//
//	authelia-check config FILE...                                configuration with its variables and secret files
//	authelia-check users FILE                                    database of users
//	authelia-check policy FILE URL METHOD USER GROUP,... ADDRESS what it asks of a visitor
package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/authelia/authelia/v4/internal/authentication"
	"github.com/authelia/authelia/v4/internal/authorization"
	"github.com/authelia/authelia/v4/internal/configuration"
	"github.com/authelia/authelia/v4/internal/configuration/schema"
	"github.com/authelia/authelia/v4/internal/configuration/validator"
	"github.com/authelia/authelia/v4/internal/given"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

func run(words []string) error {
	switch {
	case len(words) >= 2 && words[0] == "config":
		_, err := load(words[1:])
		if err == nil {
			fmt.Println("ok")
		}
		return err
	case len(words) == 2 && words[0] == "users":
		if err := authentication.NewFileUserDatabase(words[1], false, false, nil).Load(); err != nil {
			return err
		}
		fmt.Println("ok")
		return nil
	case len(words) == 7 && words[0] == "policy":
		return policy(words[1], words[2], words[3], words[4], words[5], words[6])
	}
	return errors.New("usage: authelia-check config FILE... | users FILE | policy FILE URL METHOD USER GROUP,... ADDRESS")
}

// load reads configuration as the server does when it starts, and prints every warning.
func load(files []string) (*schema.Configuration, error) {
	judge := schema.NewStructValidator()
	config, keys, err := given.Configuration(files, judge)
	if err != nil {
		return nil, err
	}
	deprecated := configuration.GetMultiKeyMappedDeprecationKeys()
	validator.ValidateKeys(keys, deprecated, configuration.DefaultEnvPrefix, judge)
	validator.ValidateConfiguration(config, judge)
	for _, warning := range judge.Warnings() {
		fmt.Println("warning:", warning)
	}
	return config, errors.Join(judge.Errors()...)
}

// policy prints bypass, one_factor, two_factor or deny.
func policy(file, address, method, user, groups, client string) error {
	config, err := load([]string{file})
	if err != nil {
		return err
	}
	target, err := url.Parse(address)
	if err != nil {
		return err
	}
	subject := authorization.Subject{Username: user, IP: net.ParseIP(client)}
	if groups != "" {
		subject.Groups = strings.Split(groups, ",")
	}
	object := authorization.NewObject(target, method)
	_, level := authorization.NewAuthorizer(config).GetRequiredLevel(subject, object)
	fmt.Println(level)
	return nil
}
