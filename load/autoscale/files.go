package autoscale

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

// A File is a manifest.
type File struct {
	Name string // with slashes
	Data []byte
}

// Files are the manifests. Those at the top are to be applied as they are; the
// others are to be merged into something, or are an alternative, and lie in
// folders so that applying the top does not take them along.
func (r *Recommendation) Files() ([]File, error) {
	list := []struct {
		name, remark string
		object       any
	}{
		{"hpa.yaml", fmt.Sprintf("%s of each replica = %s × (1 − %s); merge/prometheus-adapter.yaml makes the metric.",
			plain(r.Target)+"/s", perSecond(r.capacity.Rate), percent(r.Headroom)), r.HPA},
		{"pdb.yaml", "The headroom covers one replica lost at a time.", r.Budget},
		{"keda/scaledobject.yaml", "Instead of hpa.yaml: two autoscalers on one deployment work against each other.", r.KEDA},
		{"merge/deployment.yaml", "Merge this into the deployment (kubectl -n " + r.inputs.Namespace + " patch deployment " + r.inputs.Deployment + " --patch-file FILE), and take spec.replicas out of it:\nthe number of replicas is the autoscaler's.", r.Patch},
		{"merge/prometheus-adapter.yaml", "Add the rule to the configuration of prometheus-adapter (rules.custom of its Helm chart).", r.Adapter},
	}
	files := make([]File, 0, len(list))
	for _, f := range list {
		data, err := manifest(f.object)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		head := "# " + strings.ReplaceAll(f.remark, "\n", "\n# ") + "\n"
		files = append(files, File{f.name, append([]byte(head), data...)})
	}
	return files, nil
}

// manifest writes an object in YAML, its members in the order of the alphabet,
// without a status and without what says nothing.
func manifest(object any) ([]byte, error) {
	data, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	var doc map[string]any
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	delete(doc, "status")
	prune(doc)
	return yaml.Marshal(doc)
}

// prune drops members that are null or empty objects.
func prune(v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, member := range v {
			prune(member)
			if m, is := member.(map[string]any); member == nil || is && len(m) == 0 {
				delete(v, key)
			}
		}
	case []any:
		for _, element := range v {
			prune(element)
		}
	}
}

// Write writes the manifests into a folder, which it makes, and remembers their
// names.
func (r *Recommendation) Write(dir string) error {
	files, err := r.Files()
	if err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			return err
		}
		r.Autoscale.Files = append(r.Autoscale.Files, path)
	}
	return nil
}
