package refserver

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"strings"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"

	"github.com/mcpcheck/mcpcheck/reference-servers/deploy"
	server "github.com/mcpcheck/mcpcheck/reference-servers/postgres"
)

const (
	postgresImage    = "postgres:17-alpine"
	postgresVariable = "MCPCHECK_POSTGRES_IMAGE"
	postgresLocal    = "localhost/mcpcheck/postgres" // that make postgres-image builds
	prefixVariable   = "TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX"
)

// postgres is a database with a small shop, and the server of a role that may but
// read it.
func postgres(ctx context.Context, e *engine, note func(string)) ([][]part, error) {
	secret := rand.Text()
	script := func(name, text string) testcontainers.ContainerFile {
		return testcontainers.ContainerFile{Reader: strings.NewReader(text), ContainerFilePath: "/docker-entrypoint-initdb.d/" + name, FileMode: 0o644}
	}
	database := part{
		name: "database", image: e.postgresImage(ctx, note),
		env:     map[string]string{"POSTGRES_PASSWORD": rand.Text(), "POSTGRES_DB": "shop"},
		command: []string{"postgres", "-c", "fsync=off"}, // it is thrown away
		files: []testcontainers.ContainerFile{
			script("1-shop.sql", deploy.ShopSQL), script("2-role.sql", server.RoleSQL),
			script("3-password.sql", "ALTER ROLE mcp_reader PASSWORD '"+secret+"';"),
		},
		// While it is being filled it listens on a socket only.
		check: []string{"pg_isready", "-q", "-h", loopback, "-U", "postgres", "-d", "shop"},
		wants: "build one with make postgres-image, or name another in " + postgresVariable,
	}
	address := url.URL{Scheme: "postgres", User: url.UserPassword("mcp_reader", secret), Host: database.name + ":5432", Path: "/shop", RawQuery: "sslmode=disable"}
	return [][]part{{database}, {{
		name: "postgres", command: []string{"postgres"}, ready: "/ready",
		env: shared(map[string]string{"DB_CONNECTION_STRING": address.String()}),
	}}}, nil
}

// postgresImage is the image that the user names, or else the usual one. Where
// that is not here, but one that was built here is, nothing is pulled.
func (e *engine) postgresImage(ctx context.Context, note func(string)) string {
	if name := os.Getenv(postgresVariable); name != "" {
		return name
	}
	if _, err := e.ImageInspect(ctx, postgresImage); err == nil || os.Getenv(prefixVariable) != "" {
		return postgresImage
	}
	images, err := e.ImageList(ctx, client.ImageListOptions{Filters: make(client.Filters).Add("reference", postgresLocal)})
	if err != nil {
		return postgresImage
	}
	for _, i := range images.Items {
		for _, tag := range i.RepoTags {
			note(postgresImage + " is not here: took " + tag + ", which make postgres-image has built; " + postgresVariable + " names another")
			return tag
		}
	}
	return postgresImage
}
