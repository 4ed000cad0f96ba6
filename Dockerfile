# Stage 1 builds the wheel, web files included; stage 2 runs it without Node.
FROM python:3.13-slim-bookworm AS build
WORKDIR /src
RUN apt-get update && apt-get install -y --no-install-recommends make && rm -rf /var/lib/apt/lists/*
COPY . .
RUN make wheel

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/hub hub
COPY --from=build /src/requirements.lock /src/dist/*.whl /tmp/
RUN pip install --no-cache-dir --require-hashes -r /tmp/requirements.lock \
    && pip install --no-cache-dir --no-deps /tmp/*.whl && rm /tmp/*.whl /tmp/requirements.lock
USER hub
ENV HUB_DATA_DIR=/var/lib/hub HUB_HOST=0.0.0.0 HUB_LOG_FORMAT=json
VOLUME /var/lib/hub
EXPOSE 8000
CMD ["hub", "serve"]
