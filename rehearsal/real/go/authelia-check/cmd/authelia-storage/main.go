// authelia does with Authelia's own code what its server and its command of this name do with the database, without the
// server's OpenID Connect provider.
//
//	authelia                                                       opens the database as the server does, and stays
//	authelia storage encryption check                              says whether the key opens it
//	authelia storage encryption change-key --new-encryption-key X  encrypts it anew
//	authelia second-factor USER [SECRET]                           sets one, or prints it
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/authelia/authelia/v4/internal/configuration/schema"
	"github.com/authelia/authelia/v4/internal/configuration/validator"
	"github.com/authelia/authelia/v4/internal/given"
	"github.com/authelia/authelia/v4/internal/model"
	"github.com/authelia/authelia/v4/internal/storage"
)

const newKeyFlag = "--new-encryption-key"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

func run(words []string) error {
	store, err := open()
	if err != nil {
		return err
	}
	defer store.Close()
	ctx := context.Background()
	command := strings.Join(words, " ")
	switch {
	case len(words) == 0:
		return serve(store)
	case command == "storage encryption check":
		return check(ctx, store)
	case len(words) == 5 && strings.HasPrefix(command, "storage encryption change-key "+newKeyFlag+" "):
		return store.SchemaEncryptionChangeKey(ctx, words[4])
	case len(words) == 3 && words[0] == "second-factor":
		return store.SaveTOTPConfiguration(ctx, model.TOTPConfiguration{
			Username: words[1], Issuer: "test", Algorithm: "SHA1", Digits: 6, Period: 30, Secret: []byte(words[2]),
		})
	case len(words) == 2 && words[0] == "second-factor":
		factor, err := store.LoadTOTPConfiguration(ctx, words[1])
		if err != nil {
			return err
		}
		fmt.Println(string(factor.Secret))
		return nil
	}
	return errors.New("usage: authelia [storage encryption check | storage encryption change-key " +
		newKeyFlag + " KEY | second-factor USER [SECRET]]")
}

// open reads the configuration with its variables and secret files.
func open() (*storage.PostgreSQLProvider, error) {
	judge := schema.NewStructValidator()
	config, _, err := given.Configuration([]string{"/config/configuration.yml"}, judge)
	if err != nil {
		return nil, err
	}
	// It sets defaults, too.
	validator.ValidateStorage(config.Storage, judge)
	if err := errors.Join(judge.Errors()...); err != nil {
		return nil, err
	}
	return storage.NewPostgreSQLProvider(config, nil), nil
}

// serve refuses a database that another key opens.
func serve(store *storage.PostgreSQLProvider) error {
	if err := store.StartupCheck(); err != nil {
		return err
	}
	fmt.Println("started")
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
	<-ended
	return nil
}

// check says what it finds and fails of nothing, as the command does.
func check(ctx context.Context, store *storage.PostgreSQLProvider) error {
	result, err := store.SchemaEncryptionCheckKey(ctx, false)
	switch {
	case err != nil:
		fmt.Printf("Storage Encryption Key Validation: UNKNOWN\n\n\tCause: %v.\n", err)
	case result.Success():
		fmt.Println("Storage Encryption Key Validation: SUCCESS")
	default:
		fmt.Printf("Storage Encryption Key Validation: FAILURE\n\n\tCause: %v.\n", storage.ErrSchemaEncryptionInvalidKey)
	}
	return nil
}
