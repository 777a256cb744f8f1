# Polku with its embedded database: what it needs from the lock, without what only tests need.
FROM python:3.13-slim

RUN useradd --system --uid 10001 --home-dir /data polku \
    && install --directory --owner polku /data
WORKDIR /opt/polku

COPY requirements.lock ./
RUN sed '/^# development/,$d' requirements.lock > run.lock \
    && pip install --no-cache-dir --require-hashes --requirement run.lock

COPY pyproject.toml README.md LICENSE ./
COPY journeys journeys
COPY ingest ingest
COPY projections projections
COPY analysis analysis
COPY delivery delivery
RUN pip install --no-cache-dir --no-deps --no-build-isolation .

USER polku
WORKDIR /data
ENV POLKU_DATA=/data
VOLUME ["/data"]
ENTRYPOINT ["polku"]
CMD ["demo"]
