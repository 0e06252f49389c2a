# The product without its servers: NATS_URL and DATABASE_URL name those (docker-compose.yml runs them beside it).
FROM node:24-bookworm-slim AS build
WORKDIR /app
# Packages first: a change of sources does not install them again.
COPY package.json package-lock.json .npmrc ./
RUN npm ci --include=dev
COPY . .
RUN node apps/platform/bootstrap/main.mjs build && npm prune --omit=dev

FROM node:24-bookworm-slim
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/config ./config
RUN mkdir /data && chown node:node /data
USER node
# An address that others reach: it does not start without MODELOG_AUTH_SECRET.
ENV NODE_ENV=production MODELOG_HOST=0.0.0.0 MODELOG_PORT=5000 MODELOG_DATA_DIR=/data
VOLUME /data
# HTTP, and the Open Inference Protocol over gRPC.
EXPOSE 5000 5001
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.MODELOG_PORT}/health/ready`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/apps/platform/main.js"]
