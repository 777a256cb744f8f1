# Polku for services: what it needs from the lock, without what only tests need. It runs as any user
# whose group is 0, which owns /data; no secret is in it or belongs in it (docs/running.md).
FROM python:3.13-slim

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
RUN pip install --no-cache-dir --no-deps --no-build-isolation . \
    && install --directory --mode 2770 --owner 10001 --group 0 /data /reports

# A user that no file of the image knows has no home: what asks for one gets a folder for a while.
ENV POLKU_DATA=/data HOME=/tmp
USER 10001:0
WORKDIR /data
VOLUME ["/data"]
ENTRYPOINT ["polku"]
CMD ["demo", "--data", "/data"]
