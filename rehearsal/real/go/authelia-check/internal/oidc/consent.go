// Package oidc is left with its words: the provider itself needs a module that is not used by the configuration's checks.
package oidc

// ClientConsentMode says when a person is asked whether a client may know them.
type ClientConsentMode int

const (
	ClientConsentModeExplicit ClientConsentMode = iota
	ClientConsentModeImplicit
	ClientConsentModePreConfigured
)

func (mode ClientConsentMode) String() string {
	return [...]string{"explicit", "implicit", "pre-configured"}[mode]
}
