ARGS ?= # more flags for go test, such as -v
FUZZ ?= 30s # time for each fuzz target
LONGEST = ./steps ./cmd/mcpcheck # tests take longest there, so they begin first
LINT = GOLANGCI_LINT_CACHE=$(CURDIR)/bin/lint go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.12.2

all: build lint test ## build, lint and test

build: ## one static program, bin/mcpcheck
	CGO_ENABLED=0 go build -trimpath -o bin/mcpcheck ./cmd/mcpcheck

test: ## all tests that need neither the network nor a container
	go test $(ARGS) $(LONGEST) ./...

race: ## the same under the race detector
	go test -race -timeout 45m $(ARGS) $(LONGEST) ./...

lint: ## go.mod is tidy, the source is formatted and free of known mistakes
	go mod tidy -diff
	$(LINT) run ./...

fuzz: ## each fuzz target for FUZZ
	@grep -rn '^func Fuzz' --include='*_test.go' . | sed -E 's|^(.*)/[^/]*:func (Fuzz\w+).*|\2 \1|' | \
	while read -r name dir; do go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZ) $(ARGS) "$$dir" || exit 1; done

matrix: ## each fault of the everything server is found, by its own check alone
	MCPCHECK_MATRIX=square go test -count=1 -timeout 45m -run '^TestFaults' $(ARGS) ./steps ./cmd/mcpcheck

field: ## judge servers from the package registries, as docs/field-report.md says
	go test -count=1 -timeout 30m -tags field -run '^TestField' $(ARGS) ./cmd/mcpcheck

mutation: ## small changes of the checks that no test notices; ARGS="-sample 400" for fewer
	go run ./internal/mutation -skip TestProcesses $(ARGS) ./steps

official: ## the official suite passes on the everything server
	go test -count=1 -timeout 15m -tags field -run '^TestOfficial$$' $(ARGS) ./cmd/mcpcheck

test-containers: ## tests that need a Docker engine
	@docker version >/dev/null 2>&1 || { echo "no Docker engine answers: start one, or name it in DOCKER_HOST" >&2; exit 1; }
	@files=$$(grep -rlE '^//go:build containers$$' --include='*_test.go' .) && \
	image=$${MCPCHECK_POSTGRES_IMAGE:-$$(docker pull -q postgres:17-alpine 2>/dev/null || reference-servers/postgres/image/build)} && \
	MCPCHECK_POSTGRES_IMAGE=$$image TESTCONTAINERS_RYUK_DISABLED=true TESTCONTAINERS_HOST_OVERRIDE=$${TESTCONTAINERS_HOST_OVERRIDE:-127.0.0.1} \
	go test -count=1 -timeout 10m -tags containers -run "^($$(sed -nE 's/^func (Test\w+)\(.*/\1/p' $$files | sort -u | paste -sd '|'))\$$" $(ARGS) \
		$$(dirname $$files | sort -u)

postgres-image: ## an image of PostgreSQL out of Debian's packages, where no registry of images is reached
	reference-servers/postgres/image/build

browser: ## the HTML reports as Chromium lays them out, which has to be installed
	go test -count=1 -timeout 15m -tags browser -run '^TestBrowser' $(ARGS) ./reports ./cmd/mcpcheck

bench: ## how long checks and schemas take
	go test -run '^$$' -bench . -benchmem $(ARGS) ./...

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' Makefile | expand -t 17

.PHONY: $(shell sed -nE 's/^([a-z-]+):.*##.*/\1/p' Makefile)
