# Perch as an image: Debian's git, kustomize and bubblewrap (which hides files from kustomize), helm, the Node.js version of
# package.json, and Perch as one program (scripts/bundle.ts).
# Debian 13 is the first release that has kustomize.
# Tags can move: docs/deploy/README.md explains how to build from digests, and for several architectures.
ARG DEBIAN=debian:trixie-slim
ARG GO=golang:1.26-trixie

FROM ${DEBIAN} AS build
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates npm \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Debian's npm and its older Node.js are only used to install. Everything runs on the package `node`. Its install
# script fetches the binary for this machine, so install scripts must be on.
RUN npm ci && cp -L node_modules/node/bin/node /usr/local/bin/node && node --version | grep -q '^v24\.'
COPY scripts scripts
COPY src src
# The bundle contains all packages that Perch needs.
RUN npm run build

# Debian has no helm. Go can cross-compile, which is faster than emulating another architecture.
FROM --platform=${BUILDPLATFORM} ${GO} AS helm
ARG TARGETOS TARGETARCH
# Go puts programs for another architecture into a subfolder.
RUN CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} go install helm.sh/helm/v3/cmd/helm@v3.19.5 \
  && mkdir /out && find "$(go env GOPATH)/bin" -type f -name helm -exec mv {} /out/helm \;

FROM ${DEBIAN}
RUN apt-get update \
  && apt-get install --yes --no-install-recommends bubblewrap ca-certificates git kustomize \
  && rm -rf /var/lib/apt/lists/* \
  && groupadd --system --gid 10001 perch \
  && useradd --system --uid 10001 --gid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin perch \
  && install --directory --owner=perch --group=perch --mode=0700 /data
WORKDIR /app
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /app/dist dist
COPY --from=helm /out/helm /usr/local/bin/helm
COPY LICENSE ./
# Compiled modules are cached in /data, because this user has no home folder.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data NODE_COMPILE_CACHE=/data/compiled
# Numeric, because Kubernetes cannot tell from a name that the user is not root.
USER 10001:10001
# The queue and the mirrors of repositories. Losing it costs time, never a rollout.
VOLUME /data
EXPOSE 3000
# What `npm start` runs, without npm between the process and its signals. It stops within 30 seconds of SIGTERM.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/cli.js", "serve"]
