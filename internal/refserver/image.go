package refserver

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

// dockerfile is that of the image which all reference servers run from. The
// Dockerfile in reference-servers/deploy does the same from the source.
const dockerfile = `FROM scratch
COPY mcpcheck /mcpcheck
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/mcpcheck", "serve"]
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/mcpcheck", "serve", "health", "http://127.0.0.1:8080/health"]
`

// certificates are where systems keep the authorities that they trust; without
// them a server in the image could speak to nobody over TLS.
var certificates = []string{
	os.Getenv("SSL_CERT_FILE"), "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem",
}

// serverImage returns the image of the reference servers, and builds it unless
// there is one of this very program.
func (e *engine) serverImage(ctx context.Context, program string) (string, error) {
	if ready := os.Getenv("MCPCHECK_SERVER_IMAGE"); ready != "" {
		return ready, nil
	}
	if program == "" {
		var err error
		if program, err = os.Executable(); err != nil {
			return "", err
		}
	}
	if err := e.runs(program); err != nil {
		return "", err
	}
	archive, sum, err := buildContext(program)
	if err != nil {
		return "", fmt.Errorf("the image of the servers: %w", err)
	}
	name := "localhost/mcpcheck/server:" + sum // a host keeps it from being taken for a name of a registry
	_, err = e.ImageInspect(ctx, name)
	switch {
	case err == nil:
		return name, nil
	case !errdefs.IsNotFound(err):
		return "", because(ctx, fmt.Errorf("the image of the servers: %w", err))
	}
	if err := e.build(ctx, name, sum, archive); err != nil {
		return "", because(ctx, fmt.Errorf("the image of the servers could not be built: %w", err))
	}
	e.sweepImages(ctx, sum)
	return name, nil
}

// buildContext returns what the engine needs to build the image, as an archive in
// memory, and a name for it that another program would not have.
func buildContext(program string) (*bytes.Buffer, string, error) {
	data, err := os.ReadFile(program)
	if err != nil {
		return nil, "", err
	}
	var authorities []byte
	for _, path := range certificates {
		if authorities, err = os.ReadFile(path); err == nil {
			break
		}
	}
	archive := &bytes.Buffer{}
	w, sum := tar.NewWriter(archive), sha256.New()
	for _, f := range []struct {
		name string
		mode int64
		data []byte
	}{{"Dockerfile", 0o644, []byte(dockerfile)}, {"ca-certificates.crt", 0o644, authorities}, {"mcpcheck", 0o755, data}} {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.data)), ModTime: time.Unix(0, 0)}); err != nil {
			return nil, "", err
		}
		if _, err := io.MultiWriter(w, sum).Write(f.data); err != nil {
			return nil, "", err
		}
	}
	return archive, hex.EncodeToString(sum.Sum(nil))[:12], w.Close()
}

func (e *engine) build(ctx context.Context, name, sum string, archive io.Reader) error {
	built, err := e.ImageBuild(ctx, archive, client.ImageBuildOptions{
		Tags: []string{name}, Labels: map[string]string{imageLabel: sum}, Dockerfile: "Dockerfile", Remove: true, ForceRemove: true,
	})
	if err != nil {
		return err
	}
	defer built.Body.Close()
	for d := json.NewDecoder(built.Body); ; {
		var line struct{ Error string }
		switch err := d.Decode(&line); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case line.Error != "":
			return errors.New(line.Error)
		}
	}
}
