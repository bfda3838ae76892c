# 政策直达 zhida。Bare `make` lists the verbs. Needs make and Python >= 3.11; everything else is set up in .venv.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo serve test check check-long bless docs bench fuzz mutants facts format clean

# The first interpreter that is new enough; `make PYTHON=/path/to/python3.12 ...` picks another.
PYTHON ?= $(shell for candidate in python3 python3.13 python3.12 python3.11 python3.14; do \
	"$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo "$$candidate"; break; }; done)

VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip --disable-pip-version-check --quiet
# More arguments for pytest: `make test PYTEST=tests/house` or `PYTEST="-n 0"`; it runs on two processes unless told otherwise.
PYTEST ?=
# Tests start the command line many times, and it starts twice as fast where what was compiled is kept.
unexport PYTHONDONTWRITEBYTECODE
# How long `make fuzz` goes on, and more arguments for it: `make fuzz FUZZ_SECONDS=60 FUZZ="--only text --seed 7"`.
FUZZ_SECONDS ?= 600
FUZZ ?=
# More arguments for `make mutants`: `MUTANTS="--seed 2 --count 480"`.
MUTANTS ?=

help:  ## 列出全部命令 | list the verbs
	@echo '政策直达 zhida: make <verb>'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\) | \(.*\)/\1|\2|\3/p' $(MAKEFILE_LIST) | \
		while IFS='|' read -r verb chinese english; do printf '  make %-12s%s\n%20s%s\n' "$$verb" "$$chinese" '' "$$english"; done

setup: $(VENV)/.ready  ## 建立 .venv 并安装（只在依赖变了时重装） | make .venv and install into it; again only when the requirements change

$(VENV)/.ready: pyproject.toml setup.py requirements.txt requirements-dev.txt $(wildcard src/zhida/columnar/kernel/*.[ch])
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo '需要 Python 3.11 或更新的版本：装好后再试，或写 make PYTHON=/path/to/python3.12'; \
		echo 'Python 3.11 or newer is needed (met: "$(PYTHON)"). Install it, or name one: make PYTHON=/path/to/python3.12'; exit 2; }
	@"$(PYTHON)" -m venv $(VENV) || { \
		echo '无法建立虚拟环境；Debian/Ubuntu 上请先安装 python3-venv'; \
		echo 'The virtual environment could not be made; on Debian or Ubuntu install python3-venv first.'; exit 2; }
	$(PIP) install --requirement requirements-dev.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup  ## 合成数据从头走到一个运行中的站点；NO_SERVE=1 装好就停 | synthetic data, all the way to a running site; NO_SERVE=1 ends once it is made
	$(VENV)/bin/zhida demo --site $(if $(NO_SERVE),--no-serve)

serve: setup  ## 启动站点：SITE=文件夹，默认 site | serve a site: SITE=FOLDER, by default site
	$(VENV)/bin/zhida serve $(or $(SITE),site)

test: setup  ## 格式、类型与全部测试（两核约四分钟） | style, types and all tests (about four minutes on two cores)
	@mkdir -p build; status=0; \
	$(RUN) -m mypy >build/mypy.txt 2>&1 & types=$$!; trap 'kill $$types 2>/dev/null; exit 130' INT TERM; \
	for step in 'ruff check .' 'ruff format --check .'; do \
		printf '\n==> %s\n' "$$step"; $(RUN) -m $$step || status=1; done; \
	printf '\n==> pytest\n'; $(RUN) -m pytest -n 2 --dist worksteal -m 'not long and not conformance' $(PYTEST) || status=1; \
	printf '\n==> mypy\n'; wait $$types || status=1; cat build/mypy.txt; \
	[ $$status -eq 0 ] || echo '!!! 未通过：见上文各段 / not passed: see each part above'; exit $$status

check: setup  ## 符合性测试（ZHIDA_TCK 指出测试包时）与长时间性质测试 | conformance where ZHIDA_TCK names the kit, and long property runs
	PYTHON=$(RUN) .ci/check long

check-long: test  ## 全部：test、check 的最长形式、bench | everything: test, the longest form of check, bench
	PYTHON=$(RUN) .ci/check exhaustive
	$(RUN) benchmarks/run.py --quick

bless: setup  ## 重写样例的预期输出；之后请读差异 | rewrite the expected output of the golden files; then read the diff
	ZHIDA_BLESS=1 $(RUN) -m pytest tests/examples tests/stories/test_ten_letters.py $(PYTEST)
	@echo '样例已重写，请逐行阅读：git diff tests/examples'
	@echo 'Golden files rewritten. Read every line of: git diff tests/examples'

docs: setup  ## 重写文档中由程序写的部分 | rewrite what a program writes in the documents
	$(RUN) docs/generate.py

bench: setup  ## 测量速度，与同类软件并列，写成 docs/performance.md | measure how fast it is, beside its peers; writes docs/performance.md
	$(RUN) benchmarks/run.py --write docs/performance.md

fuzz: setup  ## 用随机的表达式、模型与政策试错；FUZZ_SECONDS=600 | random expressions, models and policies; FUZZ_SECONDS=600
	$(RUN) -m tests.fuzz --seconds $(FUZZ_SECONDS) $(FUZZ)

mutants: setup  ## 在政策里各改错一处，看发布前拦不拦得住 | one wrong thing in each policy: is it found before publication
	$(RUN) -m tests.mutants $(MUTANTS)

facts: setup  ## 事实清单里的算例是否都写成了例：make facts FILE=清单.md | whether every worked example of a sheet of facts is an example of a policy
	@test -n "$(FILE)" || { echo '请写明清单：make facts FILE=清单.md / name the sheet: make facts FILE=SHEET.md'; exit 2; }
	@$(RUN) -m tests.facts "$(FILE)"

format: setup  ## 排版并改正可自动改正之处 | format, and mend what can be mended automatically
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

clean:  ## 删除环境、缓存与结果 | remove the environment, the caches and the results
	rm -rf $(VENV) build dist src/zhida.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	rm -f src/zhida/columnar/kernel/_native*.so
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
