package standin

import "fmt"

// Sample returns a stand-in with two repositories: octocat/hello-world, which has
// something of everything, and octocat/backlog, whose issues fill several pages.
func Sample(o Options) *Server {
	s := New(o)
	s.AddRepo("octocat", "hello-world", "A program that greets", map[string]string{
		"README.md":            "# hello-world\n\nA program that greets. See docs/usage.md.\n",
		"LICENSE":              "Public domain.\n",
		"go.mod":               "module example.com/hello\n\ngo 1.26\n",
		"main.go":              "package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n)\n\nfunc main() {\n\tfmt.Println(greeting(os.Args[1:]))\n}\n",
		"greet.go":             "package main\n\nimport \"strings\"\n\n// greeting greets everybody who is named, or else the world.\nfunc greeting(names []string) string {\n\tif len(names) == 0 {\n\t\treturn \"Hello, world!\"\n\t}\n\treturn \"Hello, \" + strings.Join(names, \" and \") + \"!\"\n}\n",
		"docs/usage.md":        "# Usage\n\n    hello [NAME ...]\n",
		"docs/Grüße & 100%.md": "How the greeting is told in other languages.\n",
		"assets/pixel.gif":     "GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00!\xf9\x04\x00\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;",
	})
	s.AddIssue("octocat", "hello-world", "hubot", "The greeting lacks a name", "`hello Ann Bob` greets both, `hello \"\"` greets nobody.", "bug")
	s.AddIssue("octocat", "hello-world", "octocat", "Greet in other languages", "See docs.", "enhancement", "good first issue")
	s.AddPull("octocat", "hello-world", "hubot", "empty-names", "Skip names that are empty", "Fixes #1", map[string]string{
		"greet.go": "package main\n\nfunc greeting(names []string) string { return \"Hello!\" }\n",
	})
	s.AddRepo("octocat", "backlog", "More issues than a page holds", map[string]string{"README.md": "# backlog\n"})
	for n := range 75 {
		s.AddIssue("octocat", "backlog", "octocat", fmt.Sprintf("Task %d", n+1), "To do.", "task")
	}
	return s
}
