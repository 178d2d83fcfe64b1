/** What may stand in a block of Alloy's, by name. */
export interface AlloyBlock {
  attributes: readonly string[];
  /** Those of them that have to be there. */
  required?: readonly string[];
  blocks?: Readonly<Record<string, AlloyBlock>>;
}

export interface AlloyComponent extends AlloyBlock {
  /** What other components refer to. */
  exports?: readonly string[];
}

/** Arguments of every HTTP client. */
const http = [
  "bearer_token",
  "bearer_token_file",
  "enable_http2",
  "follow_redirects",
  "http_headers",
  "no_proxy",
  "proxy_connect_header",
  "proxy_from_environment",
  "proxy_url",
];

/**
 * Components of Alloy 1.19: arguments, blocks and exports of docs/sources/reference/components of grafana/alloy. Blocks in
 * which nothing is written here (sign-in, TLS, queues) are left out, so that writing one fails until it is added.
 */
export const alloyComponents: Readonly<Record<string, AlloyComponent>> = {
  // discovery/discovery.docker.md
  "discovery.docker": {
    attributes: ["host", "host_networking_host", "match_first_network", "port", "refresh_interval", ...http],
    required: ["host"],
    blocks: { filter: { attributes: ["name", "values"], required: ["name", "values"] } },
    exports: ["targets"],
  },
  // discovery/discovery.relabel.md, and rule-block.md of the shared pages
  "discovery.relabel": {
    attributes: ["targets"],
    required: ["targets"],
    blocks: {
      rule: {
        attributes: [
          "action",
          "modulus",
          "regex",
          "replacement",
          "separator",
          "source_labels",
          "target_label",
        ],
      },
    },
    exports: ["output", "rules"],
  },
  // loki/loki.source.docker.md; `labels` is optional in internal/component/loki/source/docker/docker.go
  "loki.source.docker": {
    attributes: ["forward_to", "host", "labels", "refresh_interval", "relabel_rules", "targets"],
    required: ["forward_to", "host", "targets"],
  },
  // loki/loki.write.md
  "loki.write": {
    attributes: ["external_labels", "max_streams"],
    blocks: {
      endpoint: {
        attributes: [
          "batch_size",
          "batch_wait",
          "headers",
          "max_backoff_period",
          "max_backoff_retries",
          "min_backoff_period",
          "name",
          "remote_timeout",
          "retry_on_http_429",
          "tenant_id",
          "url",
          ...http,
        ],
        required: ["url"],
      },
    },
    exports: ["receiver"],
  },
};
