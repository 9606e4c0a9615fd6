# The one image of Millrace: its operator and the pods of its jobs. `npm run image` lays out what is copied here.
ARG BASE=node:24-bookworm-slim
FROM ${BASE}
COPY . /opt/millrace
ENV NODE_ENV=production
WORKDIR /opt/millrace
USER 65532:65532
# kafkajs 2 passes a negative delay to a timer now and then, which Node warns of; it means "at once".
ENTRYPOINT ["node", "--enable-source-maps", "--disable-warning=TimeoutNegativeWarning", "/opt/millrace/dist/cli/main.js"]
