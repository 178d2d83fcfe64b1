// Package ext takes the place of a module that Traefik keeps in a folder of its repository and does not publish: the
// extension points of its commercial edition, all of them empty.
package ext

// HTTP extends the HTTP configuration.
type HTTP struct{}

// Router extends a router.
type Router struct{}

// RouterIng extends a router of an ingress.
type RouterIng struct{}

// ToRouter is the extension as a plain router has it.
func (RouterIng) ToRouter() Router { return Router{} }
