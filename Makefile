# make demo   set up, train RAN on the embedded digits, attack, export, verify
# make test   set up, run the tests
# make lint   set up, run ruff
# make demo-page   serve the page that runs the bundles in a browser (needs npm)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO ?= demo
# Two processes, which take files in their order.
PYTEST_ARGS ?= --numprocesses=2 --dist=loadfile --no-loadscope-reorder

export TF_CPP_MIN_LOG_LEVEL ?= 3
export KERAS_BACKEND := tensorflow

.PHONY: demo demo-page test lint setup clean

setup: $(READY)

$(READY): setup.cfg constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check \
	  --constraint constraints.txt --editable '.[dev]'
	touch $(READY)

# Runs a command with its output in a log, which is shown if it fails.
step = @echo "$(1)"; mkdir -p $(DEMO); \
  $(BIN)/python -m $(2) > $(DEMO)/$(3).log 2>&1 || \
  { cat $(DEMO)/$(3).log; exit 1; }

demo: $(READY)
	$(call step,1/4 training RAN on 1797 small digits,kprivacy.train \
	  --config=configs/ran_digits.py --workdir=$(DEMO),train)
	$(call step,2/4 attacking it with fresh attackers,kprivacy.audit \
	  --workdir=$(DEMO),audit)
	$(call step,3/4 exporting it for the phone and attacking the file,\
	  export.main --workdir=$(DEMO),export)
	$(call step,4/4 verifying what would be shipped,export.verify \
	  --bundle=$(DEMO)/export,verify)
	@grep -hv '^INFO' $(DEMO)/verify.log $(DEMO)/export/report.txt
	@echo "pictures: $(DEMO)/samples/reconstructions.png"

# Nothing but this machine is asked, and nothing but it is answered.
PAGE := android_demo_assets/demo
PORT ?= 8000
demo-page: $(PAGE)/node_modules/.ready
	@echo "http://localhost:$(PORT)/demo/ (end it with Ctrl-C)"
	@$(PYTHON) -m http.server $(PORT) --bind 127.0.0.1 \
	  --directory android_demo_assets

$(PAGE)/node_modules/.ready: $(PAGE)/package-lock.json
	@command -v npm > /dev/null || \
	  { echo "The page needs npm (Node.js 20 or later) once."; exit 1; }
	cd $(PAGE) && npm ci --silent
	touch $@

test: $(READY)
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(READY)
	$(BIN)/ruff check .

clean:
	rm -rf $(VENV) $(DEMO) build *.egg-info .pytest_cache .ruff_cache
