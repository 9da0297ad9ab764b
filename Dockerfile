# Forbear's images: `PART=worker` for workers, scheduler and migrations, `PART=web` for the desk, the API and Flower.
# durable-rules is built from source, hence two stages.
# To pin the bytes of the base as well, put the digest that you have checked behind its version, in both places.
FROM python:3.11.14-slim-bookworm AS build
ARG PART=web
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
RUN python -m venv /opt/forbear
# Python 3.13 gave up a name that durable-rules calls by.
ENV PATH=/opt/forbear/bin:$PATH PIP_NO_CACHE_DIR=1 CPPFLAGS=-DPyEval_CallObject=PyObject_CallObject
WORKDIR /src
COPY deploy/locks deploy/locks
RUN pip install --require-hashes -r deploy/locks/$PART.lock
COPY pyproject.toml README.md LICENSE ./
COPY samples/cases.csv samples/
COPY forbear forbear
COPY models models
COPY rules rules
COPY web web
COPY workers workers
RUN pip install --no-deps .
RUN pip uninstall --yes pip setuptools

FROM python:3.11.14-slim-bookworm
ARG PART=web
# For PDF: Pango, and the Chinese fonts it embeds.
RUN if [ "$PART" = web ]; then apt-get update \
    && apt-get install -y --no-install-recommends libpangoft2-1.0-0 libharfbuzz-subset0 fontconfig fonts-noto-cjk \
    && fc-cache --system-only \
    && rm -rf /var/lib/apt/lists/*; fi
RUN useradd --create-home --uid 10001 forbear
COPY --from=build /opt/forbear /opt/forbear
ENV PATH=/opt/forbear/bin:$PATH PYTHONUNBUFFERED=1 MALLOC_ARENA_MAX=2
USER 10001:10001
WORKDIR /home/forbear
CMD ["forbear", "--help"]
