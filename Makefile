# The commands of a developer. Each installs what it needs and is missing: system packages with apt
# (as root or with sudo), everything else into node_modules/ and .tools/.

.DEFAULT_GOAL := help
.PHONY: help demo python wasm js test test-native test-wasm test-js test-aarch64 test-python bench fuzz lint tools-native tools-wasm

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: tools-wasm ## Evaluate expressions over real data, natively and under Node; compile a kernel in Pyodide
	scripts/demo.sh

wasm: tools-wasm ## Build the WebAssembly modules without Emscripten, for js/wasm and js/threads
	scripts/wasm.sh plain threads

python: tools-native ## Build a wheel of the Python package into build/python
	scripts/python.sh wheel

js: tools-wasm ## Build the npm package, with the addon for this platform, into build/npm
	scripts/js.sh build

test: tools-wasm ## Run every test and check; the last line is the total
	scripts/test.sh lint native aarch64 python fuzz and wasm js

test-native: tools-native ## Run the Rust tests, the C tests and every way to link the library
	scripts/test.sh native

test-wasm: tools-wasm ## Run the C tests under Node, the modules, the thread pool, Pyodide, and the glue
	scripts/test.sh wasm

test-js: tools-wasm ## Build the npm package, install it into empty projects, and run its tests
	scripts/test.sh js

test-python: tools-native ## Build the Python package and run its tests
	scripts/test.sh python

test-aarch64: ## Run the Rust tests as an aarch64 program, under QEMU on other machines
	scripts/aarch64.sh --no-fail-fast

bench: tools-native ## Time the library beside C, NumPy, numexpr, numba and XLA; writes benches/report/
	scripts/bench.sh
	scripts/bench.sh engines
	scripts/bench.sh arrays

fuzz: ## Fuzz under AddressSanitizer for a minute; needs a nightly Rust toolchain
	scripts/fuzz.sh 60

lint: tools-native ## Check formatting, lints, the committed header and the notices
	scripts/test.sh lint

tools-native:
	scripts/install_tools.sh native

tools-wasm:
	scripts/install_tools.sh native wasm
