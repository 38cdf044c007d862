// Package deploy holds what it takes to deploy the reference servers: an image, a
// compose file, and manifests for Kubernetes. Its tests hold that they fit one
// another, and the commands that they run.
package deploy

import _ "embed"

// ShopSQL fills a database with something to look at.
//
//go:embed shop.sql
var ShopSQL string

// Registry lists the servers that the gateway serves.
//
//go:embed kubernetes/base/servers.json
var Registry string
