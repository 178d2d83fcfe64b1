package validator

import "github.com/authelia/authelia/v4/internal/configuration/schema"

// ValidateIdentityProviders accepts every OpenID Connect provider: this program has none.
func ValidateIdentityProviders(_ *ValidateCtx, _ *schema.Configuration, _ *schema.StructValidator) {}
